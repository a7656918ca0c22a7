"""Interval arithmetic on counts, shared by digital PCR, NGS and flow.

Counts are whole numbers, `mass` is the probability inside the interval (0.95 unless told). Nothing here
knows an assay; a count of 0 always has an upper limit above 0.
"""

from __future__ import annotations

import math
from functools import lru_cache

from scipy import optimize, stats

MASS = 0.95


def poisson_interval(events: int, *, mass: float = MASS) -> tuple[float, float]:
    """Exact two-sided interval of a Poisson mean from a count (Garwood 1936).

    >>> [round(limit, 2) for limit in poisson_interval(3)]
    [0.62, 8.77]
    """
    _refuse_negative(events)
    tail = (1 - mass) / 2
    low = 0.0 if events == 0 else float(stats.chi2.ppf(tail, 2 * events) / 2)
    return low, float(stats.chi2.ppf(1 - tail, 2 * (events + 1)) / 2)


def poisson_upper_limit(events: int, *, mass: float = MASS) -> float:
    """Exact one-sided upper limit of a Poisson mean: 3.0 when nothing was seen.

    >>> round(poisson_upper_limit(0), 2)
    3.0
    """
    _refuse_negative(events)
    return float(stats.chi2.ppf(mass, 2 * (events + 1)) / 2)


def fraction_interval(events: int, cells: float, *, mass: float = MASS) -> tuple[float, float]:
    """Interval of events per cell from a Poisson count; `cells` > 0. The upper limit never exceeds 1."""
    if not cells > 0:
        raise ValueError(f"cells must be above 0, not {cells!r}")
    low, high = poisson_interval(events, mass=mass)
    return min(1.0, low / cells), min(1.0, high / cells)


@lru_cache(maxsize=4096)
def beta_hdi(positives: int, total: int, *, mass: float = MASS) -> tuple[float, float]:
    """Highest-density interval of a proportion under a flat prior, Beta(k + 1, n - k + 1).

    The shortest interval of that mass; it starts at 0 when nothing is positive and ends at 1 when everything
    is.
    """
    _refuse_negative(positives)
    if total <= 0 or positives > total:
        raise ValueError(f"need 0 <= positives <= total and total > 0, not {positives} of {total}")
    posterior = stats.beta(positives + 1, total - positives + 1)
    if positives == 0:
        return 0.0, float(posterior.ppf(mass))
    if positives == total:
        return float(posterior.ppf(1 - mass)), 1.0

    def width(lower_tail: float) -> float:
        return float(posterior.ppf(lower_tail + mass) - posterior.ppf(lower_tail))

    best = optimize.minimize_scalar(width, bounds=(0.0, 1 - mass), method="bounded", options={"xatol": 1e-9})
    return float(posterior.ppf(best.x)), float(posterior.ppf(best.x + mass))


def cells_for_detection(level_fraction: float, *, events: int = 1, probability: float = MASS) -> int:
    """How many cells must be looked at to see at least `events` leukaemic cells with this probability.

    >>> cells_for_detection(1e-4)
    29958
    """
    if not 0 < level_fraction <= 1:
        raise ValueError(f"level_fraction must lie in (0, 1], not {level_fraction!r}")
    return math.ceil(expected_events_for_detection(events=events, probability=probability) / level_fraction)


def expected_events_for_detection(*, events: int = 1, probability: float = MASS) -> float:
    """The Poisson mean that shows at least `events` with this probability: 3.0 for one event at 95 %."""
    if events < 1:
        raise ValueError(f"events must be at least 1, not {events!r}")
    return float(stats.chi2.ppf(probability, 2 * events) / 2)


def detection_limit(cells: float, *, events: int = 1, probability: float = MASS) -> float:
    """The level that shows at least `events` leukaemic cells among `cells` with this probability."""
    if not cells > 0:
        raise ValueError(f"cells must be above 0, not {cells!r}")
    return min(1.0, expected_events_for_detection(events=events, probability=probability) / cells)


def _refuse_negative(events: int) -> None:
    if events < 0:
        raise ValueError(f"a count cannot be negative: {events!r}")
