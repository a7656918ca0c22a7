"""The columns of a registry table as a Table Schema, as a JSON Schema of one row, and as text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from reall.facts.table_schema import TableColumn
from reall.library.knowledge import Knowledge

_NUMBER = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
INTERVAL = rf"^\s*((<=|>=|<|>|=)?\s*{_NUMBER}|{_NUMBER}\s*\.\.\s*{_NUMBER})\s*$"
"""A number, or an interval such as `<1e-4` or `1e-5..1e-4`."""
_ABOUT = {
    "row": "Who the row is about, and how a child's rows hang together",
    "source": "Dates, counts and lists from which facts follow",
    "fact": "Facts",
    "mrd": "MRD of a marrow sample, by time point",
    "outcome": "What became of the child after this relapse",
    "derived": "Answers of definitions, where they are stated instead of derived",
}


def table_schema(columns: Mapping[str, TableColumn], knowledge: Knowledge) -> dict[str, Any]:
    """Give a Table Schema (Frictionless Data). Numbers are strings there, because a cell may hold an interval."""
    return {
        "name": "reall-registry",
        "description": "One row per relapse. Every column may be left out, and every cell may be empty: unknown.",
        "knowledge_version": knowledge.version,
        "missingValues": ["", "NA", "N/A", "NaN", "null", "unknown", "not known", "not done", "?", "."],
        "fields": [_field(column) for column in columns.values()],
    }


def _field(column: TableColumn) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": column.name,
        "title": column.question,
        "type": "date" if column.kind == "date" else "string",
        "reall:kind": column.kind,
        "reall:about": column.about,
    }
    if column.unit:
        made["unit"] = column.unit
    if column.numeric:
        made["constraints"] = {"pattern": INTERVAL}
        made |= _bounds(column)
    elif column.kind in {"yes_no", "category"}:
        made["constraints"] = {"pattern": f"^({_one_of(column)})(\\|({_one_of(column)}))*$"}
        made["reall:answers"] = _answers(column)
    return made


def row_schema(columns: Mapping[str, TableColumn], knowledge: Knowledge) -> dict[str, Any]:
    """Give a JSON Schema of one row; other columns are allowed, and passed through."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One relapse in a registry table of ReALL",
        "description": f"Knowledge {knowledge.version}. Left out, null or empty means unknown.",
        "type": "object",
        "properties": {column.name: _property(column) for column in columns.values()},
    }


def _property(column: TableColumn) -> dict[str, Any]:
    made: dict[str, Any] = {"description": column.question + (f" ({column.unit})" if column.unit else "")}
    choices: list[dict[str, Any]] = [{"type": "null"}, {"const": ""}]
    if column.numeric:
        kind = "integer" if column.kind == "count" else "number"
        choices += [{"type": kind, **_bounds(column)}, {"type": "string", "pattern": INTERVAL}]
    elif column.kind in {"yes_no", "category"}:
        choices += [{"type": "boolean"}] if column.kind == "yes_no" else []
        choices += [{"type": "string", "pattern": f"^({_one_of(column)})(\\|({_one_of(column)}))*$"}]
    elif column.kind == "date":
        choices += [{"type": "string", "format": "date"}]
    else:
        choices += [{"type": "string"}]
    return {**made, "anyOf": choices}


def _bounds(column: TableColumn) -> dict[str, float]:
    ends = {"minimum": column.minimum, "maximum": column.maximum}
    return {name: end for name, end in ends.items() if math.isfinite(end)}


def _answers(column: TableColumn) -> list[str]:
    return ["yes", "no"] if column.kind == "yes_no" else [str(answer) for answer in column.answers]


def _one_of(column: TableColumn) -> str:
    return "|".join(answer.replace("+", r"\+").replace(".", r"\.") for answer in _answers(column))


def schema_lines(columns: Mapping[str, TableColumn]) -> Iterator[str]:
    """List the columns for a person, group by group."""
    yield "One row per relapse; the relapses of one child share `patient`. Every column may be left out (unknown)."
    for about, title in _ABOUT.items():
        yield f"\n{title}:"
        for column in columns.values():
            if column.about == about:
                yield f"  {column.name}\n      {column.question} [{cell_in_words(column)}]"


def cell_in_words(column: TableColumn) -> str:
    """Say what a cell may hold."""
    if column.numeric:
        whole = "whole number" if column.kind == "count" else column.unit or "number"
        return f"{whole}, {column.minimum:g} to {column.maximum:g}, or an interval such as <5"
    if column.kind in {"yes_no", "category"}:
        return " | ".join(_answers(column))
    return {"date": "YYYY-MM-DD", "list": "names joined by |, or none", "text": "text"}[column.kind]
