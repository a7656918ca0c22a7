"""The knowledge as plain data: one entry, or the list of a kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from reall.facts.vocabulary import Fact
from reall.library.knowledge import Knowledge, PublishedOutcome, Source
from reall.library.tables import DecisionPoint, System
from reall.library.therapy_rows import Note, Option
from reall.report.knowledge_words import to_csl
from reall.report.options_json import evidence_row_json
from reall.report.to_json import citation_json, outcome_json
from reall.rules.table import Remark, Row, Table


def entries(knowledge: Knowledge) -> dict[str, dict[str, Callable[[], dict[str, Any]]]]:
    """Give every entry by kind and id, each to be made when it is asked for."""
    systems, tables = knowledge.systems, knowledge.base.tables
    return {
        "facts": {id_: _later(_fact, fact) for id_, fact in knowledge.vocabulary.facts.items()},
        "definitions": {id_: _later(_system, systems[id_]) for id_ in knowledge.derived_ids},
        "systems": {id_: _later(_system, systems[id_]) for id_ in knowledge.system_ids},
        "transplant": {id_: _later(_table, tables[table]) for id_, table in knowledge.transplant_ids.items()},
        "options": {
            id_: _later(_option, option, knowledge) for id_, option in sorted(knowledge.therapy.options.items())
        },
        "outcomes": {row.id: _later(_outcome, row) for row in knowledge.outcomes},
        "sources": {key: _later(_source, source) for key, source in sorted(knowledge.sources.items())},
    }


def _later(make: Callable[..., dict[str, Any]], *of: Any) -> Callable[[], dict[str, Any]]:
    return lambda: make(*of)


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.name,
        "question": fact.question,
        "kind": fact.kind,
        "unit": fact.unit or None,
        "minimum": _bound(fact.minimum) if fact.numeric else None,
        "maximum": _bound(fact.maximum) if fact.numeric else None,
        "answers": list(fact.answers),
        "words": dict(fact.words or {}),
        "derivation": fact.derivation or None,
        "given_by": list(fact.given_by),
        "confirming_test": fact.confirmatory or None,
    }


def _bound(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _system(system: System) -> dict[str, Any]:
    return {
        **_table(system.table),
        "version": system.version or None,
        "use": system.use or None,
        "misuse": system.misuse or None,
        "mrd_decision_points": [_point(point) for point in system.decision_points],
        "transplant": [table.id.removeprefix("transplant_") for table in system.transplant],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id.removeprefix("transplant_"),
        "title": table.title,
        "question": table.question,
        "kind": table.kind,
        "values": dict(table.values),
        "applies_to": [_row(row) for row in table.applies_to],
        "rules": [_row(row) for row in table.rules],
        "silent": [_row(row) for row in table.silent],
        "conflicts": [_remark(remark) for remark in table.conflicts],
        "cautions": [_remark(remark) for remark in table.cautions],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "value": row.value or None,
        "when": " ".join(row.when.split()),
        "words": row.words,
        **citation_json(row.citation),
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "id": remark.id,
        "when": remark.when or None,
        "words": " ".join(remark.words.split()),
        "sources": [citation_json(citation) for citation in remark.citations],
    }


def _point(point: DecisionPoint) -> dict[str, Any]:
    return {
        "id": point.id,
        "fact": point.fact,
        "comparison": point.comparison,
        "cut_off_fraction": point.cut_off_fraction,
        "tissue": point.tissue or None,
        "method": point.method or None,
        "words": point.words,
        **citation_json(point.citation),
    }


def _option(option: Option, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "id": option.id,
        "title": option.title,
        "purpose": option.purpose,
        "words": option.words,
        "criteria": [
            {"id": c.id, "must": c.must, "words": c.words, **citation_json(c.citation)} for c in option.criteria
        ],
        "cautions": [_note(note) for note in option.cautions],
        "sequencing": [_note(note) for note in option.sequencing],
        "agents": list(option.agents),
        "regimens": list(option.regimens),
        "evidence": [evidence_row_json(knowledge.therapy.evidence[id_]) for id_ in option.evidence],
    }


def _note(note: Note) -> dict[str, Any]:
    return {"id": note.id, "when": note.when or None, "words": note.words, **citation_json(note.citation)}


def _outcome(row: PublishedOutcome) -> dict[str, Any]:
    return {**outcome_json(row), "applies_when": row.applies_when or None}


def _source(source: Source) -> dict[str, Any]:
    return {**to_csl(source), "status": source.status, "seen": source.seen or None, "note": source.note or None}


def titles(kind: str, made: Mapping[str, Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
    """List a kind: published figures whole, of the others the id and what each is about."""
    if kind == "outcomes":
        return [make() for make in made.values()]
    listed = []
    for id_, make in made.items():
        entry = make()
        listed.append({"id": id_, "title": entry.get("title") or entry["question"]})
    return listed
