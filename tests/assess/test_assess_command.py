"""Transcripts of `reall assess`: what a user types, sees and gets as exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from assess_examples import EXAMPLE_FILES, EXAMPLES, Ran

Run = Callable[..., Ran]
LATE_MARROW = EXAMPLES / "late-marrow-mrd-between-cut-offs.yaml"


def test_one_case_gives_one_screen(reall: Run) -> None:
    ran = reall("assess", LATE_MARROW)
    assert (ran.code, ran.err) == (0, "")
    assert "First relapse, B-cell precursor ALL, 9 years old, female." in ran.out
    assert "not a medical device" in ran.out.lower()


def test_several_cases_give_one_screen_each(reall: Run) -> None:
    ran = reall("assess", *EXAMPLE_FILES)
    assert ran.code == 0
    assert ran.out.count("Lists, does not rank.") == len(EXAMPLE_FILES)


@pytest.mark.parametrize("file", [LATE_MARROW, EXAMPLES / "late-testis.json"], ids=["YAML", "JSON"])
def test_a_case_may_come_from_standard_input(reall: Run, file: Path) -> None:
    assert reall("assess", "-", stdin=file.read_bytes()).out == reall("assess", file).out


def test_json_is_one_object_for_one_case_and_a_list_for_several(reall: Run) -> None:
    one = json.loads(reall("assess", LATE_MARROW, "--json").out)
    several = json.loads(reall("assess", LATE_MARROW, EXAMPLES / "late-testis.json", "--json").out)
    assert one["case"] == "late-marrow"
    assert several[0] == one
    assert len(several) == 2


def test_a_bad_case_hides_no_other_child(reall: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("facts: {linage: B}\n")
    ran = reall("assess", bad, LATE_MARROW, tmp_path / "absent.yaml")
    assert ran.code == 10
    assert "late-marrow" in ran.out
    assert "Did you mean 'lineage'?" in ran.err
    assert "absent.yaml: the file cannot be read" in ran.err
    assert "2 of 3 cases could not be used" in ran.err


def test_in_a_json_list_a_bad_case_stands_in_its_place(reall: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("facts: {linage: B}\n")
    ran = reall("assess", bad, LATE_MARROW, "--json")
    first, second = json.loads(ran.out)
    assert ran.code == 10
    assert first["error"]["code"] == "reall/unusable-case"
    assert first["error"]["where"] == f"{bad}, line 1"
    assert second["case"] == "late-marrow"


def test_one_system_may_be_asked_for(reall: Run) -> None:
    data = json.loads(reall("assess", LATE_MARROW, "--system", "ukall_r3", "--json").out)
    assert list(data["systems"]) == ["ukall_r3"]
    assert list(data["transplant"]) == ["ukall_r3"]
    assert data["systems"]["ukall_r3"]["value"] == "intermediate"


def test_an_unknown_system_is_wrong_usage_and_names_the_nearest(reall: Run) -> None:
    ran = reall("assess", LATE_MARROW, "--system", "ukall_r4")
    assert ran.code == 2
    assert "Did you mean 'ukall_r3'?" in ran.err


def test_without_a_case_the_usage_is_shown(reall: Run) -> None:
    ran = reall("assess")
    assert ran.code == 2
    assert "Usage:" in ran.err


def test_a_page_is_written_beside_the_screen(reall: Run, tmp_path: Path) -> None:
    page = tmp_path / "board.html"
    ran = reall("assess", *EXAMPLE_FILES[:2], "--html", page)
    assert ran.code == 0
    assert f"Wrote {page}" in ran.err
    assert page.read_text().count('<article class="report"') == 2


def test_a_page_that_cannot_be_written_is_wrong_usage(reall: Run, tmp_path: Path) -> None:
    ran = reall("assess", LATE_MARROW, "--html", tmp_path / "no" / "board.html")
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_a_folder_without_knowledge_is_wrong_usage(reall: Run, tmp_path: Path) -> None:
    assert reall("assess", LATE_MARROW, "--knowledge", tmp_path).code == 2


def test_a_laboratory_result_becomes_an_mrd_entry(reall: Run, tmp_path: Path) -> None:
    pytest.importorskip("reall.mrd.bridge", reason="the laboratory part is not installed here")
    result = tmp_path / "mrd.json"
    result.write_text(
        json.dumps(
            {
                "schema": "reall.mrd/1", "method": "RQ-PCR", "timepoint": "end_of_reinduction_block1",
                "tissue": "marrow", "class": "quantified", "level_fraction": 2e-3,
                "interval": [1e-3, 4e-3], "sensitivity_fraction": 1e-5,
            }
        )
    )  # fmt: skip
    case = tmp_path / "case.yaml"
    case.write_text((EXAMPLES / "mrd-below-detection.yaml").read_text().split("mrd:\n")[0])
    data = json.loads(reall("assess", case, "--mrd", result, "--json").out)
    assert data["facts"]["mrd_end_of_reinduction_block1_level_fraction"] == 2e-3
    assert data["transplant"]["ukall_r3"]["value"] == "yes"
    assert reall("assess", case, LATE_MARROW, "--mrd", result).code == 2


def test_the_terminal_path_loads_no_heavy_library() -> None:
    """A cold start must stay fast: the libraries below take up to seconds to import."""
    heavy = ["numpy", "pandas", "polars", "duckdb", "matplotlib", "jinja2", "weasyprint", "scipy"]
    code = (
        "import sys; sys.argv=['reall','assess',sys.argv[1]]\n"
        "from reall.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    # The first run may compile the knowledge; only what a later run loads counts.
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(LATE_MARROW)],
            capture_output=True,
            text=True,
            env={**os.environ},
            check=True,
        )
    assert ran.stderr.strip() == "[]"
