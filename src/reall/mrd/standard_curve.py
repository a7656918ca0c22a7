"""The standard curve: Cq = intercept + slope * log10(quantity), by least squares on single wells.

The inverse reading carries its calibration variance, so that a level never leaves this room without an
interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Well
from reall.mrd.result import CurveSummary

_LEAST_POINTS = 2


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A quantity on the log10 scale with its variance and degrees of freedom."""

    log10: float
    variance: float
    df: float

    def __add__(self, other: Estimate) -> Estimate:
        return self._combine(other, self.log10 + other.log10)

    def __sub__(self, other: Estimate) -> Estimate:
        return self._combine(other, self.log10 - other.log10)

    def _combine(self, other: Estimate, log10: float) -> Estimate:
        """Add independent variances; degrees of freedom by Welch and Satterthwaite."""
        variance = self.variance + other.variance
        shares = [(part.variance, part.df) for part in (self, other) if part.variance > 0]
        df = variance**2 / sum(v**2 / d for v, d in shares) if shares else math.inf
        return Estimate(log10=log10, variance=variance, df=df)

    def interval(self, mass: float = 0.95) -> tuple[float, float]:
        """The two-sided interval on the linear scale."""
        half = float(stats.t.ppf((1 + mass) / 2, self.df)) * math.sqrt(self.variance) if self.variance else 0.0
        return 10 ** (self.log10 - half), 10 ** (self.log10 + half)

    @property
    def value(self) -> float:
        """The quantity on the linear scale."""
        return float(10**self.log10)


def exact(value: float) -> Estimate:
    """A quantity that is taken as known, such as a stated DNA input."""
    return Estimate(log10=math.log10(value), variance=0.0, df=math.inf)


@dataclass(frozen=True, kw_only=True)
class StandardCurve:
    """A fitted curve. `residual_sd` is in cycles; `mean_log10`, `spread`: where the standards lie."""

    target: str
    slope: float
    intercept: float
    r: float
    wells: tuple[Well, ...]
    residual_sd: float
    mean_log10: float
    spread: float

    @property
    def efficiency(self) -> float:
        """Amplification per cycle minus 1: 10^(-1/slope) - 1; 1.0 means doubling."""
        return float(10 ** (-1 / self.slope) - 1)

    @property
    def points(self) -> tuple[float, ...]:
        """The quantities used, highest first."""
        return tuple(sorted({well.quantity for well in self.wells if well.quantity is not None}, reverse=True))

    def predict(self, quantity: float) -> float:
        """The Cq that the curve expects for a quantity."""
        return self.intercept + self.slope * math.log10(quantity)

    def read(self, cqs: Sequence[float]) -> Estimate:
        """Read the mean of replicate Cqs off the curve.

        The variance is that of classical inverse calibration: scatter of the replicates, of the line's
        height and of its slope at this distance from the middle of the standards.
        """
        log10 = (float(np.mean(cqs)) - self.intercept) / self.slope
        leverage = 1 / len(cqs) + 1 / len(self.wells) + (log10 - self.mean_log10) ** 2 / self.spread
        df = max(1, len(self.wells) - 2)
        return Estimate(log10=log10, variance=(self.residual_sd / self.slope) ** 2 * leverage, df=df)

    def worst_point(self) -> tuple[float, float]:
        """The quantity that lies farthest from the line through the other points, and by how many cycles."""
        distances = {}
        for quantity in self.points:
            rest = [well for well in self.wells if well.quantity != quantity]
            here = [well.cq for well in self.wells if well.quantity == quantity and well.cq is not None]
            if len({well.quantity for well in rest}) < _LEAST_POINTS:
                continue
            line = fit_curve(rest, target=self.target)
            distances[quantity] = float(np.mean(here)) - line.predict(quantity)
        if not distances:
            return self.points[0], 0.0
        quantity = max(distances, key=lambda key: abs(distances[key]))
        return quantity, distances[quantity]

    def summary(self) -> CurveSummary:
        """The five numbers that go into the result."""
        return CurveSummary(
            slope=self.slope,
            intercept=self.intercept,
            r_squared=self.r**2,
            r=self.r,
            efficiency=self.efficiency,
        )


def fit_curve(wells: Sequence[Well], *, target: str = "", where: str = "") -> StandardCurve:
    """Fit the line through all wells that have a Cq and a quantity above 0.

    Raises:
        UnusableLaboratoryData: fewer than two different quantities were detected, or all Cqs are equal.
    """
    used = [well for well in wells if well.cq is not None and well.quantity is not None and well.quantity > 0]
    log10 = np.array([math.log10(well.quantity) for well in used if well.quantity is not None])
    cq = np.array([well.cq for well in used], dtype=float)
    if len(set(log10.tolist())) < _LEAST_POINTS or float(np.ptp(cq)) == 0.0:
        raise UnusableLaboratoryData(
            f"No standard curve for {target!r}: {len(set(log10.tolist()))} quantity levels were detected.",
            where=where or f"standards of {target}",
            why="A line needs at least two different quantities with different Cq.",
            next="Check that the standards carry their role and quantity in the file and amplified.",
        )
    fit = stats.linregress(log10, cq)
    residuals = cq - (fit.intercept + fit.slope * log10)
    df = max(1, len(used) - 2)
    return StandardCurve(
        target=target,
        slope=float(fit.slope),
        intercept=float(fit.intercept),
        r=float(fit.rvalue),
        wells=tuple(used),
        residual_sd=float(np.sqrt(np.sum(residuals**2) / df)),
        mean_log10=float(np.mean(log10)),
        spread=float(np.sum((log10 - np.mean(log10)) ** 2)),
    )
