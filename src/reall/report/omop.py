"""Facts with their OMOP concepts: a table for the people who map a data base, and a reference page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from reall.library.knowledge import Knowledge
from reall.library.ontology import OmopConcept, load_omop
from reall.report.markdown import MADE, as_table, page

_INTRODUCTION = """\
Which concepts of the OMOP common data model stand for which fact, as far as a source gives them. A row with status
`draft` was not looked up in the vocabulary itself: look it up before you use it. Drugs have their concepts in the
agents' files. `reall knowledge export --omop FILE` writes this as a table.
"""
COLUMNS = ("fact", "answer", "question", "unit", "cdm", "concept_id", "concept_name", "note", "source", "at", "status")


def write_omop(knowledge: Knowledge, path: Path) -> list[Path]:
    """Write every fact with its concept, if one is known, as CSV; give the path."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(omop_rows(knowledge))
    path.write_text(stream.getvalue(), encoding="utf-8")
    return [path]


def omop_rows(knowledge: Knowledge) -> Iterator[tuple[str, ...]]:
    """Give a row per concept, and one without concept for every fact of which none is known."""
    known: dict[str, list[OmopConcept]] = {}
    for concept in load_omop(knowledge.vocabulary):
        known.setdefault(concept.fact, []).append(concept)
    for name, fact in knowledge.vocabulary.statable.items():
        for one in known.get(name, []):
            cited = one.citation
            said = (one.cdm, str(one.concept_id), one.name, one.note, cited.source, cited.at, cited.status)
            yield (name, one.answer, fact.question, fact.unit, *said)
        if name not in known:
            yield (name, "", fact.question, fact.unit, "", "", "", "no concept known", "", "", "")


def omop_page(knowledge: Knowledge) -> str:
    """Describe the concepts that are known, and name the facts without one."""
    rows = list(omop_rows(knowledge))
    known = (
        (f"`{fact}`", answer, f"`{cdm}`", f"{concept} {name}", note, f"`{source}`, {at}", status)
        for fact, answer, _, _, cdm, concept, name, note, source, at, status in rows
        if concept
    )
    without = ", ".join(f"`{row[0]}`" for row in rows if not row[COLUMNS.index("concept_id")])
    head = ("fact", "answer", "table and column", "concept", "note", "source", "status")
    return page(
        [MADE, "# OMOP concepts\n", _INTRODUCTION, as_table(head, known), "## Without a known concept\n", without]
    )
