"""`reall knowledge` show, cite and diff, as a reader of papers meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reall.base.errors import WrongUsage
from reall.cli.knowledge import command
from reall.library.knowledge import Source
from reall.report.knowledge_words import to_bibtex, to_csl


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        (
            "bfm_time",
            ["very_early if months_from_diagnosis < 18", "[int_sr_2010, abstract, definition of risk groups]"],
        ),
        ("all_rez_bfm_s", ["S3 if lineage = 'B'", "(draft)", "transplant_all_rez_bfm_2002", "Not for:"]),
        ("intreall_arm_b", ["mrd_end_of_reinduction_block1_level_fraction >= 1e-4"]),
        ("months_from_diagnosis", ["How many months passed", "from 0 to 1200 months", "named by: bfm_time"]),
        ("buchmann_2022", ["10.1182/blood.2021012328", "read: abstract"]),
        ("irving_2016_os5_high", ["26 % (14 to 40, level not printed), n 57", "irving_2016_cytogenetics = 'high'"]),
    ],
)
def test_show_tells_all_about_an_entry(id_: str, words: list[str]) -> None:
    result = run("show", id_)
    assert result.exit_code == 0
    assert all(word in result.output for word in words), result.output


def test_show_names_the_nearest_entry_for_a_slip() -> None:
    error = run("show", "bfm_times").exception
    assert isinstance(error, WrongUsage)
    assert error.next == "Did you mean 'bfm_time'?"


def test_cite_lists_everything_that_rests_on_a_source() -> None:
    uses = json.loads(run("cite", "parker_2010", "--json").output)["uses"]
    ids = {use["id"] for use in uses}
    assert {"parker_2010_os3_mitoxantrone", "ukall_r3 / ukall_r3 / intermediate_mrd_high"} <= ids
    assert all(use["where"] and use["at"] for use in uses)


SOURCE = Source(
    key="made_2020", title="Blood & marrow", status="draft", authors=("van der Berg AB", "Study Group of Nowhere"),
    journal="J Test", year=2020, volume="7", pages="1-9", doi="10.1/x",
)  # fmt: skip


def test_a_source_goes_into_a_reference_manager() -> None:
    entry = to_csl(SOURCE)
    assert entry["author"] == [{"family": "van der Berg", "given": "AB"}, {"literal": "Study Group of Nowhere"}]
    assert entry["issued"] == {"date-parts": [[2020]]}
    bibtex = to_bibtex(SOURCE)
    assert bibtex.startswith("@article{made_2020,")
    assert "author = {van der Berg, AB and {Study Group of Nowhere}}" in bibtex
    assert r"title = {{Blood \& marrow}}" in bibtex
    assert "pages = {1--9}" in bibtex


def test_a_source_without_a_journal_keeps_what_is_known() -> None:
    bare = Source(key="page", title="A page", status="draft", url="https://example.org")
    assert to_csl(bare) == {"id": "page", "type": "webpage", "title": "A page", "URL": "https://example.org"}
    assert to_bibtex(bare) == "@misc{page,\n  title = {{A page}},\n  url = {https://example.org}\n}"


def test_diff_names_the_row_and_the_answers_that_change(folder: Path) -> None:
    """With a cut-off of 17 months, the child at exactly 18 months keeps its group; the one at 17.99 does not."""
    changed = folder.with_name("changed")
    shutil.copytree(folder, changed)
    path = changed / "definitions" / "bfm_time.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("when: months_from_diagnosis < 18\n", "when: months_from_diagnosis < 17\n", 1)
    text = text.replace("when: months_from_diagnosis >= 18 AND (on", "when: months_from_diagnosis >= 17 AND (on", 1)
    path.write_text(text, encoding="utf-8")
    changes = json.loads(run("diff", str(folder), str(changed), "--json").output)["changes"]
    assert {c["id"] for c in changes if c["kind"] == "row"} == {"bfm_time / very_early", "bfm_time / early"}
    answers = {c["id"]: (c["before"], c["after"]) for c in changes if c["kind"] == "answer"}
    assert answers["definitions/cases.yaml, case bfm_below_18: bfm_time"] == ("very_early", "early")
    assert "definitions/cases.yaml, case bfm_at_18: bfm_time" not in answers


def test_diff_of_the_same_knowledge_is_empty(folder: Path) -> None:
    assert "0 entries changed; 0 answers" in run("diff", str(folder), str(folder)).output


def test_a_folder_without_knowledge_is_refused(tmp_path: Path) -> None:
    error = run("check", str(tmp_path)).exception
    assert isinstance(error, WrongUsage)
    assert "holds no knowledge" in error.what
