"""Conditions over whole columns, in three values: where they certainly hold, where they certainly fail, else open.

The tables of the knowledge are answered by `rules`; this is for questions that are no part of them, such as
data-quality checks, which must not cut the facts into more cells, and must find what the background calls impossible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reall.cohort.columns import Flags, Floats, Numbers, Picked
from reall.facts.known import AFTER, BEFORE
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, InOrder, Not


@dataclass(frozen=True)
class Truth:
    """Where a condition certainly holds (`yes`) and certainly fails (`no`); elsewhere it is open."""

    yes: Flags
    no: Flags


def truth(  # noqa: PLR0911 - one return per form of the language
    condition: Condition, rows: int, numbers: Mapping[str, Numbers], picked: Mapping[str, Picked]
) -> Truth:
    """Judge a condition in every row. A fact that no column gives is open everywhere."""
    match condition:
        case Not(part):
            inner = truth(part, rows, numbers, picked)
            return Truth(yes=inner.no, no=inner.yes)
        case All(parts):
            each = [truth(part, rows, numbers, picked) for part in parts]
            return Truth(yes=np.all([t.yes for t in each], axis=0), no=np.any([t.no for t in each], axis=0))
        case AnyOf(parts):
            each = [truth(part, rows, numbers, picked) for part in parts]
            return Truth(yes=np.any([t.yes for t in each], axis=0), no=np.all([t.no for t in each], axis=0))
        case Among(fact, answers):
            return _among(picked[fact], answers) if fact in picked else _open(rows)
        case Compare(fact, operator, constant):
            return _compare(numbers[fact], operator, constant) if fact in numbers else _open(rows)
        case InOrder(smaller, larger):
            if smaller in numbers and larger in numbers:
                return _in_order(numbers[smaller], numbers[larger])
    return _open(rows)


def _open(rows: int) -> Truth:
    nowhere = np.zeros(rows, dtype=np.bool_)
    return Truth(yes=nowhere, no=nowhere)


def _among(said: Picked, answers: frozenset[str | bool]) -> Truth:
    yes = np.array([s is not None and s.answers <= answers for s in said.sets])
    no = np.array([s is not None and not s.answers & answers for s in said.sets])
    return Truth(yes=yes.take(said.codes), no=no.take(said.codes))


def extent(numbers: Numbers) -> tuple[Floats, Floats]:
    """Give the least and the greatest number that each row allows, both included; NaN where nothing is known.

    An open end lies next to its bound: "< 18" ends just below 18.
    """
    if not numbers.intervals:
        return numbers.points, numbers.points
    low = np.array([np.nextafter(i.low[0], np.inf) if i.low[1] == AFTER else i.low[0] for i in numbers.intervals])
    high = np.array([np.nextafter(i.high[0], -np.inf) if i.high[1] == BEFORE else i.high[0] for i in numbers.intervals])
    ranged = numbers.which >= 0
    return np.where(ranged, low[numbers.which], numbers.points), np.where(ranged, high[numbers.which], numbers.points)


def _compare(numbers: Numbers, operator: str, constant: float) -> Truth:
    low, high = extent(numbers)
    both = (low == constant) & (high == constant)
    neither = (high < constant) | (low > constant)
    found: dict[str, tuple[Flags, Flags]] = {
        "<": (high < constant, low >= constant),
        "<=": (high <= constant, low > constant),
        ">": (low > constant, high <= constant),
        ">=": (low >= constant, high < constant),
        "=": (both, neither),
        "<>": (neither, both),
    }
    yes, no = found[operator]
    return Truth(yes=yes, no=no)


def _in_order(smaller: Numbers, larger: Numbers) -> Truth:
    (low, high), (other_low, other_high) = extent(smaller), extent(larger)
    return Truth(yes=high <= other_low, no=low > other_high)
