"""The contract `reall.case/1` as closed JSON Schema, made from the vocabulary: what a case may hold, fact by fact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reall.facts.case import PARTS, SCHEMA
from reall.facts.mrd import KEYS
from reall.facts.vocabulary import NOT_STATED, Fact, Input, Vocabulary

_SAID_NOTHING: tuple[dict[str, Any], ...] = ({"type": "null"}, {"const": ""})
_YES_NO: tuple[dict[str, Any], ...] = (
    {"type": "boolean"},
    {"enum": ["yes", "no"]},
    {"type": "string", "pattern": r"^\s*([Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])\s*$"},
)
_INTERVAL = {"type": "string", "description": "A number or an interval, such as <1e-4, >= 5 or 1e-5..1e-4."}
_TEXT = {"type": ["string", "null"]}
_ANYTHING: dict[str, Any] = {}


def case_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a case; every key may be left out, and null says nothing."""
    facts = {name: fact_schema(fact) for name, fact in vocabulary.statable.items()}
    facts |= {name: _input(entry, vocabulary) for name, entry in vocabulary.inputs.items()}
    said = {
        "case": {"type": ["string", "integer", "null"], "description": "A pseudonym, never a name."},
        "facts": {"type": ["object", "null"], "properties": facts, "additionalProperties": False},
        "mrd": {"anyOf": [{"type": "array", "items": _mrd()}, _mrd(), *_SAID_NOTHING]},
        "exposures": {"type": ["array", "null"], "items": _exposure()},
        "schema": {"enum": [SCHEMA, None]},
    }
    return {
        "type": "object",
        "description": "One relapse of one child (reall.case/1). What is left out is unknown.",
        "properties": {part: said[part] for part in PARTS},
        "additionalProperties": False,
    }


def fact_schema(fact: Fact) -> dict[str, Any]:
    """Give the JSON Schema of one fact, with its question."""
    described = {"description": fact.question + (f" ({fact.unit})" if fact.unit else "")}
    if fact.numeric:
        whole = {"multipleOf": 1} if fact.kind == "count" else {}
        return described | {"anyOf": [_number(fact.minimum, fact.maximum) | whole, _INTERVAL, *_SAID_NOTHING]}
    one = _answers(fact)
    return described | {"anyOf": [*one, {"type": "array", "items": {"anyOf": [*one, *_SAID_NOTHING]}}, *_SAID_NOTHING]}


def _answers(fact: Fact) -> list[dict[str, Any]]:
    answers = [answer for answer in fact.answers if answer != NOT_STATED]
    if fact.kind == "yes_no" or set(answers) == {"yes", "no"}:
        return list(_YES_NO)
    return [{"enum": answers}]


def _number(minimum: float, maximum: float) -> dict[str, Any]:
    bounds = {"minimum": minimum, "maximum": maximum}
    return {"type": "number"} | {name: bound for name, bound in bounds.items() if math.isfinite(bound)}


def _input(entry: Input, vocabulary: Vocabulary) -> dict[str, Any]:
    described: dict[str, Any] = {"description": entry.question + (f" ({entry.unit})" if entry.unit else "")}
    if entry.kind == "date":
        return described | {"anyOf": [{"type": "string", "format": "date"}, *_SAID_NOTHING]}
    if entry.kind == "number":
        return described | {"anyOf": [_number(entry.minimum, entry.maximum), _INTERVAL, *_SAID_NOTHING]}
    if entry.kind == "group":
        members: Mapping[str, str] = entry.members or {}
        parts = {name: fact_schema(vocabulary.statable[fact]) for name, fact in members.items()}
        closed = {"type": "object", "properties": parts, "additionalProperties": False}
        return described | {"anyOf": [closed, *_SAID_NOTHING]}
    names = {"type": "array", "items": {"type": "string"}}
    return described | {"anyOf": [names, {"type": "string"}, {"type": "null"}]}


def _mrd() -> dict[str, Any]:
    level = {"anyOf": [_number(0, 1), _INTERVAL, *_SAID_NOTHING], "description": "Fraction of cells; 1e-4 = 0.01 %."}
    said: dict[str, Any] = {
        "timepoint": _TEXT,
        "method": _TEXT,
        "tissue": _TEXT,
        "detected": {"anyOf": [*_YES_NO, *_SAID_NOTHING]},
        "level_fraction": level,
        "assay_sensitivity_fraction": level,
    }
    return {
        "type": "object",
        "properties": {key: said.get(key, _ANYTHING) for key in KEYS},
        "additionalProperties": False,
    }


def _exposure() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"agent": {"type": "string", "minLength": 1}, "cumulative_mg_m2": _number(0, math.inf)},
        "required": ["agent", "cumulative_mg_m2"],
        "additionalProperties": False,
    }
