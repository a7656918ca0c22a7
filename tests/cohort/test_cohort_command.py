"""`reall cohort assign` from the outside: what it prints where, what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reall.base.errors import ReallError
from reall.cli.cohort import command

GOOD = "case,relapse_number,lineage,site_class,months_from_diagnosis\na,1,T,isolated_marrow,20\nb,1,B,combined,10\n"
MIXED = GOOD + "c,1,X,combined,10\n"


def run(folder: Path, text: str, *options: str) -> Result:
    table = folder / "registry.csv"
    table.write_text(text, encoding="utf-8")
    return CliRunner().invoke(command, ["assign", str(table), *options])


def test_counts_go_to_stdout_and_progress_to_stderr(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD)
    assert done.exit_code == 0
    assert "registry.csv: 2 rows, 2 assigned, 0 cannot be used" in done.stdout
    assert [line.split() for line in done.stdout.splitlines() if line.startswith("all_rez_bfm_s*")] == [
        ["all_rez_bfm_s*", "S4", "2"]
    ]
    assert "* at least one rule of this table is unconfirmed (draft)" in done.stdout
    assert "Assigning" not in done.stdout


def test_an_assumption_is_printed_with_what_it_fills(tmp_path: Path) -> None:
    text = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
    done = run(tmp_path, GOOD, "--assume", text)
    assert f"{text}: fills 2 rows" in done.stdout


def test_bad_rows_end_with_exit_code_10_and_a_list(tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    done = run(tmp_path, MIXED, "--out", str(out))
    assert done.exit_code == 10
    assert "row 3, lineage" in done.stderr
    assert "1 of 3 rows cannot be used" in done.stderr
    assert str(tmp_path / "answers.csv.problems.csv") in done.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    assert "'X' is no answer" in (tmp_path / "answers.csv.problems.csv").read_text(encoding="utf-8")


def test_an_old_list_of_problems_does_not_stay(tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    run(tmp_path, MIXED, "--out", str(out))
    assert run(tmp_path, GOOD, "--out", str(out)).exit_code == 0
    assert not (tmp_path / "answers.csv.problems.csv").exists()


def test_json(tmp_path: Path) -> None:
    done = run(tmp_path, MIXED, "--json", "--assume", "prior_allo_hsct = no")
    assert done.exit_code == 10
    data = json.loads(done.stdout)
    assert (data["schema"], data["rows"], data["unusable"], data["form"]) == ("reall.cohort/1", 3, 1, "table")
    assert data["counts"]["all_rez_bfm_s"] == {"S4": 2, "unusable": 1}
    assert data["assumptions"] == [{"text": "prior_allo_hsct = no", "rows": 2, "rows_against": 0}]
    assert data["problems"][0]["row"] == 3


@pytest.mark.parametrize(
    ("text", "options", "exit_code"),
    [
        ("", (), 10),
        ("linage,sex\nB,male\n", (), 10),
        (GOOD, ("--assume", "linage = B"), 2),
        (GOOD, ("--from", "cbioportal"), 10),
    ],
)
def test_errors_carry_their_exit_code(tmp_path: Path, text: str, options: tuple[str, ...], exit_code: int) -> None:
    done = run(tmp_path, text, *options)
    assert isinstance(done.exception, ReallError)
    assert int(done.exception.exit_code) == exit_code
