"""Kaplan and Meier's estimate from counts: Greenwood's variance, log-log intervals, median, restricted mean.

Checked against R survival, statsmodels and lifelines (docs/decisions/survival-estimators.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reall.cohort.columns import Floats
from reall.cohort.survival.counts import Ints, LifeTable

LEVEL = 0.95
"""Of every interval."""
HALF = 0.5
_ROUNDING = 1e-12
"""A product of fractions that should be exactly one half may miss it by this much."""

Interval = tuple[float, float]


def standard_errors() -> float:
    """Give the standard errors to each side of an estimate: 1.96 for 95 %."""
    return float(ndtri((1 + LEVEL) / 2))


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A share of children at one time. `value` is None beyond the last observation; `interval` where none exists.

    The log-log interval does not exist while the estimate is 1 (no event yet) or 0.
    """

    years: float
    value: float | None
    interval: Interval | None
    standard_error: float | None
    at_risk: int
    events: int
    censored: int


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A step function: `survival[i]` from `times[i]` on, until the next; before the first it is 1."""

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    variance_of_log: Floats
    last: float

    def place(self, days: float) -> int:
        """Give the step that holds at a time; -1 before the first event."""
        return int(np.searchsorted(self.times, days, side="right")) - 1


def kaplan_meier(table: LifeTable) -> Curve:
    """Estimate survival. `low` and `high` are NaN where no log-log interval exists; they are for drawing only."""
    deaths: Ints = table.deaths
    steps = np.flatnonzero(deaths)
    died, at_risk = deaths[steps].astype(np.float64), table.at_risk[steps].astype(np.float64)
    survival: Floats = np.cumprod((at_risk - died) / at_risk).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(died / (at_risk * (at_risk - died)))
        low, high = log_log(survival, np.sqrt(variance) * survival)
    return Curve(
        times=table.times[steps], survival=survival, low=low, high=high, variance_of_log=variance, last=table.last
    )


def log_log(share: Floats, standard_error: Floats) -> tuple[Floats, Floats]:
    """Give the interval that is symmetric for log(-log(share)); NaN where the share is 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(share)
        spread = standard_errors() * standard_error / (share * log)
        ends = np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))
    inside = (share > 0) & (share < 1)
    return np.where(inside, np.minimum(*ends), np.nan), np.where(inside, np.maximum(*ends), np.nan)


def at_years(table: LifeTable, curve: Curve, years: float, days_per_year: float) -> Estimate:
    """Read the curve at a time, with what stands behind it."""
    days = years * days_per_year
    place = curve.place(days)
    value = float(curve.survival[place]) if place >= 0 else 1.0
    known = bool(table.size) and (days <= curve.last or value == 0)
    events, censored = table.up_to(days)
    variance = float(curve.variance_of_log[place]) if place >= 0 else 0.0
    return Estimate(
        years=years,
        value=value if known else None,
        interval=(float(curve.low[place]), float(curve.high[place])) if known and 0 < value < 1 else None,
        standard_error=value * variance**HALF if known and value > 0 else None,
        at_risk=table.at_risk_at(days),
        events=int(events.sum()),
        censored=censored,
    )


def median(curve: Curve) -> tuple[float | None, tuple[float | None, float | None]]:
    """Give the first time, in days, at which half or fewer survive; None where more than half do.

    Its interval (Brookmeyer and Crowley) runs between the times at which the ends of the log-log interval reach half.
    """

    def first(ends: Floats) -> float | None:
        below = np.flatnonzero(ends <= HALF + _ROUNDING)
        return float(curve.times[below[0]]) if len(below) else None

    low = np.where(np.isnan(curve.low) & (curve.survival == 0), 0.0, curve.low)
    return first(curve.survival), (first(low), first(curve.high))


def restricted_mean(table: LifeTable, curve: Curve, days: float) -> tuple[float, float] | None:
    """Give the mean time lived up to a time, and its standard error, in days; None where follow-up ends before it.

    The variance is that of R's `print(survfit(...), rmean=...)`.
    """
    if not table.size or (curve.last < days and not (len(curve.survival) and curve.survival[-1] == 0)):
        return None
    inside = curve.times < days
    times = np.r_[0.0, curve.times[inside], days]
    pieces = np.diff(times) * np.r_[1.0, curve.survival[inside]]
    area_after = pieces[::-1].cumsum()[::-1][1:]
    steps = np.flatnonzero(table.deaths)[: len(area_after)]
    died, at_risk = table.deaths[steps].astype(np.float64), table.at_risk[steps].astype(np.float64)
    left = at_risk - died
    terms = np.divide(died, at_risk * left, out=np.zeros_like(died), where=left > 0)
    return float(pieces.sum()), float(np.sum(area_after**2 * terms) ** HALF)
