"""Counts per stratum and distinct time, gathered batch by batch: all that the estimators need of a registry.

Exact: a time is kept as it was given, nothing is rounded or binned. Memory: the distinct times of each stratum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reall.cohort.columns import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LifeTable:
    """One stratum: at each distinct time, the events by cause, the children censored, and those at risk just before.

    An event comes before a censoring at the same time. `events` has one row per cause.
    """

    times: Floats
    events: Ints
    censored: Ints
    at_risk: Ints

    @property
    def size(self) -> int:
        """How many children there are."""
        return int(self.events.sum() + self.censored.sum())

    @property
    def deaths(self) -> Ints:
        """Events of any cause, by time."""
        total: Ints = self.events.sum(axis=0)
        return total

    @property
    def last(self) -> float:
        """The longest time under observation; 0 in an empty table."""
        return float(self.times[-1]) if len(self.times) else 0.0

    def at_risk_at(self, days: float) -> int:
        """How many are still under observation at a time, itself included."""
        place = int(np.searchsorted(self.times, days, side="left"))
        return int(self.at_risk[place]) if place < len(self.times) else 0

    def up_to(self, days: float) -> tuple[Ints, int]:
        """Events by cause, and children censored, up to a time, itself included."""
        place = int(np.searchsorted(self.times, days, side="right"))
        return self.events[:, :place].sum(axis=1), int(self.censored[:place].sum())


@dataclass
class _Pile:
    """Distinct times with counts; new ones are heaped up and merged when they have doubled."""

    times: list[Floats] = field(default_factory=list)
    counts: list[Ints] = field(default_factory=list)
    merged: int = 0

    def add(self, times: Floats, counts: Ints) -> None:
        self.times.append(times)
        self.counts.append(counts)
        if sum(map(len, self.times)) > 2 * self.merged + len(times):
            self.merge()

    def merge(self) -> tuple[Floats, Ints]:
        if len(self.times) != 1:
            times, counts = _sum_alike(np.concatenate(self.times), np.concatenate(self.counts))
            self.times, self.counts, self.merged = [times], [counts], len(times)
        return self.times[0], self.counts[0]


def _sum_alike(times: Floats, counts: Ints) -> tuple[Floats, Ints]:
    order = np.argsort(times, kind="stable")
    times, counts = times[order], counts[order]
    starts = np.flatnonzero(np.r_[True, times[1:] != times[:-1]]) if len(times) else np.zeros(0, dtype=np.int64)
    return times[starts], np.add.reduceat(counts, starts) if len(starts) else counts


class Tally:
    """Gathers the counts of every stratum."""

    def __init__(self, causes: int) -> None:
        """Prepare for a number of causes that may end the time; 0 stands for a censored child."""
        self._causes = causes
        self._piles: dict[tuple[int, int], _Pile] = {}

    def add(self, strata: Ints, days: Floats, cause: Ints) -> None:
        """Take in some children; strata are numbered from 0."""
        if not len(strata):
            return
        kinds = self._causes + 1
        key = strata * kinds + cause
        for number in np.flatnonzero(np.bincount(key)).tolist():
            times, counts = np.unique(days[key == number], return_counts=True)
            self._piles.setdefault(divmod(number, kinds), _Pile()).add(times, counts.astype(np.int64))

    def table(self, strata: Iterable[int]) -> LifeTable:
        """Give the life table of some strata together."""
        wanted = set(strata)
        by_cause: list[list[tuple[Floats, Ints]]] = [[] for _ in range(self._causes + 1)]
        for (stratum, cause), pile in self._piles.items():
            if stratum in wanted:
                by_cause[cause].append(pile.merge())
        parts = [_joined(part) for part in by_cause]
        times = np.unique(np.concatenate([part[0] for part in parts]))
        counts = np.zeros((self._causes + 1, len(times)), dtype=np.int64)
        for row, (own, many) in zip(counts, parts, strict=True):
            row[np.searchsorted(times, own)] = many
        leaving = counts.sum(axis=0)
        at_risk = leaving[::-1].cumsum()[::-1]
        return LifeTable(times=times, events=counts[1:], censored=counts[0], at_risk=at_risk)


def _joined(parts: list[tuple[Floats, Ints]]) -> tuple[Floats, Ints]:
    if not parts:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    return _sum_alike(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
