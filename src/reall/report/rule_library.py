"""Systems as CQL libraries with FHIR R4 Library and PlanDefinition, citations included; and as DMN."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reall.facts.vocabulary import Fact
from reall.library.knowledge import Knowledge, Source
from reall.report.to_json import dumps
from reall.rules.branches import facts_asked, tables_below
from reall.rules.cql import UNKNOWN, library_name, library_text, name_of, stated, text
from reall.rules.dmn import definitions_xml
from reall.rules.table import Row, Table

_TYPES = {"number": "decimal", "count": "decimal", "yes_no": "boolean", "category": "string"}
_CONFIRMED = frozenset({"double-checked"})
_USE = "For research, education and professionals who can review the basis of each answer. Not a medical device."


def exported_tables(knowledge: Knowledge) -> list[str]:
    """Name the tables that are exported: definitions, systems, transplant rules."""
    return [*knowledge.derived_ids, *knowledge.system_ids, *knowledge.transplant_ids.values()]


def write_cql(knowledge: Knowledge, folder: Path) -> list[Path]:
    """Write every table as CQL, FHIR Library and PlanDefinition into `folder`, and give their paths."""
    made: dict[str, str] = {}
    for id_ in exported_tables(knowledge):
        name = library_name(id_)
        cql = library_text(knowledge.base, id_, knowledge.vocabulary.facts, knowledge.version)
        made[f"{name}.cql"] = cql
        made[f"Library-{name}.json"] = dumps(library_resource(knowledge, id_, cql)) + "\n"
        made[f"PlanDefinition-{name}.json"] = dumps(plan_definition(knowledge, id_)) + "\n"
    return _write(made, folder)


def write_dmn(knowledge: Knowledge, folder: Path) -> list[Path]:
    """Write every table as a DMN decision requirements graph into `folder`, and give their paths."""
    facts, version = knowledge.vocabulary.facts, knowledge.version
    made = {f"{id_}.dmn": definitions_xml(knowledge.base, id_, facts, version) for id_ in exported_tables(knowledge)}
    return _write(made, folder)


def _write(texts: dict[str, str], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in texts]


def library_resource(knowledge: Knowledge, id_: str, cql: str) -> dict[str, Any]:
    """Give the FHIR R4 Library that holds a table's CQL, with its parameters and citations."""
    tables = tables_below(knowledge.base, id_)
    facts = facts_asked(knowledge.base, tables, knowledge.vocabulary.facts)
    given = [name for name in tables if knowledge.base.tables[name].derived]
    return {
        "resourceType": "Library",
        **_head(knowledge, id_, "library"),
        "type": _coded("http://terminology.hl7.org/CodeSystem/library-type", "logic-library"),
        "relatedArtifact": _citations(knowledge, (row for name in tables for row in _rows(knowledge, name))),
        "parameter": [
            *(_parameter(fact) for fact in facts),
            *({"name": stated(name), "use": "in", "min": 0, "max": "1", "type": "string"} for name in given),
            {"name": id_, "use": "out", "min": 1, "max": "1", "type": "string"},
        ],
        "content": [{"contentType": "text/cql", "data": base64.b64encode(cql.encode()).decode()}],
    }


def plan_definition(knowledge: Knowledge, id_: str) -> dict[str, Any]:
    """Give the FHIR R4 PlanDefinition of a table: an action per group, applicable where the CQL answers that group."""
    table = knowledge.base.tables[id_]
    return {
        "resourceType": "PlanDefinition",
        **_head(knowledge, id_, "plan"),
        "type": _coded("http://terminology.hl7.org/CodeSystem/plan-definition-type", "eca-rule"),
        "relatedArtifact": _citations(knowledge, _rows(knowledge, id_)),
        "library": [_url(id_, "library", knowledge.version)],
        "action": [_action(knowledge, table, value, words) for value, words in table.values.items()]
        + [
            {
                "title": UNKNOWN,
                "description": "A fact that decides is missing. ReALL itself names the groups still possible.",
                "condition": [_applies(id_, UNKNOWN)],
            }
        ],
    }


def _head(knowledge: Knowledge, id_: str, kind: str) -> dict[str, Any]:
    table = knowledge.base.tables[id_]
    confirmed = all(row.citation.status in _CONFIRMED for row in _rows(knowledge, id_))
    return {
        "id": f"reall-{kind}-{id_.replace('_', '-')}"[:64],
        "url": _url(id_, kind, knowledge.version),
        "version": knowledge.version,
        "name": library_name(id_),
        "title": table.title,
        "status": "active" if confirmed else "draft",
        "experimental": True,
        "description": table.question,
        "usage": _USE,
    }


def _url(id_: str, kind: str, version: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'reall {kind} {id_} {version}')}"


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _parameter(fact: Fact) -> dict[str, Any]:
    unit = f" ({fact.unit})" if fact.unit else ""
    words = fact.question + unit
    return {"name": fact.name, "use": "in", "min": 0, "max": "1", "documentation": words, "type": _TYPES[fact.kind]}


def _action(knowledge: Knowledge, table: Table, value: str, words: str) -> dict[str, Any]:
    rows = [row for row in table.rules if row.value == value]
    return {
        "title": value,
        "description": words,
        "condition": [_applies(table.id, value)],
        **({"documentation": _citations(knowledge, rows)} if rows else {}),
    }


def _applies(id_: str, answer: str) -> dict[str, Any]:
    condition = f"{library_name(id_)}.{name_of(id_)} = {text(answer)}"
    return {"kind": "applicability", "expression": {"language": "text/cql", "expression": condition}}


def _rows(knowledge: Knowledge, id_: str) -> Iterator[Row]:
    table = knowledge.base.tables[id_]
    yield from (*table.applies_to, *table.rules, *table.silent)


def _citations(knowledge: Knowledge, rows: Iterator[Row] | list[Row]) -> list[dict[str, Any]]:
    """Cite every source once per place and status, in the order of the rows."""
    cited = dict.fromkeys((row.citation.source, row.citation.at, row.citation.status) for row in rows)
    return [_citation(knowledge.sources[source], at, status) for source, at, status in cited]


def _citation(source: Source, at: str, status: str) -> dict[str, Any]:
    link = f"https://doi.org/{source.doi}" if source.doi else source.url
    made = {"type": "citation", "label": source.key, "display": f"{at} ({status})", "citation": str(source)}
    return {**made, "url": link} if link else made
