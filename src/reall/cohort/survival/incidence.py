"""Cumulative incidence under competing risks, after Aalen and Johansen, from counts.

Variance by the delta method (Marubini and Valsecchi 1995, as in statsmodels), interval log-log. Exact with tied times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reall.cohort.columns import Floats
from reall.cohort.survival.counts import LifeTable
from reall.cohort.survival.kaplan_meier import Estimate, log_log


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """Per cause (row), the share of children whom it has reached from `times[i]` on."""

    times: Floats
    share: Floats
    standard_error: Floats
    last: float


def aalen_johansen(table: LifeTable) -> Incidence:
    """Estimate the cumulative incidence of every cause."""
    deaths = table.deaths
    steps = np.flatnonzero(deaths)
    died, at_risk = deaths[steps].astype(np.float64), table.at_risk[steps].astype(np.float64)
    before = np.r_[1.0, np.cumprod((at_risk - died) / at_risk)[:-1]]
    share, error = np.zeros((len(table.events), len(steps))), np.zeros((len(table.events), len(steps)))
    left = at_risk - died
    # Once nobody is left nothing more can happen, so that the last term never counts.
    greenwood = np.divide(died, at_risk * left, out=np.zeros_like(died), where=left > 0)
    for cause, events in enumerate(table.events):
        own = events[steps].astype(np.float64)
        reached = np.cumsum(before * own / at_risk)
        drawn = before**2 * (at_risk - own) * own / at_risk**3
        mixed = before * own / at_risk**2
        variance = (
            reached**2 * np.cumsum(greenwood)
            - 2 * reached * np.cumsum(reached * greenwood)
            + np.cumsum(reached**2 * greenwood)
            + np.cumsum(drawn)
            - 2 * reached * np.cumsum(mixed)
            + 2 * np.cumsum(reached * mixed)
        )
        share[cause], error[cause] = reached, np.sqrt(np.maximum(variance, 0.0))
    return Incidence(times=table.times[steps], share=share, standard_error=error, last=table.last)


def incidence_at(table: LifeTable, found: Incidence, cause: int, years: float, days_per_year: float) -> Estimate:
    """Read one cause's curve at a time."""
    days = years * days_per_year
    place = int(np.searchsorted(found.times, days, side="right")) - 1
    value = float(found.share[cause, place]) if place >= 0 else 0.0
    error = float(found.standard_error[cause, place]) if place >= 0 else 0.0
    everybody = bool(table.size) and int(table.up_to(found.last)[1]) == 0  # nobody was censored: nobody can follow
    known = bool(table.size) and (days <= found.last or everybody)
    low, high = log_log(np.array([value]), np.array([error]))
    events, censored = table.up_to(days)
    return Estimate(
        years=years,
        value=value if known else None,
        interval=(float(low[0]), float(high[0])) if known and 0 < value < 1 else None,
        standard_error=error if known else None,
        at_risk=table.at_risk_at(days),
        events=int(events[cause]),
        censored=censored,
    )
