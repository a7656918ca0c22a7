"""Known: the set of values that a fact may still have.

A fact is never just a value. `0.0005` is a point, "not detected at a sensitivity of 1e-3" is `[0, 1e-3)`, and
"not done" is everything. Numbers are intervals between two *edges*; an edge is a place between neighbouring numbers,
written `(x, BEFORE)` or `(x, AFTER)`, so that open and closed ends need no special cases: `[a, b)` runs from
`(a, BEFORE)` to `(b, BEFORE)`, the point `a` from `(a, BEFORE)` to `(a, AFTER)`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from reall.base.errors import UnusableCase

BEFORE, AFTER = 0, 1
Edge = tuple[float, int]
Answer = str | bool


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers between two edges. Empty intervals cannot be made."""

    low: Edge
    high: Edge

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"empty interval {self.low} to {self.high}")

    @property
    def point(self) -> float | None:
        """The value, when only one is left."""
        return self.low[0] if self.low[0] == self.high[0] else None

    def intersect(self, other: Interval) -> Interval | None:
        """Keep what both allow; None when nothing is left."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low < high else None

    def __str__(self) -> str:
        if self.point is not None:
            return f"{self.point:g}"
        lower = (">=" if self.low[1] == BEFORE else ">") + f" {self.low[0]:g}"
        upper = ("<=" if self.high[1] == AFTER else "<") + f" {self.high[0]:g}"
        if math.isinf(self.low[0]):
            return upper
        return lower if math.isinf(self.high[0]) else f"{lower} and {upper}"


@dataclass(frozen=True, slots=True)
class Choices:
    """The answers of a category or yes/no fact that are still possible. Never empty."""

    answers: frozenset[Answer]

    def __post_init__(self) -> None:
        if not self.answers:
            raise ValueError("no answer left")

    @property
    def point(self) -> Answer | None:
        """The answer, when only one is left."""
        return next(iter(self.answers)) if len(self.answers) == 1 else None

    def intersect(self, other: Choices) -> Choices | None:
        """Keep what both allow; None when nothing is left."""
        left = self.answers & other.answers
        return Choices(left) if left else None

    def __str__(self) -> str:
        words = {True: "yes", False: "no"}
        return " or ".join(sorted(words[a] if isinstance(a, bool) else a for a in self.answers))


Known = Interval | Choices


def exactly(number: float) -> Interval:
    """Know one number.

    >>> str(exactly(18))
    '18'
    """
    return Interval((number, BEFORE), (number, AFTER))


def between(low: float, high: float, *, low_open: bool = False, high_open: bool = False) -> Interval:
    """Know that a number lies between two others.

    >>> str(between(0, 1e-3, high_open=True))
    '>= 0 and < 0.001'
    """
    return Interval((low, AFTER if low_open else BEFORE), (high, BEFORE if high_open else AFTER))


def one_of(*answers: Answer) -> Choices:
    """Know that the answer is among these."""
    return Choices(frozenset(answers))


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
COMPARED = re.compile(rf"^\s*(<=|>=|<|>|=)?\s*({_NUMBER})\s*$")
RANGE = re.compile(rf"^\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*$")
"""Two numbers as a case writes a range; `COMPARED` is one number with or without a comparison."""


def read_interval(text: str, *, minimum: float, maximum: float) -> Interval:
    """Read `0.001`, `<1e-4`, `>= 5` or `1e-5..1e-4` (both ends included) within the bounds of a fact.

    Raises `UnusableCase` when the text is no number or lies outside the bounds.

    >>> str(read_interval("<1e-4", minimum=0, maximum=1))
    '>= 0 and < 0.0001'
    """
    if match := RANGE.match(text):
        low, high = float(match[1]), float(match[2])
        if low > high:
            raise UnusableCase(f"the range {text.strip()!r} runs backwards", next="Write the smaller number first.")
        made = between(low, high)
    elif match := COMPARED.match(text):
        number = float(match[2])
        made = {
            None: exactly(number),
            "=": exactly(number),
            "<": Interval((-math.inf, BEFORE), (number, BEFORE)),
            "<=": Interval((-math.inf, BEFORE), (number, AFTER)),
            ">": Interval((number, AFTER), (math.inf, AFTER)),
            ">=": Interval((number, BEFORE), (math.inf, AFTER)),
        }[match[1]]
    else:
        raise UnusableCase(
            f"{text!r} is not a number", next="Write a number, or an interval such as <1e-4 or 1e-5..1e-4."
        )
    return within(made, minimum=minimum, maximum=maximum)


def within(known: Interval, *, minimum: float, maximum: float) -> Interval:
    """Check a number against the bounds of its fact, and cut open ends off at them."""
    bounds = between(minimum, maximum)
    too_low = not math.isinf(known.low[0]) and known.low[0] < minimum
    too_high = not math.isinf(known.high[0]) and known.high[0] > maximum
    inside = known.intersect(bounds)
    if too_low or too_high or inside is None:
        raise UnusableCase(
            f"{known} is outside what is possible",
            why=f"Possible are {minimum:g} to {maximum:g}.",
            next="Check value and unit, or leave it out when unknown.",
        )
    return inside
