"""What many rows say about one fact: numbers and picked answers by column, and the cell sets that they lie in.

A number is a point in most rows; the rest share a few intervals. An answer is one of a few sets. Nothing here looks
at rows one by one, so that a million of them cost a few array operations per fact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reall.facts.known import AFTER, Choices, Interval, exactly
from reall.rules.cells import Axis
from reall.rules.patterns import Column

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Numbers:
    """A number in many rows: `points` (NaN where none), or `intervals[which]` (-1 where none); else unknown."""

    points: Floats
    which: Codes
    intervals: tuple[Interval, ...] = ()

    @staticmethod
    def of(points: Floats) -> Numbers:
        """Know points only; NaN is unknown."""
        return Numbers(points, np.broadcast_to(np.int64(-1), len(points)))

    @property
    def unknown(self) -> Flags:
        """Where nothing is known."""
        return np.isnan(self.points) & (self.which < 0) if self.intervals else np.isnan(self.points)

    def known(self, row: int) -> Interval | None:
        """What one row says."""
        if self.which[row] >= 0:
            return self.intervals[int(self.which[row])]
        point = float(self.points[row])
        return None if np.isnan(point) else exactly(point)

    def ends(self) -> tuple[Floats, Floats]:
        """The lowest and the highest value that each row leaves possible; NaN where nothing is known."""
        if not self.intervals:
            return self.points, self.points
        low = np.array([*(i.low[0] for i in self.intervals), np.nan])
        high = np.array([*(i.high[0] for i in self.intervals), np.nan])
        ranged = self.which >= 0
        return np.where(ranged, low[self.which], self.points), np.where(ranged, high[self.which], self.points)

    def without(self, rows: Flags) -> Numbers:
        """Forget what some rows say."""
        if not rows.any():
            return self
        return Numbers(np.where(rows, np.nan, self.points), np.where(rows, -1, self.which), self.intervals)

    def or_else(self, other: Numbers) -> Numbers:
        """Take what another column says where this one says nothing."""
        points = np.where(self.unknown, other.points, self.points)
        if not other.intervals:
            return Numbers(points, self.which, self.intervals)
        theirs = np.where(other.which >= 0, other.which + len(self.intervals), -1)
        return Numbers(points, np.where(self.unknown, theirs, self.which), (*self.intervals, *other.intervals))

    def mapped(self, of_points: Callable[[Floats], Floats], of_interval: Callable[[Interval], Interval]) -> Numbers:
        """Put every number through a rising function."""
        return Numbers(of_points(self.points), self.which, tuple(of_interval(i) for i in self.intervals))

    def cells(self, axis: Axis) -> Column:
        """Give the cell set of every row."""
        small = np.uint8 if axis.size < np.iinfo(np.uint8).max else np.int64
        codes: Codes = np.zeros(len(self.points), dtype=small)
        for number, side in axis.cuts:
            edge = np.nextafter(number, np.inf) if side == AFTER else number
            np.add(codes, self.points >= edge, out=codes, casting="unsafe")
        masks = [1 << cell for cell in range(axis.size)] + [axis.everything]
        codes[np.isnan(self.points)] = axis.size
        if self.intervals:
            number_of: dict[int, int] = {}
            codes = codes.astype(np.int64)
            place = np.array(
                [number_of.setdefault(axis.mask(i), len(number_of)) for i in self.intervals], dtype=np.int64
            )
            ranged = self.which >= 0
            codes[ranged] = len(masks) + place[self.which[ranged]]
            masks += list(number_of)
        return Column(tuple(masks), codes)


@dataclass(frozen=True)
class Picked:
    """An answer in many rows: `sets[codes]`, the answers still possible; None where nothing is known."""

    codes: Codes
    sets: tuple[Choices | None, ...]

    def known(self, row: int) -> Choices | None:
        """What one row says."""
        return self.sets[int(self.codes[row])]

    @property
    def unknown(self) -> Flags:
        """Where nothing is known."""
        return np.array([s is None for s in self.sets]).take(self.codes)

    def without(self, rows: Flags) -> Picked:
        """Forget what some rows say."""
        return Picked(np.where(rows, len(self.sets), self.codes), (*self.sets, None)) if rows.any() else self

    def filled(self, known: Choices, rows: Flags | bool = True) -> Picked:
        """Take one answer where nothing is known, in some rows."""
        return Picked(np.where(self.unknown & rows, len(self.sets), self.codes), (*self.sets, known))

    def both(self, other: Picked) -> tuple[Picked, list[tuple[Flags, Choices, Choices]]]:
        """Keep what both columns allow. Also gives the rows in which they contradict each other, with both sets."""
        pair = self.codes.astype(np.int64) * len(other.sets) + other.codes
        present = np.flatnonzero(np.bincount(pair, minlength=len(self.sets) * len(other.sets)))
        code_of = np.zeros(len(self.sets) * len(other.sets), dtype=np.int64)
        sets: list[Choices | None] = []
        clashes: list[tuple[Flags, Choices, Choices]] = []
        for p, number in zip(present.tolist(), count()):
            mine, theirs = self.sets[p // len(other.sets)], other.sets[p % len(other.sets)]
            code_of[p] = number
            left = mine or theirs
            if mine is not None and theirs is not None:
                left = mine.intersect(theirs)
                if left is None:
                    clashes.append((pair == p, mine, theirs))
            sets.append(left)
        return Picked(code_of[pair], tuple(sets)), clashes

    def cells(self, axis: Axis, unknown: int) -> Column:
        """Give the cell set of every row; `unknown` is the mask where nothing is known."""
        number_of: dict[int, int] = {}
        masks = [unknown if s is None else axis.mask(s) for s in self.sets]
        place = [number_of.setdefault(mask, len(number_of)) for mask in masks]
        if place == list(range(len(place))):
            return Column(tuple(masks), self.codes)
        return Column(tuple(number_of), np.array(place, dtype=np.min_scalar_type(len(place))).take(self.codes))
