"""What one RQ-PCR assay can do on this plate: its curve, quantitative range, sensitivity and background.

With a rule set each point of the dilution series is judged and the curve is fitted to the points inside the
quantitative range; without one the curve runs through all points and range and sensitivity stay unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log10
from typing import Any

import numpy as np

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Plate, Role, Well
from reall.mrd.result import Finding, Severity
from reall.mrd.ruleset import RuleSet
from reall.mrd.standard_curve import StandardCurve, fit_curve

SECTION = "rqpcr"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One dilution: its quantity, the Cqs of the wells that amplified, and how many wells there were."""

    quantity: float
    cqs: tuple[float, ...]
    wells: int

    @property
    def complete(self) -> bool:
        """Tell whether every well amplified."""
        return len(self.cqs) == self.wells

    @property
    def spread(self) -> float:
        """Cycles between the earliest and the latest well; 0 for a single well."""
        return max(self.cqs) - min(self.cqs) if self.cqs else 0.0

    @property
    def mean(self) -> float:
        """The mean Cq of the wells that amplified."""
        return float(np.mean(self.cqs))


@dataclass(frozen=True, kw_only=True)
class Background:
    """Wells of polyclonal DNA: how many were measured, and their earliest Cq (None: none amplified)."""

    wells: int
    earliest: float | None

    def latest_allowed(self, distance: float) -> float:
        """The latest Cq that still lies `distance` cycles before the background; endless without any."""
        return float("inf") if self.earliest is None else self.earliest - distance


@dataclass(frozen=True, kw_only=True)
class Assay:
    """One target on one plate, in the unit of its standards; range and sensitivity need a rule set."""

    target: str
    unit: str
    curve: StandardCurve | None
    points: tuple[Point, ...]
    background: Background
    no_template: tuple[Well, ...]
    accepted: bool | None
    quantitative_range: tuple[float, float] | None
    sensitivity: float | None
    latest_sensitive_cq: float | None
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the assay for the audit trail."""
        return {
            "target": self.target,
            "unit": self.unit,
            "curve": self.curve.summary().to_json() if self.curve else None,
            "accepted": self.accepted,
            "quantitative_range": list(self.quantitative_range) if self.quantitative_range else None,
            "sensitivity": self.sensitivity,
            "background": {"wells": self.background.wells, "earliest_cq": self.background.earliest},
            "points": [{"quantity": p.quantity, "cq": list(p.cqs), "wells": p.wells} for p in self.points],
            "findings": [finding.to_json() for finding in self.findings],
        }


def assess_assay(plate: Plate, target: str, rules: RuleSet | None) -> Assay:
    """Judge one target's dilution series, background and negative controls.

    Raises:
        UnusableLaboratoryData: the file mixes several runs of the target, or units within the series.
    """
    standards = plate.pick(target=target, role=Role.STANDARD)
    _refuse_mixture(plate, target, standards)
    points = _points(standards)
    background_wells = plate.pick(target=target, role=Role.BACKGROUND)
    amplified = [well.cq for well in background_wells if well.cq is not None]
    background = Background(wells=len(background_wells), earliest=min(amplified, default=None))
    findings = [*_excluded(plate, target), *_dropped(standards, target), *_order(points, target)]
    usable, sensitive = list(points), []
    if rules:
        findings += _background_findings(background, target, rules)
        usable, point_findings = _quantitative_points(points, background, rules)
        sensitive = _sensitive_points(points, usable, background, rules)
        findings += point_findings
    curve = _fit(standards, usable or points, target, findings)
    accepted = None
    if rules:
        rejections = _curve_findings(curve, usable, rules)
        accepted = curve is not None and not any(f.severity is Severity.REJECTED for f in rejections)
        findings += rejections
    in_range = bool(rules and accepted and usable)
    lowest = sensitive[-1] if sensitive and accepted else None
    return Assay(
        target=target,
        unit=next((well.unit for well in standards), ""),
        curve=curve,
        points=tuple(points),
        background=background,
        no_template=tuple(well for well in plate.pick(target=target, role=Role.NO_TEMPLATE) if well.cq is not None),
        accepted=accepted,
        quantitative_range=(usable[-1].quantity, usable[0].quantity) if in_range else None,
        sensitivity=lowest.quantity if lowest else None,
        latest_sensitive_cq=max(lowest.cqs) if lowest else None,
        findings=tuple(findings),
    )


def assess_control_gene(plate: Plate, target: str, rules: RuleSet | None) -> Assay:
    """Judge the control gene: its curve under the same limits, but without background, range or sensitivity.

    Raises:
        UnusableLaboratoryData: as for `assess_assay`.
    """
    assay = assess_assay(plate, target, None)
    if rules is None or assay.curve is None:
        return assay
    rejections = _curve_findings(assay.curve, assay.points, rules)
    accepted = not any(finding.severity is Severity.REJECTED for finding in rejections)
    return replace(assay, accepted=accepted, findings=(*assay.findings, *rejections))


def _points(standards: Sequence[Well]) -> list[Point]:
    """The dilution series, highest quantity first."""
    quantities = sorted({well.quantity for well in standards if well.quantity}, reverse=True)
    series = []
    for quantity in quantities:
        wells = [well for well in standards if well.quantity == quantity]
        cqs = tuple(sorted(well.cq for well in wells if well.cq is not None))
        series.append(Point(quantity=quantity, cqs=cqs, wells=len(wells)))
    return series


def _refuse_mixture(plate: Plate, target: str, standards: Sequence[Well]) -> None:
    runs = sorted({well.run for well in standards})
    if len(runs) > 1:
        raise UnusableLaboratoryData(
            f"The standards of {target!r} come from {len(runs)} runs.",
            where=plate.source,
            why="Each run has its own curve; points of different runs must not be mixed.",
            next=f"Choose one with --run: {'; '.join(runs)}.",
        )
    units = sorted({well.unit for well in standards if well.quantity})
    if len(units) > 1:
        raise UnusableLaboratoryData(
            f"The standards of {target!r} are given in different units: {', '.join(units)}.",
            where=plate.source,
            why="A curve has one unit.",
            next="Correct the units of the standards.",
        )


def _excluded(plate: Plate, target: str) -> list[Finding]:
    """Name the wells that somebody excluded before the file reached us."""
    wells = [well for well in plate.wells if well.target == target and not well.used]
    if not wells:
        return []
    names = "; ".join(f"{well.position} ({well.sample}): {well.excluded}" for well in wells)
    return [Finding(rule="excluded in the file", severity=Severity.NOTE, text=f"{target}: {names}.")]


def _dropped(standards: Sequence[Well], target: str) -> list[Finding]:
    without = [well.position for well in standards if not well.quantity]
    if not without:
        return []
    return [
        Finding(
            rule="standards have a quantity",
            severity=Severity.REJECTED,
            text=f"{target}: standards without a quantity above 0 were left out: {', '.join(without)}.",
            look_at="The quantities in the plate layout.",
        )
    ]


def _order(points: Sequence[Point], target: str) -> list[Finding]:
    """Labels are suspicious where a smaller quantity comes earlier."""
    seen = [point for point in points if point.cqs]
    swapped = [(high, low) for high, low in pairwise(seen) if low.mean < high.mean]
    if not swapped:
        return []
    pairs = ", ".join(f"{high.quantity:g} and {low.quantity:g}" for high, low in swapped)
    every = len(swapped) == len(seen) - 1
    return [
        Finding(
            rule="series in order",
            severity=Severity.REJECTED if every else Severity.WARNING,
            text=f"{target}: the smaller quantity amplifies first at {pairs}.",
            look_at="The labels: the whole series looks inverted." if every else "Swapped labels or tubes?",
        )
    ]


def _background_findings(background: Background, target: str, rules: RuleSet) -> list[Finding]:
    needed = rules.optional(SECTION, "background_wells_min")
    if background.wells == 0:
        return [
            Finding(
                rule="background measured",
                severity=Severity.BLOCKING,
                text=f"{target}: no well of polyclonal DNA, so unspecific amplification is unknown.",
                look_at="Mark these wells in the layout or with --background NAME.",
            )
        ]
    if needed and background.wells < needed.value:
        return [
            Finding(
                rule=needed.quote(),
                severity=Severity.WARNING,
                text=f"{target}: only {background.wells} background wells.",
                look_at="An unspecific signal may have been missed.",
            )
        ]
    return []


def _quantitative_points(
    points: Sequence[Point], background: Background, rules: RuleSet
) -> tuple[list[Point], list[Finding]]:
    """The longest unbroken stretch of reproducible points that stand clear of the background."""
    spread = rules.limit(SECTION, "replicate_spread_max_cycles")
    distance = rules.limit(SECTION, "quantitative_distance_min_cycles")
    wells = rules.optional(SECTION, "curve_wells_min")
    best: list[Point] = []
    current: list[Point] = []
    findings = []
    for point in points:
        broken = None
        if not point.complete:
            broken = (
                "every replicate amplifies",
                f"{point.wells - len(point.cqs)} of {point.wells} wells did not",
            )
        elif wells and point.wells < wells.value:
            broken = (wells.quote(), f"{point.wells} wells")
        elif point.spread > spread.value:
            broken = (spread.quote(), f"replicates differ by {point.spread:.2f} cycles")
        elif max(point.cqs) > background.latest_allowed(distance.value):
            broken = (
                distance.quote(),
                f"latest Cq {max(point.cqs):.2f}, background from {background.earliest:.2f}",
            )
        if broken is None:
            current.append(point)
            best = current if len(current) > len(best) else best
            continue
        current = []
        findings.append(
            Finding(
                rule=broken[0],
                severity=Severity.REJECTED,
                text=f"The point {point.quantity:g} is outside the quantitative range: {broken[1]}.",
                look_at="The amplification curves of these wells.",
            )
        )
    return best, findings


def _sensitive_points(
    points: Sequence[Point], usable: Sequence[Point], background: Background, rules: RuleSet
) -> list[Point]:
    """The quantitative points, and those below with a specific signal one plausible step later."""
    if not usable:
        return []
    latest = background.latest_allowed(rules.limit(SECTION, "sensitivity_distance_min_cycles").value)
    low = rules.limit(SECTION, "step_min_cycles_per_tenfold").value
    high = rules.limit(SECTION, "step_max_cycles_per_tenfold").value
    reached = list(usable)
    for point in points[points.index(usable[-1]) + 1 :]:
        specific = tuple(cq for cq in point.cqs if cq <= latest)
        if not specific:
            break
        candidate = Point(quantity=point.quantity, cqs=specific, wells=point.wells)
        if not low <= _step(reached[-1], candidate) <= high:
            break
        reached.append(candidate)
    return reached


def _step(upper: Point, lower: Point) -> float:
    """Cycles per tenfold dilution between two points."""
    return (lower.mean - upper.mean) / log10(upper.quantity / lower.quantity)


def _fit(
    standards: Sequence[Well], points: Sequence[Point], target: str, findings: list[Finding]
) -> StandardCurve | None:
    quantities = {point.quantity for point in points}
    try:
        return fit_curve([well for well in standards if well.quantity in quantities], target=target)
    except UnusableLaboratoryData as error:
        findings.append(Finding(rule="a curve exists", severity=Severity.REJECTED, text=error.what, look_at=error.next))
        return None


def _curve_findings(curve: StandardCurve | None, points: Sequence[Point], rules: RuleSet) -> list[Finding]:
    """Slope, correlation, number of points and steps against their limits."""
    if curve is None:
        return []
    worst, distance = curve.worst_point()
    hint = f"The point {worst:g} lies {distance:+.2f} cycles off the line through the others."
    steepest, flattest = rules.limit(SECTION, "slope_steepest"), rules.limit(SECTION, "slope_flattest")
    r_min, least = rules.limit(SECTION, "r_min"), rules.limit(SECTION, "curve_points_min")
    findings = []

    def reject(rule: str, text: str) -> None:
        findings.append(Finding(rule=rule, severity=Severity.REJECTED, text=f"{curve.target}: {text}", look_at=hint))

    if not steepest.value <= curve.slope <= flattest.value:
        reject(f"{steepest.quote()}; {flattest.quote()}", f"the slope is {curve.slope:.3f}.")
    if -curve.r < r_min.value:
        reject(r_min.quote(), f"the correlation coefficient is {curve.r:.4f}.")
    if len(points) < least.value:
        reject(least.quote(), f"only {len(points)} points are left in the quantitative range.")
    low, high = (rules.limit(SECTION, f"step_{end}_cycles_per_tenfold") for end in ("min", "max"))
    for upper, lower in pairwise(points):
        step = _step(upper, lower)
        if not low.value <= step <= high.value:
            place = f"from {upper.quantity:g} to {lower.quantity:g}"
            text = f"{curve.target}: {step:.2f} cycles per tenfold {place}."
            rule = f"{low.quote()}; {high.quote()}"
            findings.append(Finding(rule=rule, severity=Severity.WARNING, text=text, look_at=hint))
    return findings
