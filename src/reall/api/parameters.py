"""Types of the parameters of laboratory operations: REST and MCP read them to say, and check, what may be given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import Gt

from reall.api.inputs import Source
from reall.base.errors import WrongUsage
from reall.mrd.result import SCHEMA, Purpose

Positive = Annotated[float, Gt(0)]

RuleChoice = Literal["draft"] | Source
"""A rule set: `draft`, which ships with the program, or a file that a laboratory signed."""

PurposeName = Literal["therapy_reduction", "therapy_intensification"]
"""What a result decides."""


def above_zero(**numbers: float | None) -> None:
    """Refuse numbers that are not finite or not above 0. Raises `WrongUsage`."""
    finite(**numbers)
    for name, value in numbers.items():
        if value is not None and value <= 0:
            raise WrongUsage(f"{value!r} is not above 0", where=name)


def finite(**numbers: float | None) -> None:
    """Refuse NaN, which passes every comparison with a limit, and infinity. Raises `WrongUsage`."""
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            raise WrongUsage(f"{value!r} is not a finite number", where=name)


def one_of(name: str, value: str | None, allowed: Sequence[str]) -> None:
    """Refuse a word that is not one of those allowed. Raises `WrongUsage`."""
    if value is not None and value not in allowed:
        raise WrongUsage(f"{value!r} is not a choice of {name}", where=name, next=f"Use one of {', '.join(allowed)}.")


def chosen_purpose(word: str | None) -> Purpose | None:
    """Give the purpose that was named, if any. Raises `WrongUsage`."""
    one_of("purpose", word, [str(each) for each in Purpose])
    return Purpose(word) if word else None


def one_document(results: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Give one result as the document; several stand under `results`. `more` is added at the top."""
    if len(results) == 1:
        return {**results[0], **more}
    return {"schema": SCHEMA, "results": list(results), **more}


def results_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the results that a document holds; a document that is classified is itself a result."""
    return [document] if "class" in document else list(document["results"])
