"""The reference pages are written from the knowledge, and the ones in the repository are fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reall.library.knowledge import Knowledge
from reall.report.reference import errors_page, facts_page, sources_page, systems_page, write_reference

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["facts.md", "systems.md", "sources.md", "errors.md"])
def test_the_page_in_the_repository_is_fresh(name: str, knowledge: Knowledge, tmp_path: Path) -> None:
    write_reference(knowledge, tmp_path)
    assert (REFERENCE / name).read_text() == (tmp_path / name).read_text(), "run `make docs`"


def test_every_fact_and_every_row_is_described(knowledge: Knowledge) -> None:
    facts, systems = facts_page(knowledge), systems_page(knowledge)
    for name in (*knowledge.vocabulary.statable, *knowledge.vocabulary.inputs):
        assert f"| `{name}` |" in facts
    for system in knowledge.systems.values():
        for table in (system.table, *system.transplant):
            for row in (*table.rules, *table.silent, *table.applies_to):
                assert f"| {row.id} | `{' '.join(row.when.split())}` |" in systems


def test_every_citation_leads_to_a_source(knowledge: Knowledge) -> None:
    cited = set(re.findall(r"sources\.md#([\w-]+)", systems_page(knowledge)))
    headings = set(re.findall(r"^### (\S+)$", sources_page(knowledge), re.MULTILINE))
    assert cited <= headings


def test_every_kind_of_error_is_listed_with_its_exit_code(knowledge: Knowledge) -> None:
    text = errors_page(knowledge)
    for code in (2, 10, 11, 12):
        assert f"| {code} |" in text
