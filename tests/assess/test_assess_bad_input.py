"""Bad input, one row per slip: exit code 10, the place, the reason, the repair, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from assess_examples import Ran

from reall.base.documents import MAXIMUM_BYTES

Run = Callable[..., Ran]

BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nfacts: {genetics: [*b]}\n"

# slip: (case, where it is said to be, what is said, how to repair it)
SLIPS: dict[str, tuple[str, str, str, str]] = {
    "wrong type": ("facts:\n  marrow_blasts_pct: many\n", "line 2", "'many' is not a number", "Write a number"),
    "yes/no as a number": ("facts:\n  bcr_abl1: 1\n", "line 2", "neither yes nor no", "Write yes or no"),
    "a list for a number": ("facts:\n  months_from_diagnosis: [3]\n", "line 2", "is not a number", "Write months"),
    "unknown fact": ("facts:\n  linage: B\n", "line 2", "unknown fact 'linage'", "Did you mean 'lineage'?"),
    "unknown part": ("fact:\n  lineage: B\n", "line 1", "unknown key 'fact'", "Did you mean 'facts'?"),
    "fact outside facts": ("lineage: B\n", "line 1", "unknown key 'lineage'", "under `facts:`"),
    "unknown answer": ("facts:\n  lineage: C\n", "line 2", "'C' is no answer", "Allowed are B, T"),
    "unknown MRD key": ("mrd:\n  - {timpoint: x}\n", "line 2", "unknown key 'timpoint'", "Did you mean 'timepoint'?"),
    "blasts 140 %": ("facts:\n  marrow_blasts_pct: 140\n", "line 2", "140 is outside", "Possible are 0 to 100"),
    "negative age": ("facts:\n  age_at_relapse_years: -1\n", "line 2", "-1 is outside", "Possible are 0 to 120"),
    "MRD above 1": ("mrd:\n  - {level_fraction: 5}\n", "line 2", "5 is outside", "Possible are 0 to 1"),
    "half a relapse": ("facts:\n  relapse_number: 1.5\n", "line 2", "not a whole number", "Write a whole number"),
    "not a date": ("facts:\n  relapse_date: 10/07/2019\n", "line 2", "is not a date", "YYYY-MM-DD"),
    "relapse before diagnosis": (
        "facts:\n  diagnosis_date: 2019-07-10\n  relapse_date: 2018-01-01\n",
        "line 1", "relapse_date (2018-01-01) comes before diagnosis_date (2019-07-10)", "Correct the dates",
    ),
    "late by months, early by dates": (
        "facts:\n  diagnosis_date: 2018-01-01\n  relapse_date: 2019-01-01\n  months_from_diagnosis: 40\n",
        "line 1", "stated as 40, but the dates give 12.00", "Correct the dates or leave the count out",
    ),
    "end of therapy before diagnosis": (
        "facts:\n  months_from_diagnosis: 12\n  months_after_end_of_primary_therapy: 20\n",
        "case.yaml", "contradict each other", "Correct one of them",
    ),
    "on therapy, yet long after it": (
        "facts:\n  on_primary_therapy_at_relapse: yes\n  months_after_end_of_primary_therapy: 7\n",
        "case.yaml", "contradict each other", "Correct one of them",
    ),
    "a girl with a testis relapse": (
        "facts:\n  sex: female\n  testis_biopsy_positive: yes\n",
        "case.yaml", "contradict each other", "Correct one of them",
    ),
    "two primary subtypes": (
        "facts:\n  genetics: [ETV6::RUNX1, high hyperdiploidy]\n",
        "line 2", "primary_subtype is given as", "Correct whichever",
    ),
    "not detected, yet measured": (
        "mrd:\n  - {timepoint: end_of_reinduction_block1, detected: no, level_fraction: 1e-3}\n",
        "line 2", "not detected, yet a level", "Correct whichever",
    ),
    "CNS as another site": ("facts:\n  other_em_sites: [CNS]\n", "line 2", "not an *other* extra", "cns_status"),
    "empty file": ("", "case.yaml", "the file is empty", "Write at least one fact"),
    "only a comment": ("# nothing\n", "case.yaml", "a case is a set of named facts", "Start with `facts:`"),
    "a list": ("- facts\n", "case.yaml", "a case is a set of named facts", "Start with `facts:`"),
    "a NaN": ("facts:\n  marrow_blasts_pct: .nan\n", "line 2", "nan is not a number", "Leave out what is unknown"),
    "an infinity": ("facts:\n  marrow_blasts_pct: .inf\n", "line 2", "inf is not a number", "Leave out"),
    "a NaN in JSON": ('{"facts": {"marrow_blasts_pct": NaN}}', "case.yaml", "NaN is not a number", "Leave out"),
    "a bomb": (BOMB, "line 1", "YAML references", "Write the value out"),
    "a tag": ("facts: !!python/object/apply:os.system [ls]\n", "line 1", "YAML references", "Write the value out"),
    "a merge key": ("facts: {<<: {lineage: B}}\n", "case.yaml", "merge key", "Write the keys out"),
    "a filler date": ("facts:\n  relapse_date: 9999-12-31\n", "line 2", "outside what is possible", "leave it out"),
    "exposures as a number": ("exposures: 5\n", "line 1", "not a list", ""),
    "the same key twice": ("facts:\n  lineage: B\n  lineage: T\n", "line 3", "'lineage' is given twice", "Keep one"),
    "the same key twice in JSON": ('{"case": "a", "case": "b"}', "case.yaml", "is given twice", "Keep one"),
    "a tab": ("facts:\n\tlineage: B\n", "line 2", "not well-formed YAML", ""),
    "an open bracket": ("facts: {lineage: B\n", "case.yaml, line", "not well-formed YAML", ""),
    "nested too deeply": ("[" * 3000 + "]" * 3000, "case.yaml", "nested too deeply", "levels are read"),
    "a negative dose": (
        "exposures:\n  - {agent: daunorubicin, cumulative_mg_m2: -4}\n",
        "line 2", "is not a cumulative dose", "mg per square metre",
    ),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_with_place_and_repair(
    slip: str, reall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, where, what, repair = SLIPS[slip]
    monkeypatch.chdir(tmp_path)
    Path("case.yaml").write_text(text)
    ran = reall("assess", "case.yaml")
    assert ran.code == 10
    assert ran.out == ""
    assert ran.err.startswith("Error: ")
    for said in (where, what, repair):
        assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff\xfe\x00f", "is not UTF-8 text"),
        (b"facts: {lineage: B}\n" + b"#" * MAXIMUM_BYTES, "bytes"),
        (b"\x00", ""),
    ],
    ids=["not text", "far too long", "a zero byte"],
)
def test_a_file_that_is_no_case_at_all(content: bytes, what: str, reall: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(content)
    ran = reall("assess", file)
    assert ran.code == 10
    assert what in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_is_no_case(reall: Run, tmp_path: Path) -> None:
    assert reall("assess", tmp_path).code == 10


def test_with_json_the_error_has_its_parts(reall: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("facts: {linage: B}\n")
    error = json.loads(reall("assess", file, "--json").err)["error"]
    assert set(error) == {"code", "what", "where", "why", "next"}
    assert error["next"] == "Did you mean 'lineage'?"
