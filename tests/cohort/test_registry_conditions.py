"""Conditions over columns: certainly true, certainly false or open, whatever the interval. Judged by trying numbers."""

from __future__ import annotations

import operator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reall.cohort.columns import Numbers, Picked
from reall.cohort.conditions import truth
from reall.facts.known import between, one_of
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, InOrder, Not

OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
ENDS = st.integers(0, 6)
HALVES = [n / 2 for n in range(13)]


def numbers(low: int, high: int, low_open: bool, high_open: bool) -> tuple[Numbers, list[float]]:
    """Give an interval as a column of one row, and the halves that it holds."""
    if low == high:
        return Numbers.of(np.array([float(low)])), [float(low)]
    known = between(low, high, low_open=low_open, high_open=high_open)
    inside = [
        n for n in HALVES if (low < n or (n == low and not low_open)) and (n < high or (n == high and not high_open))
    ]
    return Numbers(np.array([np.nan]), np.array([0]), (known,)), inside


INTERVALS = st.tuples(ENDS, ENDS, st.booleans(), st.booleans()).map(
    lambda t: numbers(min(t[0], t[1]), max(t[0], t[1]), t[2], t[3])
)


def judged(condition: Condition, **columns: Numbers | Picked) -> tuple[bool, bool]:
    said = truth(
        condition,
        1,
        {name: column for name, column in columns.items() if isinstance(column, Numbers)},
        {name: column for name, column in columns.items() if isinstance(column, Picked)},
    )
    return bool(said.yes[0]), bool(said.no[0])


@given(INTERVALS, st.sampled_from(sorted(OPERATORS)), ENDS)
def test_a_comparison_holds_when_it_holds_for_every_number(
    column: tuple[Numbers, list[float]], sign: str, constant: int
) -> None:
    known, inside = column
    holds = [OPERATORS[sign](number, constant) for number in inside]
    assert judged(Compare("x", sign, constant), x=known) == (all(holds), not any(holds))


@given(INTERVALS, INTERVALS)
def test_an_order_holds_when_it_holds_for_every_pair(
    one: tuple[Numbers, list[float]], other: tuple[Numbers, list[float]]
) -> None:
    holds = [a <= b for a in one[1] for b in other[1]]
    yes, no = judged(InOrder("x", "y"), x=one[0], y=other[0])
    assert not yes or all(holds)
    assert not no or not any(holds)


@given(st.sets(st.sampled_from("abc"), min_size=1), st.sets(st.sampled_from("abc")))
def test_answers(possible: set[str], asked: set[str]) -> None:
    column = Picked(np.array([0]), (one_of(*possible),))
    assert judged(Among("x", frozenset(asked)), x=column) == (possible <= asked, not possible & asked)


def test_what_no_column_gives_is_open_and_one_certain_part_may_decide() -> None:
    known, _ = numbers(3, 3, False, False)
    unknown, true = Compare("y", "<", 1), Compare("x", "=", 3)
    assert judged(unknown, x=known) == (False, False)
    assert judged(AnyOf((unknown, true)), x=known) == (True, False)
    assert judged(All((unknown, Not(true))), x=known) == (False, True)
    assert judged(All((unknown, true)), x=known) == (False, False)
