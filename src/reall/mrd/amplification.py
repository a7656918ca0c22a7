"""Cq from raw amplification curves, for files that hold fluorescence only.

One threshold for all curves of one target, as instruments do it: the baseline of each curve is the median of
its early cycles, the threshold a share of the mean plateau unless the laboratory names its own, and the crossing
is interpolated on the logarithm of the fluorescence, because growth there is exponential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reall.mrd.plate import Plate, Well
from reall.mrd.result import Finding, Severity

_RISE_SHARE = 0.2  # a curve whose rise is below this share of the highest rise did not amplify
_RISE_OVER_NOISE = 10.0  # and a rise must stand this many baseline deviations above the baseline


@dataclass(frozen=True, kw_only=True)
class CqSettings:
    """How a Cq is taken: baseline window (cycles, inclusive), and the threshold above the baseline.

    `threshold` is in the unit of the fluorescence; without it, it is `threshold_share` of the mean plateau.
    """

    baseline_first_cycle: float = 3
    baseline_last_cycle: float = 10
    threshold_share: float = 0.1
    threshold: float | None = None

    def describe(self) -> str:
        """Say in words how the Cq was obtained."""
        share = f"{self.threshold_share:.0%} of the mean plateau"
        return (
            f"baseline: median of cycles {self.baseline_first_cycle:g} to {self.baseline_last_cycle:g}; threshold: "
            f"{share if self.threshold is None else format(self.threshold, 'g')}; log-linear interpolation"
        )


def fill_missing_cq(plate: Plate, settings: CqSettings | None = None, *, recompute: bool = False) -> Plate:
    """Compute the Cq of every well that has a curve, target by target and run by run.

    A group keeps the instrument's Cq when any of its wells has one, unless `recompute` asks otherwise: calls
    by two algorithms must not be mixed on one curve.
    """
    settings = settings or CqSettings()
    wells = list(plate.wells)
    findings = list(plate.findings)
    groups: dict[tuple[str, str], list[int]] = {}
    for index, well in enumerate(wells):
        groups.setdefault((well.run, well.target), []).append(index)
    for (_, target), members in groups.items():
        curves = [index for index in members if wells[index].fluorescence]
        called = any(wells[index].cq is not None for index in members)
        if not curves or (called and not recompute):
            continue
        for index, cq in zip(curves, call_cq([wells[index] for index in curves], settings), strict=True):
            wells[index] = replace(wells[index], cq=cq)
        findings.append(
            Finding(
                rule="cq from curves",
                severity=Severity.NOTE,
                text=f"{target}: Cq computed; {settings.describe()}.",
            )
        )
        findings += _early_risers([wells[index] for index in curves], settings)
    return replace(plate, wells=tuple(wells), findings=tuple(findings))


def call_cq(wells: Sequence[Well], settings: CqSettings) -> list[float | None]:
    """Give one Cq per well under one common threshold; None where a curve did not rise to it."""
    rises = [_above_baseline(well, settings) for well in wells]
    plateaus = np.array([0.0 if rise is None else float(np.max(rise[1])) for rise in rises])
    amplified = [
        rise is not None and plateau >= _RISE_SHARE * plateaus.max() and plateau > _RISE_OVER_NOISE * rise[2]
        for rise, plateau in zip(rises, plateaus, strict=True)
    ]
    if not any(amplified):
        return [None] * len(wells)
    threshold = settings.threshold or settings.threshold_share * float(np.mean(plateaus[amplified]))
    return [
        _crossing(rise[0], rise[1], threshold) if good and rise is not None else None
        for rise, good in zip(rises, amplified, strict=True)
    ]


def _above_baseline(well: Well, settings: CqSettings) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
    """Cycles, fluorescence above the baseline, and the noise of the baseline; None for an empty curve."""
    cycles, signal = np.asarray(well.cycles), np.asarray(well.fluorescence)
    seen = np.isfinite(cycles) & np.isfinite(signal)
    cycles, signal = cycles[seen], signal[seen]
    early = signal[(cycles >= settings.baseline_first_cycle) & (cycles <= settings.baseline_last_cycle)]
    if early.size == 0:
        return None
    noise = float(np.median(np.abs(np.diff(early)))) if early.size > 1 else 0.0
    return cycles, signal - float(np.median(early)), noise


def _crossing(cycles: NDArray[np.float64], signal: NDArray[np.float64], threshold: float) -> float | None:
    """The last upward crossing before the plateau, between two measured cycles."""
    peak = int(np.argmax(signal))
    below = np.nonzero(signal[:peak] < threshold)[0]
    if below.size == 0 or signal[peak] < threshold:
        return None
    last = int(below[-1])
    low, high = float(signal[last]), float(signal[last + 1])
    share = np.log(threshold / low) / np.log(high / low) if low > 0 else (threshold - low) / (high - low)
    return float(cycles[last] + share * (cycles[last + 1] - cycles[last]))


def _early_risers(wells: Sequence[Well], settings: CqSettings) -> list[Finding]:
    return [
        Finding(
            rule="baseline before the rise",
            severity=Severity.WARNING,
            text=f"Well {well.position} ({well.sample}) crosses at {well.cq:.1f}, close to the baseline.",
            look_at="Dilute this DNA, or choose an earlier baseline window.",
        )
        for well in wells
        if well.cq is not None and well.cq <= settings.baseline_last_cycle + 2
    ]
