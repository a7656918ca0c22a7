"""Every kind of defect, put into a copy of the real knowledge, is found and named with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from reall.cli.knowledge import command
from reall.library.check import CheckReport, check_knowledge
from reall.library.files import PACKAGED

BFM, CASES = "definitions/bfm_time.yaml", "definitions/cases.yaml"
INTREALL = "systems/intreall_2010/system.yaml"
NO_ROWS = "outcomes/published_outcomes.csv"


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} no longer says {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(report: CheckReport, kind: str) -> list[str]:
    return [str(fault) for fault in report.faults if fault.kind == kind]


def test_the_copy_is_sound(folder: Path) -> None:
    assert check_knowledge(folder).faults == ()


def test_the_knowledge_that_ships_is_sound() -> None:
    report = check_knowledge(PACKAGED)
    assert report.faults == ()
    assert report.tables >= 30
    assert report.cases >= 300


DEFECTS = {
    # a child of exactly 18 months falls between `< 18` and `> 18`
    "gap": (
        BFM, [("when: months_from_diagnosis >= 18 AND (on", "when: months_from_diagnosis > 18 AND (on")],
        "bfm_time.yaml", "months_from_diagnosis = 18",
    ),
    # the two rows overlap from 17 to less than 18 months
    "contradiction": (
        BFM, [("when: months_from_diagnosis >= 18 AND (on", "when: months_from_diagnosis >= 17 AND (on")],
        "row very_early", "months_from_diagnosis >= 17 and < 18",
    ),
    # nobody is less than 18 months and at least 30 months from diagnosis
    "dead row": (
        BFM,
        [("when: months_from_diagnosis < 18\n", "when: months_from_diagnosis < 18 AND months_from_diagnosis >= 30\n")],
        "row very_early", "row very_early never fires",
    ),
    # the definition answers whatever is known
    "group for nothing known": (
        "systems/mrc_time_30/system.yaml",
        [("when: months_from_diagnosis < 30", "when: months_from_diagnosis < 30 OR months_from_diagnosis >= 30")],
        "mrc_time_30", "for a child about whom nothing is known",
    ),
    # 400 months changes nothing below 18 months
    "condition without effect": (
        BFM,
        [("when: months_from_diagnosis < 18\n", "when: months_from_diagnosis < 18 AND months_from_diagnosis < 400\n")],
        "row very_early", "`months_from_diagnosis < 400` in row very_early changes nothing where it is false",
    ),
    # nobody typed a case at the new cut-off
    "cut-off without case": (
        BFM,
        [("months_after_end_of_primary_therapy < 6)", "months_after_end_of_primary_therapy < 7)"),
         ("months_after_end_of_primary_therapy >= 6\n", "months_after_end_of_primary_therapy >= 7\n")],
        "row early", "no worked case of bfm_time has months_after_end_of_primary_therapy exactly at 7",
    ),
    # a group that no row gives
    "group without row": (
        "systems/sj18_time/system.yaml", [("groups:\n", "groups:\n  never: a group without a row\n")],
        "sj18_time", "no row of sj18_time gives never",
    ),
    # an answer that the rules do not give
    "worked case": (
        CASES, [("expect: {bfm_time: very_early, cog", "expect: {bfm_time: late, cog")],
        "case bfm_below_18", "bfm_time answers very_early, expected is late",
    ),
    # the row says that nobody read it there
    "unmarked draft": (
        INTREALL,
        [("at: registry record; the transplant rule itself was seen in no open source\n        status: draft",
          "at: registry record; the transplant rule itself was seen in no open source\n        status: transcribed")],
        "row transplant", "says that it was not seen",
    ),
    # the decision point and the rules disagree
    "decision point": (
        INTREALL, [("cut_off_fraction: 1.0e-3", "cut_off_fraction: 5.0e-3")],
        "intreall_2010", "no row compares mrd_end_of_reinduction_block1_level_fraction with 0.005",
    ),
    "unknown source": (
        INTREALL, [("source: nct01802814", "source: nct01802815")], "row first_relapse", "'nct01802814'?",
    ),
    "unused source": (
        "sources/stratification.yaml",
        [("buchmann_2022:", "nobody_2022:\n  title: x\n  status: draft\nbuchmann_2022:")],
        "nobody_2022", "nothing rests on",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_found_with_its_place(folder: Path, kind: str) -> None:
    file, edits, place, words = DEFECTS[kind]
    for old, new in edits:
        change(folder, file, old, new)
    found = faults(check_knowledge(folder), kind)
    assert any(place in fault and words in fault for fault in found), found


UNREADABLE = {
    "unknown fact": (
        BFM, "when: months_from_diagnosis < 18\n", "when: month_from_diagnosis < 18\n",
        ["bfm_time.yaml", "row very_early, column 1", "Did you mean 'months_from_diagnosis'?"],
    ),
    "wrong type": (
        BFM, "months_from_diagnosis < 18\n", "months_from_diagnosis < '18'\n", ["column 25", "needs a number"],
    ),
    "percent for a fraction": (
        INTREALL, "level_fraction >= 1e-3", "level_fraction >= 5", ["row late_marrow_mrd_high", "outside the range"],
    ),
    "unknown answer": (
        INTREALL, "lineage IN ('B', 'T')", "lineage IN ('B', 'BCP')",
        ["'BCP' is no answer", "Allowed are B, T, mature_B"],
    ),
    "duplicate key": (
        BFM, "kind: time\n", "kind: time\nkind: time\n", ["bfm_time.yaml, line 5", "'kind' is given twice"],
    ),
    "row without a place": (
        BFM, "    at: abstract, definition of risk groups\n", "",
        ["bfm_time.yaml, line 15", "'at' is a required property"],
    ),
    "unknown key": (BFM, "kind: time\n", "kind: time\nkinds: time\n", ["'kinds' was unexpected"]),
    "unknown group": (
        BFM, "value: very_early", "value: earliest", ["'earliest' is not one of the groups", "row very_early"],
    ),
    "unknown status": (BFM, "    status: transcribed\n", "    status: sure\n", ["'sure' is not one of"]),
}  # fmt: skip


@pytest.mark.parametrize("defect", UNREADABLE)
def test_what_cannot_be_read_is_named_with_its_place(folder: Path, defect: str) -> None:
    file, old, new, words = UNREADABLE[defect]
    change(folder, file, old, new)
    found = faults(check_knowledge(folder), "cannot be read")
    assert any(all(word in fault for word in words) for fault in found), found


def test_all_faults_are_listed_not_only_the_first(folder: Path) -> None:
    change(folder, BFM, "months_from_diagnosis < 18\n", "month_from_diagnosis < 18\n")
    change(folder, INTREALL, "lineage IN ('B', 'T')", "linage IN ('B', 'T')")
    change(folder, INTREALL, "source: nct03590171", "source: nct03590172")
    assert [fault.kind for fault in check_knowledge(folder).faults] == [
        "cannot be read",
        "cannot be read",
        "unknown source",
    ]


def drop_departures(root: Path) -> None:
    (root / "systems" / "sj18_time" / "departures.md").unlink()


def drop_cases(root: Path) -> None:
    (root / "systems" / "sj18_time" / "cases.yaml").unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (drop_departures, "there is no departures.md"),
        (drop_cases, "no worked case expects an answer of sj18_time"),
    ],
)
def test_a_missing_companion_file_is_found(folder: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(folder)
    assert any(words in str(fault) for fault in check_knowledge(folder).faults)


ROW = {
    "id": "made_up", "source": "buchmann_2022", "at": "nowhere", "status": "transcribed", "clock_start": "relapse",
    "stratum": "all", "n": "10", "endpoint": "OS", "years": "5", "estimate_pct": "50",
}  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"ci_low_pct": "51", "ci_high_pct": "60", "ci_level_pct": "95"}, "does not contain the estimate"),
        ({"ci_low_pct": "40", "ci_high_pct": "60"}, "the interval has no level"),
        ({"ci_low_pct": "40", "ci_level_pct": "95"}, "the interval has one end only"),
        ({"ci_level_pct": "95"}, "a level stands without an interval"),
        ({"estimate_pct": "500"}, "a percentage is below 0 or above 100"),
        ({"n": "0"}, "the group has no children"),
    ],
)
def test_a_published_figure_that_cannot_be_is_found(folder: Path, figures: dict[str, str], words: str) -> None:
    path = folder / NO_ROWS
    columns = path.read_text(encoding="utf-8").strip().split(",")
    row = ROW | figures
    with path.open("a", encoding="utf-8") as stream:
        stream.write(",".join(row.get(column, "") for column in columns) + "\n")
    assert any(words in fault for fault in faults(check_knowledge(folder), "published outcome"))


def test_the_command_ends_with_11_where_there_is_a_fault(folder: Path) -> None:
    sound = CliRunner().invoke(command, ["check", str(folder)])
    assert sound.exit_code == 0
    assert "no fault" in sound.output
    change(folder, *DEFECTS["gap"][:1], *DEFECTS["gap"][1][0])
    faulty = CliRunner().invoke(command, ["check", str(folder)])
    assert faulty.exit_code == 11
    assert "gap: bfm_time gives these children no answer" in faulty.output
