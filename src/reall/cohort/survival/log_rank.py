"""The log-rank test of any number of strata, from counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from reall.cohort.columns import Floats
from reall.cohort.survival.counts import LifeTable

_TIMES_AT_ONCE = 1 << 18


@dataclass(frozen=True, kw_only=True)
class Test:
    """A chi-squared test."""

    chi2: float
    df: int
    p: float


def log_rank(tables: Sequence[LifeTable], cause: int | None = None) -> Test | None:
    """Compare strata by all events or, with `cause` (a row of `events`), by one that others compete with.

    None where there is nothing to compare: fewer than two strata with children, or no event. A stratum without
    children does not count.
    """
    tables = [table for table in tables if table.size]
    deaths = [table.deaths if cause is None else table.events[cause] for table in tables]
    if len(tables) <= 1 or not sum(int(d.sum()) for d in deaths):
        return None
    times = np.unique(np.concatenate([t.times[d > 0] for t, d in zip(tables, deaths, strict=True)]))
    excess, spread = np.zeros(len(tables)), np.zeros((len(tables), len(tables)))
    for start in range(0, len(times), _TIMES_AT_ONCE):
        _gather(tables, deaths, times[start : start + _TIMES_AT_ONCE], excess, spread)
    kept = excess[:-1]
    statistic = float(kept @ np.linalg.pinv(spread[:-1, :-1], hermitian=True) @ kept)
    df = int(np.linalg.matrix_rank(spread, hermitian=True))
    return Test(chi2=statistic, df=df, p=float(chi2.sf(statistic, df))) if df else None


def _gather(
    tables: Sequence[LifeTable],
    deaths: Sequence[np.ndarray[tuple[int], np.dtype[np.int64]]],
    times: Floats,
    excess: Floats,
    spread: Floats,
) -> None:
    """Add observed less expected events, and their covariance, over some of the event times."""
    at_risk, died = np.zeros((len(tables), len(times))), np.zeros((len(tables), len(times)))
    for row, (table, own) in enumerate(zip(tables, deaths, strict=True)):
        place = np.searchsorted(table.times, times)
        there = place < len(table.times)
        at_risk[row, there] = table.at_risk[place[there]]
        exact = there.copy()
        exact[there] = table.times[place[there]] == times[there]
        died[row, exact] = own[place[exact]]
    all_at_risk, all_died = at_risk.sum(axis=0), died.sum(axis=0)
    share = at_risk / all_at_risk
    excess += (died - share * all_died).sum(axis=1)
    # With one child at risk nothing varies, and the divisor is nought as well.
    weight = all_died * (all_at_risk - all_died) / np.maximum(all_at_risk - 1, 1)
    spread += np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
