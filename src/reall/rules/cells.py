"""Cells: the few pieces into which the constants of the rules cut each fact.

No rule can tell two values of one cell apart, so what is known about a fact is a small set of cells, held as the bits
of an integer. Facts that a background condition compares with each other share their cuts, so that two cells are in
order, out of order, or equal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reall.facts.known import AFTER, BEFORE, Answer, Edge, Interval, Known, one_of
from reall.facts.vocabulary import Fact
from reall.rules.condition import Compare, Condition, InOrder, atoms


def edges_of(atom: Compare, fact: Fact) -> list[Edge]:
    """Give the edges at which a comparison with a constant turns from true to false."""
    number = atom.constant
    if fact.kind == "count":  # between whole numbers: x <= 5 cuts where x < 6 does
        after: Edge = (number + 1, BEFORE)
    else:
        after = (number, AFTER)
    before: Edge = (number, BEFORE)
    return {"<": [before], ">=": [before], "<=": [after], ">": [after]}.get(atom.operator, [before, after])


@dataclass(frozen=True)
class Axis:
    """The cells of one fact. `cuts` are the edges between neighbouring cells of a number; answers are cells."""

    fact: Fact
    cuts: tuple[Edge, ...] = ()

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.cuts) + 1 if self.fact.numeric else len(self.fact.answers)

    @cached_property
    def everything(self) -> int:
        """The bits of all cells that hold a value (shared cuts may leave empty ones)."""
        return self.mask(self.fact.everything)

    @cached_property
    def _bit(self) -> dict[Answer, int]:
        return {answer: 1 << i for i, answer in enumerate(self.fact.answers)}

    def mask(self, known: Known) -> int:
        """Give the cells that what is known can lie in. Cost: two binary searches."""
        if isinstance(known, Interval):
            first = bisect_right(self.cuts, known.low)
            last = bisect_left(self.cuts, known.high)
            return (2 << last) - (1 << first)
        bits = self._bit
        return sum(bits[answer] for answer in known.answers)

    def mask_of_comparison(self, operator: str, constant: float) -> int:
        """Give the cells in which a comparison with a constant holds."""
        low, high = (constant, BEFORE), (constant, AFTER)
        infinity = float("inf")
        start, end = (-infinity, BEFORE), (infinity, AFTER)
        spans = {
            "<": [(start, low)],
            "<=": [(start, high)],
            ">": [(high, end)],
            ">=": [(low, end)],
            "=": [(low, high)],
            "<>": [(start, low), (high, end)],
        }[operator]
        mask = 0
        for i in range(self.size):
            mask |= any(self._inside(i, span) for span in spans) << i
        return mask

    def _inside(self, cell: int, span: tuple[Edge, Edge]) -> bool:
        low, high = self.edges(cell)
        return span[0] <= low and high <= span[1]

    def edges(self, cell: int) -> tuple[Edge, Edge]:
        """Give the two edges of a number's cell; whole numbers end at their last member."""
        low = self.cuts[cell - 1] if cell else (self.fact.minimum, BEFORE)
        high = self.cuts[cell] if cell < len(self.cuts) else (self.fact.maximum, AFTER)
        if self.fact.kind == "count" and high[1] == BEFORE:
            high = (high[0] - 1, AFTER)
        return low, high

    def words(self, cell: int) -> str:
        """Say what one cell holds."""
        if cell not in self._words:
            self._words[cell] = str(self.known(1 << cell))
        return self._words[cell]

    @cached_property
    def _words(self) -> dict[int, str]:
        return {}

    def known(self, cells: int) -> Known:
        """Give the set of values that some neighbouring cells (or any answers) cover."""
        chosen = [i for i in range(self.size) if cells >> i & 1]
        if self.fact.numeric:
            return Interval(self.edges(chosen[0])[0], self.edges(chosen[-1])[1])
        return one_of(*(self.fact.answers[i] for i in chosen))


@dataclass(frozen=True)
class Space:
    """The product of all axes, in the order of the questions."""

    axes: tuple[Axis, ...]

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each fact stands."""
        return {axis.fact.name: i for i, axis in enumerate(self.axes)}

    @cached_property
    def everything(self) -> tuple[int, ...]:
        """The masks of a case about which nothing is known."""
        return tuple(axis.everything for axis in self.axes)

    def masks(self, known: Mapping[str, Known]) -> list[int]:
        """Turn what is known into one mask per axis; facts left out are unknown."""
        masks = list(self.everything)
        position = self.position
        for name, value in known.items():
            at = position.get(name)
            if at is not None:
                masks[at] = self.axes[at].mask(value)
        return masks


def cut(facts: Iterable[Fact], conditions: Iterable[Condition]) -> Space:
    """Cut every fact at the constants that the conditions compare it with."""
    facts = list(facts)
    by_name = {fact.name: fact for fact in facts}
    cuts: dict[str, set[Edge]] = {fact.name: set() for fact in facts}
    groups: dict[str, set[str]] = {fact.name: {fact.name} for fact in facts}
    for atom in (atom for condition in conditions for atom in atoms(condition)):
        if isinstance(atom, InOrder):
            joined = groups[atom.smaller] | groups[atom.larger]
            for name in joined:
                groups[name] = joined
        elif isinstance(atom, Compare):
            cuts[atom.fact].update(edges_of(atom, by_name[atom.fact]))
    axes = []
    for fact in facts:
        edges = {edge for name in groups[fact.name] for edge in cuts[name]}
        low, high = (fact.minimum, BEFORE), (fact.maximum, AFTER)
        if len(groups[fact.name]) == 1:
            edges = {edge for edge in edges if low < edge < high}
        axes.append(Axis(fact, tuple(sorted(edges))))
    return Space(tuple(axes))
