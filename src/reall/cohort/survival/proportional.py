"""Checks a Cox model for proportional hazards: the score test of Grambsch and Therneau (1994), as R's `cox.zph` has it.

lifelines' own check gave p = 0.30 and 0.56 where R gives 0.053 and 0.081 (EBMT ALL, survival by age), so that it is
worked out here; see docs/decisions/survival-estimators.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from reall.cohort.columns import Flags, Floats
from reall.cohort.survival.log_rank import Test

Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Moments:
    """At each event, mean and variance of the terms over the children at risk; ties as Efron has them."""

    mean: Matrix
    variance: Matrix
    clock: Floats


def check(terms: Floats, days: Floats, event: Flags, beta: Floats) -> tuple[tuple[Test, ...], Test]:
    """Test whether each term's ratio changes with time, and all of them together.

    Time enters as 1 minus the Kaplan-Meier estimate just before an event. `terms` has one column per term, `beta` the
    fitted logarithms of the hazard ratios.
    """
    order = np.argsort(-days, kind="stable")
    x, days, event = terms[order] - terms.mean(axis=0), days[order], event[order]
    moments = _moments(x, days, event, np.exp(x @ beta))
    clock = moments.clock - moments.clock.mean()
    score = clock @ (x[event] - moments.mean)
    plain = moments.variance.sum(axis=0)
    mixed = np.einsum("e,eij->ij", clock, moments.variance)
    squared = np.einsum("e,eij->ij", clock**2, moments.variance)
    left = squared - mixed @ np.linalg.solve(plain, mixed)
    whole = _test(float(score @ np.linalg.solve(left, score)), len(beta))
    return tuple(_test(float(score[j] ** 2 / left[j, j]), 1) for j in range(len(beta))), whole


def _test(statistic: float, df: int) -> Test:
    return Test(chi2=statistic, df=df, p=float(chi2.sf(statistic, df)))


def _moments(x: Matrix, days: Floats, event: Flags, risk: Matrix) -> _Moments:
    """Work the moments out; rows come with the longest time first."""
    weighted = risk[:, None] * x
    products = weighted[:, :, None] * x[:, None, :]
    ends = np.searchsorted(-days, -days[event], side="right") - 1  # the last row that is at risk at the event
    # Of the events at one time, each sees the others' risk taken away by its place among them.
    _, group, ties = np.unique(days[event], return_inverse=True, return_counts=True)
    place = np.zeros(len(group))
    start = np.r_[0, np.cumsum(ties)[:-1]]
    place[np.argsort(group, kind="stable")] = np.arange(len(group)) - np.repeat(start, ties)
    share = place / ties[group]

    def over_risk(values: Matrix) -> Matrix:
        tied = np.zeros((len(ties), *values.shape[1:]))
        np.add.at(tied, group, values[event])
        wide = share.reshape(-1, *[1] * (values.ndim - 1))
        left: Matrix = values.cumsum(axis=0)[ends] - wide * tied[group]
        return left

    total = over_risk(risk)
    mean = over_risk(weighted) / total[:, None]
    variance = over_risk(products) / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
    at_risk = np.searchsorted(-days, -np.unique(days[event]), side="right")
    alive = np.r_[1.0, np.cumprod(1 - ties / at_risk)[:-1]]
    return _Moments(mean, variance, 1 - alive[group])
