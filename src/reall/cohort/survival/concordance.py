"""Harrell's C of ordered groups, from counts, with the infinitesimal jackknife for its interval.

As R's `concordance`: of two children, the one who had the event first should be in the group of higher risk. Pairs
that cannot be ordered (both events at one time, or the shorter time censored) do not count; equal groups count half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reall.cohort.columns import Floats
from reall.cohort.survival.counts import Ints, LifeTable
from reall.cohort.survival.kaplan_meier import HALF, Interval, standard_errors


@dataclass(frozen=True, kw_only=True)
class Concordance:
    """Harrell's C, its interval, the children and the pairs it rests on."""

    c: float
    standard_error: float
    interval: Interval
    n: int
    pairs: int


def harrell(tables: Sequence[LifeTable]) -> Concordance | None:
    """Give C for groups in the order of rising risk; None where no pair of children can be ordered."""
    groups = [_Group.of(table) for table in tables if table.size]
    concordant = comparable = 0.0
    parts: list[tuple[Floats, Floats, Ints]] = []
    for place, group in enumerate(groups):
        for times, many, failed in ((group.times, group.events, True), (group.times, group.censored, False)):
            right, pairs = _pairs(groups, place, times, failed=failed)
            parts.append((right, pairs, many))
            if failed:
                later_right, later = _pairs(groups, place, times, failed=True, later_only=True)
                concordant += float(later_right @ many)
                comparable += float(later @ many)
    if not comparable:
        return None
    c = concordant / comparable
    influence = [((right - c * pairs) / comparable, many) for right, pairs, many in parts]
    error = float(sum(float(value**2 @ many) for value, many in influence) ** HALF)
    spread = standard_errors() * error
    return Concordance(
        c=c,
        standard_error=error,
        interval=(max(0.0, c - spread), min(1.0, c + spread)),
        n=sum(table.size for table in tables),
        pairs=int(comparable),
    )


@dataclass(frozen=True)
class _Group:
    times: Floats
    events: Ints
    censored: Ints
    events_before: Ints
    after: Ints

    @staticmethod
    def of(table: LifeTable) -> _Group:
        events: Ints = table.deaths
        return _Group(
            table.times,
            events,
            table.censored,
            np.r_[np.int64(0), events.cumsum()],
            np.r_[table.at_risk, np.int64(0)],
        )

    def failed_before(self, times: Floats, *, same_too: bool) -> Ints:
        """Events before each time; `same_too` counts those at it, which come before a censoring."""
        return self.events_before[np.searchsorted(self.times, times, side="right" if same_too else "left")]

    def later(self, times: Floats) -> Ints:
        """Count children who outlive each time, those censored at it included."""
        place = np.searchsorted(self.times, times, side="left")
        exact = np.zeros(len(times), dtype=np.int64)
        inside = place < len(self.times)
        same = inside.copy()
        same[inside] = self.times[place[inside]] == times[inside]
        exact[same] = self.events[place[same]]
        return self.after[place] - exact


def _pairs(
    groups: Sequence[_Group], own: int, times: Floats, *, failed: bool, later_only: bool = False
) -> tuple[Floats, Floats]:
    """Count, for a child of a group at each time, the pairs it is in: those in the right order, and all."""
    right, pairs = np.zeros(len(times)), np.zeros(len(times))
    for place, group in enumerate(groups):
        if failed:
            later = group.later(times)
            right += later * _credit(own, place)
            pairs += later
        if not later_only:
            before = group.failed_before(times, same_too=not failed)
            right += before * _credit(place, own)
            pairs += before
    return right, pairs


def _credit(failed: int, later: int) -> float:
    """Credit a pair: 1 where the child who failed first is of the higher group, half where both are of one."""
    return 1.0 if failed > later else HALF if failed == later else 0.0
