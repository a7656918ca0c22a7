"""Assumptions that the user declares: `fact = other fact ± number`, or `fact = constant`.

They fill in only where the fact is unknown, and every row that one touches says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.columns import Flags, Numbers, Picked
from reall.cohort.facts_of_rows import FactsOfRows
from reall.facts.known import Choices, Interval, Known, within
from reall.facts.reading import read_fact
from reall.facts.vocabulary import Fact, Vocabulary, nearest

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SHIFT = re.compile(rf"({_NAME})\s*(?:([-+])\s*(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))?")


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """`fact` is `source` plus `shift` (in the fact's unit), or `constant`."""

    text: str
    fact: Fact
    source: str = ""
    shift: float = 0.0
    constant: Known | None = None


def read_assumption(text: str, vocabulary: Vocabulary) -> Assumption:
    """Read an assumption.

    Raises `WrongUsage` when it is no such equation, names an unknown fact, or a constant that is no answer.
    """
    name, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not right:
        raise WrongUsage(
            f"{text!r} is no assumption",
            next='Write "fact = other_fact - number" or "fact = constant", such as "prior_allo_hsct = no".',
        )
    fact = vocabulary.statable.get(name)
    if fact is None:
        raise WrongUsage(f"{name!r} is not a fact", where=text, next=nearest(name, vocabulary.statable))
    words = f"{fact.name} = {' '.join(right.split())}"
    shifted = _SHIFT.fullmatch(right)
    source = vocabulary.statable.get(shifted[1]) if shifted else None
    if shifted and source and fact.numeric and source.numeric:
        if source.unit != fact.unit:
            raise WrongUsage(f"{source.name} is in {source.unit}, {fact.name} in {fact.unit}", where=text)
        shift = float(f"{shifted[2]}{shifted[3]}") if shifted[2] else 0.0
        return Assumption(text=words, fact=fact, source=source.name, shift=shift)
    try:
        constant = read_fact(fact, right.strip("'\""))
    except UnusableCase as error:
        raise WrongUsage(error.what, where=text, why=error.why, next=error.next) from None
    return Assumption(text=words, fact=fact, constant=constant)


def apply(assumption: Assumption, facts: FactsOfRows) -> Flags:
    """Fill the fact in where it is unknown. Gives the rows that are touched.

    A shifted number that would be impossible (before birth, say) is left unknown.
    """
    fact = assumption.fact
    if isinstance(assumption.constant, Choices):
        return _pick(assumption.constant, fact, facts)
    before = facts.numbers.get(fact.name) or Numbers.of(np.full(facts.rows, np.nan))
    given = _constant(assumption.constant, facts.rows) if assumption.constant else _shifted(assumption, facts)
    after = before.or_else(given)
    facts.numbers[fact.name] = after
    return before.unknown & ~after.unknown


def retract(assumption: Assumption, facts: FactsOfRows, rows: Flags) -> None:
    """Take the assumption back in some rows that it touched."""
    name = assumption.fact.name
    if name in facts.numbers:
        facts.numbers[name] = facts.numbers[name].without(rows)
    elif name in facts.picked:
        facts.picked[name] = facts.picked[name].without(rows)


def _pick(constant: Choices, fact: Fact, facts: FactsOfRows) -> Flags:
    before = facts.picked.get(fact.name) or Picked(np.zeros(facts.rows, dtype=np.int64), (None,))
    facts.picked[fact.name] = before.filled(constant)
    return before.unknown


def _constant(constant: Known, rows: int) -> Numbers:
    if not isinstance(constant, Interval):
        raise TypeError("a number fact has an interval")
    if constant.point is not None:
        return Numbers.of(np.full(rows, constant.point))
    return Numbers(np.full(rows, np.nan), np.zeros(rows, dtype=np.int64), (constant,))


def _shifted(assumption: Assumption, facts: FactsOfRows) -> Numbers:
    fact, by = assumption.fact, assumption.shift
    source = facts.numbers.get(assumption.source)
    if source is None:
        return Numbers.of(np.full(facts.rows, np.nan))
    points = source.points + by
    points = np.where((points < fact.minimum) | (points > fact.maximum), np.nan, points)
    which = source.which
    intervals = []
    for number, known in enumerate(source.intervals):
        try:
            moved = Interval((known.low[0] + by, known.low[1]), (known.high[0] + by, known.high[1]))
            intervals.append(within(moved, minimum=fact.minimum, maximum=fact.maximum))
        except UnusableCase:
            which = np.where(which == number, -1, which)
            intervals.append(known)
    return Numbers(points, which, tuple(intervals))
