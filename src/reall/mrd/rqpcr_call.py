"""Positive, negative, quantifiable: the reading of replicate wells under one rule set and one purpose.

Works in cycles only; amounts of DNA are the business of `rqpcr`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reall.mrd.plate import Well
from reall.mrd.result import Finding, MrdClass, Purpose, Severity
from reall.mrd.rqpcr_assay import SECTION, Assay
from reall.mrd.ruleset import RuleSet

_DISTANCE = {
    Purpose.THERAPY_REDUCTION: "positive_distance_min_cycles_reduction",
    Purpose.THERAPY_INTENSIFICATION: "positive_distance_min_cycles_intensification",
}


@dataclass(frozen=True, kw_only=True)
class WellVerdict:
    """One well of the sample: whether it counts as positive, and the rule that says so."""

    well: Well
    positive: bool
    rule: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """The reading of one sample for one target, before the amount of DNA is looked at."""

    classification: MrdClass
    verdicts: tuple[WellVerdict, ...]
    findings: tuple[Finding, ...]
    above_range: bool = False


def call_wells(wells: Sequence[Well], assay: Assay, rules: RuleSet, purpose: Purpose) -> Call:
    """Read the wells of one sample.

    A well is positive when it lies far enough before the earliest background well and not too far behind the
    most diluted sensitive point. The sample is quantifiable when all its wells are positive, reproducible,
    clear of the background and inside the quantitative range.
    """
    blocking = _blocking(assay)
    if blocking or not wells:
        verdicts = tuple(WellVerdict(well=well, positive=False, rule="not judged") for well in wells)
        return Call(classification=MrdClass.NOT_EVALUABLE, verdicts=verdicts, findings=tuple(blocking))
    verdicts = tuple(_verdict(well, assay, rules, purpose) for well in wells)
    findings = _count_findings(wells, rules)
    positive = [verdict for verdict in verdicts if verdict.positive]
    findings += _contamination(assay, positive)
    if any(finding.severity is Severity.BLOCKING for finding in findings):
        return Call(classification=MrdClass.NOT_EVALUABLE, verdicts=verdicts, findings=tuple(findings))
    if len(positive) < rules.limit(SECTION, "positive_wells_min").value:
        findings += _late_signals(verdicts)
        return Call(classification=MrdClass.NEGATIVE, verdicts=verdicts, findings=tuple(findings))
    doubts, above = _doubts(verdicts, assay, rules)
    classification = MrdClass.POSITIVE_NOT_QUANTIFIABLE if doubts else MrdClass.QUANTIFIED
    return Call(classification=classification, verdicts=verdicts, findings=(*findings, *doubts), above_range=above)


def _blocking(assay: Assay) -> list[Finding]:
    """What forbids any call for this target on this plate."""
    found = [finding for finding in assay.findings if finding.severity is Severity.BLOCKING]
    if not assay.accepted:
        text = f"{assay.target}: the standard curve is not accepted."
        found.append(
            Finding(
                rule="curve accepted",
                severity=Severity.BLOCKING,
                text=text,
                look_at="The findings of the curve.",
            )
        )
    elif assay.latest_sensitive_cq is None:
        text = f"{assay.target}: no dilution fulfils the sensitivity rule."
        found.append(
            Finding(
                rule="sensitivity known",
                severity=Severity.BLOCKING,
                text=text,
                look_at="Background and curve.",
            )
        )
    return found


def _verdict(well: Well, assay: Assay, rules: RuleSet, purpose: Purpose) -> WellVerdict:
    distance = rules.limit(SECTION, _DISTANCE[purpose])
    window = rules.limit(SECTION, "positive_window_max_cycles")
    if well.cq is None:
        return WellVerdict(well=well, positive=False, rule="no amplification")
    latest = {
        distance.name: assay.background.latest_allowed(distance.value),
        window.name: (assay.latest_sensitive_cq or math.inf) + window.value,
    }
    name = min(latest, key=lambda key: latest[key])
    return WellVerdict(well=well, positive=well.cq <= latest[name], rule=f"positive up to {latest[name]:.2f} ({name})")


def _count_findings(wells: Sequence[Well], rules: RuleSet) -> list[Finding]:
    needed = rules.optional(SECTION, "sample_wells_min")
    if needed is None or len(wells) >= needed.value:
        return []
    return [
        Finding(
            rule=needed.quote(),
            severity=Severity.WARNING,
            text=f"Only {len(wells)} wells of the sample are in use.",
            look_at="Missing or excluded wells.",
        )
    ]


def _contamination(assay: Assay, positive: Sequence[WellVerdict]) -> list[Finding]:
    """Template in the water control casts doubt on positive wells that hold less than twice as much."""
    water = [well.cq for well in assay.no_template if well.cq is not None]
    if not water:
        return []
    earliest = min(water)
    doubtful = [
        v for v in positive if v.well.cq is not None and v.well.cq >= earliest - 1 / _doublings_per_cycle(assay)
    ]
    return [
        Finding(
            rule="negative control clean",
            severity=Severity.BLOCKING if doubtful else Severity.WARNING,
            text=f"{assay.target}: the control without template amplified from cycle {earliest:.2f}"
            + (f"; {len(doubtful)} positive wells are not earlier." if doubtful else "."),
            look_at="Contamination: repeat with fresh reagents.",
        )
    ]


def _doublings_per_cycle(assay: Assay) -> float:
    """How many doublings one cycle brings, so that a well must hold at least twice what the water held."""
    return math.log2(1 + assay.curve.efficiency) if assay.curve else 1.0


def _late_signals(verdicts: Sequence[WellVerdict]) -> list[Finding]:
    return [
        Finding(
            rule=verdict.rule,
            severity=Severity.NOTE,
            text=f"Well {verdict.well.position} amplified at {verdict.well.cq:.2f} and is not positive.",
            look_at="The amplification curve; the other purpose may read it differently.",
        )
        for verdict in verdicts
        if verdict.well.cq is not None
    ]


def _doubts(verdicts: Sequence[WellVerdict], assay: Assay, rules: RuleSet) -> tuple[list[Finding], bool]:
    """Why a positive sample cannot be quantified; and whether it lies above the curve."""
    spread = rules.limit(SECTION, "replicate_spread_max_cycles")
    distance = rules.limit(SECTION, "quantitative_distance_min_cycles")
    cqs = [verdict.well.cq for verdict in verdicts if verdict.positive and verdict.well.cq is not None]
    found = []

    def doubt(rule: str, text: str, look_at: str) -> None:
        found.append(Finding(rule=rule, severity=Severity.WARNING, text=text, look_at=look_at))

    if len(cqs) < len(verdicts):
        doubt(
            "every replicate is positive",
            f"{len(cqs)} of {len(verdicts)} wells are positive.",
            "Repeat with more DNA.",
        )
    if max(cqs) - min(cqs) > spread.value:
        doubt(
            spread.quote(),
            f"The replicates differ by {max(cqs) - min(cqs):.2f} cycles.",
            "Pipetting, low copies.",
        )
    if max(cqs) > assay.background.latest_allowed(distance.value):
        doubt(
            distance.quote(),
            f"The latest positive well ({max(cqs):.2f}) is too near the background.",
            "Specificity.",
        )
    if assay.curve is None or assay.quantitative_range is None:
        return found, False
    quantity = assay.curve.read(cqs).value
    low, high = assay.quantitative_range
    if quantity < low:
        doubt(
            "inside the quantitative range",
            f"The signal lies below the lowest quantitative point {low:g}.",
            "",
        )
    if quantity > high:
        doubt(
            "inside the quantitative range",
            f"The signal lies above the highest point {high:g}.",
            "Dilute and repeat.",
        )
    return found, quantity > high
