"""The definitions behind the words of a story, read from `knowledge/clones/calling.yaml`."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reall.base.errors import InvalidKnowledge

_PLACE = "clones/calling.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingRule:
    """Each field is a row of the file, which gives its meaning and source; all are fractions."""

    major_clone_share: float
    clonal_at_relapse_share: float
    second_clone_share: float
    smallest_clone_called: float
    smallest_clone_possible: float
    read_error: float
    error_tail: float
    trunk_share: float
    sure_enough: float


@cache
def load_calling_rule() -> CallingRule:
    """Read and check the file. Raises `InvalidKnowledge` where it breaks its schema or a row is missing."""
    knowledge = files("reall").joinpath("knowledge")
    try:
        content = YAML(typ="safe", pure=True).load(knowledge.joinpath(_PLACE).read_text(encoding="utf-8"))
    except YAMLError as error:
        raise InvalidKnowledge(str(error), where=_PLACE) from error
    schema = json.loads(knowledge.joinpath("schema", "clone_calling.schema.json").read_text(encoding="utf-8"))
    for problem in Draft202012Validator(schema).iter_errors(content):
        raise InvalidKnowledge(problem.message, where=f"{_PLACE}, {'/'.join(map(str, problem.absolute_path))}")
    rows = {row["id"]: float(row["value"]) for row in content["rows"] if row["status"] != "superseded"}
    wanted = {field.name for field in fields(CallingRule)}
    if rows.keys() != wanted or len(rows) != len(content["rows"]):
        odd = ", ".join(sorted(rows.keys() ^ wanted)) or "a repeated id"
        raise InvalidKnowledge(f"the rows do not match: {odd}", where=_PLACE, next="Give each definition once.")
    return CallingRule(**rows)
