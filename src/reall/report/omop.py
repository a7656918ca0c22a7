"""Facts with their OMOP concepts: a table for the people who map a data base, and a reference page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from reall.library.knowledge import Knowledge
from reall.library.ontology import OmopConcept, load_omop

COLUMNS = ("fact", "answer", "question", "unit", "cdm", "concept_id", "concept_name", "note", "source", "at", "status")


def write_omop(knowledge: Knowledge, path: Path) -> Path:
    """Write every fact with its concept, if one is known, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(omop_rows(knowledge))
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


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
