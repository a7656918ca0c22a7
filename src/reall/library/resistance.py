"""Open `knowledge/resistance` and `knowledge/clonal_biology`, checked against their closed schemas."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reall.base.errors import InvalidKnowledge
from reall.clones.resistance import GenePosition, ResistanceKnowledge, ResistanceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFact:
    """One published statement on origin, timing or mutational process of relapses; fields as in the knowledge."""

    id: str
    kind: str
    claim: str
    population: str
    source: str
    at: str
    status: str
    value: str = ""
    n: int | None = None
    note: str = ""


_LISTS = ("drugs", "also_named", "hotspots", "sensitive_to")


@cache
def load_resistance() -> ResistanceKnowledge:
    """Read every file of `knowledge/resistance`. Raises `InvalidKnowledge` where one breaks its schema."""
    knowledge = files("reall").joinpath("knowledge")
    folder = knowledge.joinpath("resistance")
    rows: list[ResistanceRow] = []
    positions: dict[str, Any] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".yaml"):
            continue
        if entry.name.startswith("gene_positions"):
            positions = _checked(entry, knowledge, "gene_positions.schema.json")
        else:
            content = _checked(entry, knowledge, "resistance.schema.json")
            rows += [_row(raw) for raw in content["rows"] if raw["status"] != "superseded"]
    _refuse_repeated([row.id for row in rows])
    return ResistanceKnowledge(
        rows=tuple(rows),
        positions=tuple(GenePosition(gene, *place) for gene, place in positions.get("genes", {}).items()),
        genome=positions.get("genome", ""),
        positions_status=positions.get("status", "draft"),
    )


@cache
def load_clonal_biology() -> tuple[PublishedFact, ...]:
    """Read what was published on the origin of relapses. Raises `InvalidKnowledge` where a file breaks its schema."""
    knowledge = files("reall").joinpath("knowledge")
    facts: list[PublishedFact] = []
    for entry in sorted(knowledge.joinpath("clonal_biology").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            rows = _checked(entry, knowledge, "clonal_biology.schema.json")["rows"]
            facts += [PublishedFact(**row) for row in rows if row["status"] != "superseded"]
    _refuse_repeated([fact.id for fact in facts])
    return tuple(facts)


def _row(raw: dict[str, Any]) -> ResistanceRow:
    fields: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in raw.items()}
    return ResistanceRow(**fields)


def _checked(entry: Traversable, knowledge: Traversable, schema_name: str) -> dict[str, Any]:
    try:
        content = YAML(typ="safe", pure=True).load(entry.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise InvalidKnowledge(str(error), where=entry.name) from error
    schema = json.loads(knowledge.joinpath("schema", schema_name).read_text(encoding="utf-8"))
    for problem in sorted(Draft202012Validator(schema).iter_errors(content), key=str):
        place = "/".join(str(part) for part in problem.absolute_path)
        raise InvalidKnowledge(
            problem.message,
            where=f"{entry.name}, {place}",
            why="A row that breaks its schema could state something its source does not.",
            next=f"Correct it after schema/{schema_name}.",
        )
    result: dict[str, Any] = content
    return result


def _refuse_repeated(ids: list[str]) -> None:
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise InvalidKnowledge(f"Row ids are used twice: {', '.join(repeated)}.")
