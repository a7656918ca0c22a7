"""Conditions back to text: what would have to be true instead."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from reall.rules.condition import All, Among, AnyOf, Compare, Condition, Not

Holds = Callable[[Condition], bool]
_MOST_CHANGES = 12


def changes(condition: Condition, holds: Holds) -> list[str]:
    """List the alternatives that would make a condition true, each as one SQL condition.

    Parts that hold already (`holds`) are left out, so that only what would have to change is named.
    """
    match condition:
        case AnyOf(parts):
            return _unique(text for part in parts for text in changes(part, holds))
        case All(parts):
            open_parts = [changes(part, holds) for part in parts if not holds(part)]
            return _unique(" AND ".join(texts) for texts in product(*open_parts))[:_MOST_CHANGES]
    return [as_text(condition)]


def all_of(alternatives: list[list[str]]) -> list[str]:
    """Join the alternatives of several criteria, one of each."""
    return _unique(" AND ".join(texts) for texts in product(*alternatives))[:_MOST_CHANGES]


def as_text(condition: Condition) -> str:
    """Write a condition as SQL again.

    >>> as_text(Not(Among("prior_allo_hsct", frozenset({True}))))
    'NOT prior_allo_hsct'
    """
    match condition:
        case Compare(fact, operator, constant):
            return f"{fact} {operator} {constant:g}"
        case Among(fact, answers):
            return _among(fact, answers)
        case Not(part):
            return f"NOT {as_text(part)}" if isinstance(part, Compare | Among) else f"NOT ({as_text(part)})"
        case All(parts):
            return " AND ".join(f"({as_text(p)})" if isinstance(p, AnyOf) else as_text(p) for p in parts)
        case AnyOf(parts):
            return " OR ".join(as_text(p) for p in parts)
    return f"{condition.smaller} <= {condition.larger}"


def _among(fact: str, answers: frozenset[str | bool]) -> str:
    if answers <= {True, False}:
        return fact if True in answers else f"NOT {fact}"
    quoted = [f"'{answer}'" for answer in sorted(map(str, answers))]
    return f"{fact} = {quoted[0]}" if len(quoted) == 1 else f"{fact} IN ({', '.join(quoted)})"


def _unique(texts: object) -> list[str]:
    return list(dict.fromkeys(texts))  # type: ignore[call-overload]
