"""What may stand in a file, as the JSON Schemas under `knowledge/schema/`."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any


def first_breach(content: Any, schema: str) -> tuple[str, str] | None:
    """Give the place and the message of the first breach of `schema/<schema>.schema.json`; None for none."""
    errors = sorted(_validator(schema).iter_errors(content), key=lambda error: list(map(str, error.absolute_path)))
    if not errors:
        return None
    place = ".".join(str(part) for part in errors[0].absolute_path) or "top level"
    return place, errors[0].message[:_LONGEST]


_LONGEST = 300  # a message quotes the value, which may be a whole file


@lru_cache
def _validator(schema: str) -> Any:
    import jsonschema  # noqa: PLC0415 - 60 ms that most commands need not pay

    path = resources.files("reall") / "knowledge" / "schema" / f"{schema}.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
