"""Survival for sharing: counts that are small are hidden, and so is all that would let them be worked out.

Everything shown follows from one table of counts, strata by what happened in each stretch of time, of which
`small_cells.share` says what may be seen. Estimates are given in whole percent; curves step only after as many events
as the limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.small_cells import Shared, hidden_of, share
from reall.cohort.survival.counts import Ints, LifeTable
from reall.cohort.survival.kaplan_meier import Curve, Estimate, at_years
from reall.cohort.survival.observed import CAUSES
from reall.cohort.survival.result import StratumSurvival, Survival, summarise
from reall.cohort.survival.strata import ALL, DETERMINED, Stratum

_DECIMALS = 2
_MOST_TIMES = 5
"""Times up to which every choice of them is tried."""


@dataclass(frozen=True, kw_only=True)
class SharedStratum:
    """One stratum, None for what is hidden. `estimates` and `at_risk` by the years of the result."""

    name: str
    determined: bool
    rows: int | None
    n: int | None
    events: int | None
    estimates: tuple[Estimate | None, ...]
    at_risk: tuple[int | None, ...]
    incidence: Mapping[str, tuple[Estimate | None, ...]]
    drawn: StratumSurvival | None


@dataclass(frozen=True, kw_only=True)
class SharedSurvival:
    """One question for sharing. `left_out` are years that are not given, so that more of the others can be."""

    survival: Survival
    at: tuple[float, ...]
    left_out: tuple[float, ...]
    all: SharedStratum
    strata: tuple[SharedStratum, ...]

    @property
    def anything_hidden(self) -> bool:
        """Whether a count or an estimate is hidden."""
        return bool(self.left_out) or any(s.rows is None or s.events is None or None in s.at_risk for s in self.strata)


def shared_survival(
    questions: Sequence[Survival], limit: int, sizes_hidden: Sequence[Mapping[str, bool]]
) -> tuple[SharedSurvival, ...]:
    """Prepare results of one end point and one table for sharing, all at the same years.

    `sizes_hidden`: per question and stratum's name, whether its size is hidden everywhere. Strata that are not
    determined are joined by status, as the cross tables of systems have them. What is known of all children together
    is the same in every question, so that no question gives away what another hides.
    """
    if not questions:
        return ()
    made = [
        tuple(_with_times(q, at, limit, hidden) for q, hidden in zip(questions, sizes_hidden, strict=True))
        for at in _choices(questions[0].at, limit)
    ]
    return max(made, key=_worth)


def joined(found: Survival) -> list[StratumSurvival]:
    """Join the strata that are not determined by their status."""
    by_name: dict[str, list[StratumSurvival]] = {}
    for each in found.strata:
        determined = each.stratum.status == DETERMINED
        by_name.setdefault(each.stratum.name if determined else each.stratum.status, []).append(each)
    return [
        parts[0] if parts[0].stratum.name == name else _merged(Stratum(parts[0].stratum.status), parts, found)
        for name, parts in by_name.items()
    ]


def _merged(stratum: Stratum, parts: Sequence[StratumSurvival], found: Survival) -> StratumSurvival:
    """Put strata together; children who are not counted are counted as one kind."""
    table = merged_table([part.table for part in parts])
    rows = sum(part.rows for part in parts)
    not_counted = {"not counted": rows - table.size} if rows > table.size else {}
    return summarise(
        stratum,
        table,
        endpoint=found.endpoint,
        at=found.at,
        within=max(found.at),
        rows=rows,
        without=not_counted,
        before_landmark={},
    )


def merged_table(tables: Sequence[LifeTable]) -> LifeTable:
    """Put the children of several life tables together."""
    times = np.unique(np.concatenate([table.times for table in tables]))
    events = np.zeros((len(tables[0].events), len(times)), dtype=np.int64)
    censored = np.zeros(len(times), dtype=np.int64)
    for table in tables:
        place = np.searchsorted(times, table.times)
        events[:, place] += table.events
        censored[place] += table.censored
    leaving = events.sum(axis=0) + censored
    return LifeTable(times=times, events=events, censored=censored, at_risk=leaving[::-1].cumsum()[::-1])


def _choices(at: tuple[float, ...], limit: int) -> list[tuple[float, ...]]:
    if limit <= 1 or len(at) > _MOST_TIMES:
        return [at]
    return [chosen for size in range(len(at), 0, -1) for chosen in combinations(at, size)]


def _worth(made: Sequence[SharedSurvival]) -> tuple[int, int, float]:
    """Prefer more estimates, then more numbers at risk, then later times."""
    strata = [s for each in made for s in each.strata]
    estimates = sum(e is not None for s in strata for e in s.estimates)
    return estimates, sum(r is not None for s in strata for r in s.at_risk), sum(made[0].at)


def _with_times(found: Survival, at: tuple[float, ...], limit: int, hidden: Mapping[str, bool]) -> SharedSurvival:
    """Prepare one question at some years."""
    strata = joined(found)
    names = CAUSES[found.endpoint]
    counts = np.array([_cells(each, at, len(names)) for each in strata], dtype=np.int64)
    totals = counts.sum(axis=0)
    all_hidden = hidden_of(totals, limit)
    rows_hidden = np.array([hidden[each.stratum.name] for each in strata])
    seen = share(counts, limit, rows_hidden, all_hidden)
    margins = Shared(totals[None, :], ~all_hidden[None, :], np.array([True]), ~all_hidden)
    return SharedSurvival(
        survival=found,
        at=at,
        left_out=tuple(years for years in found.at if years not in at),
        all=_shared(_merged(ALL, strata, found), margins, 0, at, limit),
        strata=tuple(_shared(each, seen, i, at, limit) for i, each in enumerate(strata)),
    )


def _cells(each: StratumSurvival, at: Sequence[float], causes: int) -> Ints:
    """Count what happened: per cause the events of each stretch of time, then the censored, then those not counted."""
    ends = np.searchsorted(each.table.times, [years * DAYS_PER_YEAR for years in at], side="right")
    stretches = np.split(np.arange(len(each.table.times)), ends)
    events = [each.table.events[cause, part].sum() for cause in range(causes) for part in stretches]
    censored = [each.table.censored[part].sum() for part in stretches]
    return np.array([*events, *censored, each.rows - each.n], dtype=np.int64)


def _shared(each: StratumSurvival, seen: Shared, row: int, at: tuple[float, ...], limit: int) -> SharedStratum:
    """Say of one stratum what its visible cells allow."""
    stretches = len(at) + 1
    shown = seen.shown[row]
    cells = shown[:-1].reshape(-1, stretches)  # one row per cause, then the censored
    up_to = np.logical_and.accumulate(cells, axis=1)
    sized = bool(seen.rows_shown[row])
    counted = sized and bool(shown[-1])
    all_events = bool(up_to[:-1, -1].all())
    estimates = [at_years(each.table, each.curve, years, DAYS_PER_YEAR) for years in at]
    return SharedStratum(
        name=each.stratum.name,
        determined=each.stratum.status == DETERMINED,
        rows=each.rows if sized else None,
        n=each.n if counted else None,
        events=each.events if all_events else None,
        estimates=tuple(
            _blurred(e, limit) if counted and up_to[:-1, i].all() else None for i, e in enumerate(estimates)
        ),
        at_risk=tuple(e.at_risk if counted and up_to[:, i].all() else None for i, e in enumerate(estimates)),
        incidence={
            cause: tuple(
                _blurred(each.incidence[cause][_place(each, years)], limit) if counted and up_to[:-1, i].all() else None
                for i, years in enumerate(at)
            )
            for cause in each.incidence
        },
        drawn=_coarse(each, limit, max(e.years for e in each.estimates)) if counted else None,
    )


def _place(each: StratumSurvival, years: float) -> int:
    return next(i for i, e in enumerate(each.estimates) if e.years == years)


def _blurred(estimate: Estimate, limit: int) -> Estimate:
    """Round to whole percent; a limit of 1 leaves it as it is."""
    if limit <= 1:
        return estimate
    ends = estimate.interval
    return replace(
        estimate,
        value=None if estimate.value is None else round(estimate.value, _DECIMALS),
        interval=(round(ends[0], _DECIMALS), round(ends[1], _DECIMALS)) if ends else None,
        standard_error=None,
    )


def _coarse(each: StratumSurvival, limit: int, years: float) -> StratumSurvival:
    """Keep every so many-th event's step of a curve, up to a time, and no mark of a child last seen."""
    if limit <= 1:
        return each
    steps = np.flatnonzero(each.table.deaths)
    reached = each.table.deaths[steps].cumsum()
    inside = each.curve.times <= years * DAYS_PER_YEAR
    kept, last = [], 0
    for place in np.flatnonzero(inside).tolist():
        if reached[place] - last >= limit:
            kept.append(place)
            last = int(reached[place])
    if kept and 0 < int(reached[-1]) - last < limit:
        kept.pop()
    nowhere = np.full(len(kept), np.nan)
    end = float(each.curve.times[kept[-1]]) if kept else 0.0
    curve = Curve(
        times=each.curve.times[kept],
        survival=np.round(each.curve.survival[kept], _DECIMALS),
        low=nowhere,
        high=nowhere,
        variance_of_log=nowhere,
        last=end,
    )
    return replace(each, curve=curve)
