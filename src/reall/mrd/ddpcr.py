"""Digital PCR: droplets counted, concentrations with exact intervals, level against a reference gene.

A droplet holds a Poisson number of copies, so the mean number per droplet is -ln(1 - positives/droplets). The
interval of the share of positive droplets is the highest-density interval of a flat-prior beta; a ratio combines the
two intervals on the log scale. The level does not depend on the droplet volume, only the concentration does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scipy import stats

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.constants import COPIES_PER_GENOME, droplet_volumes_nl
from reall.mrd.intervals import beta_hdi, detection_limit
from reall.mrd.plate import Role
from reall.mrd.readers.droplets import DropletPlate, DropletWell
from reall.mrd.result import (
    Finding,
    MrdClass,
    MrdResult,
    Purpose,
    Severity,
    above_all_cells,
    no_rule_set_finding,
    significant,
)
from reall.mrd.ruleset import RuleSet

METHOD = "ddPCR"
DENOMINATOR = "cell equivalents by reference gene"
SECTION = "ddpcr"
_NL_PER_UL = 1000.0
_VOLUME_TOLERANCE = 0.01


@dataclass(frozen=True, kw_only=True)
class Droplets:
    """Merged counts of one target: the mean copies per droplet and its 95 % interval."""

    positives: int
    droplets: int

    @property
    def copies_per_droplet(self) -> float:
        """The Poisson mean; infinite when every droplet is positive."""
        return _mean(self.positives / self.droplets)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean; its upper end is infinite when every droplet is positive."""
        low, high = beta_hdi(self.positives, self.droplets)
        return _mean(low), _mean(high)

    def concentration(self, volume_nl: float) -> tuple[float, tuple[float, float]]:
        """Copies per microlitre of reaction with interval."""
        per_ul = _NL_PER_UL / volume_nl
        low, high = self.interval
        return self.copies_per_droplet * per_ul, (low * per_ul, high * per_ul)


def _mean(share: float) -> float:
    return math.inf if share >= 1 else -math.log1p(-share)


def merge(wells: Sequence[DropletWell]) -> Droplets:
    """Add up replicate wells: their droplets are one larger sample of the same DNA.

    Raises:
        UnusableLaboratoryData: no droplets were accepted.
    """
    droplets = sum(well.droplets for well in wells)
    if droplets == 0:
        raise UnusableLaboratoryData(
            "No droplet was accepted.",
            where=", ".join(well.position for well in wells) or "no well",
            why="Nothing was measured; this is not a negative result.",
            next="Check droplet generation and reading of these wells.",
        )
    return Droplets(positives=sum(well.positives for well in wells), droplets=droplets)


def ratio(target: Droplets, reference: Droplets) -> tuple[float, tuple[float, float]]:
    """Copies of the target per copy of the reference with 95 % interval, from 0 when nothing is positive.

    Raises:
        UnusableLaboratoryData: the reference is absent or saturated, or the target is saturated.
    """
    for name, counts in (("target", target), ("reference", reference)):
        if counts.positives == counts.droplets:
            raise UnusableLaboratoryData(
                f"Every droplet is positive for the {name}.",
                where=f"{counts.droplets} droplets",
                why="The concentration is above what droplets can measure.",
                next="Dilute the DNA and repeat.",
            )
    if reference.positives == 0:
        raise UnusableLaboratoryData(
            "No droplet is positive for the reference gene.",
            where=f"{reference.droplets} droplets",
            why="Without DNA there is no denominator; this is not a negative result.",
            next="Check the DNA input and the reference assay.",
        )
    (t_low, t_high), (r_low, r_high) = target.interval, reference.interval
    if target.positives == 0:
        return 0.0, (0.0, t_high / r_low)
    t, r = target.copies_per_droplet, reference.copies_per_droplet
    below = math.hypot(math.log(t / t_low), math.log(r_high / r)) if t_low > 0 else math.inf
    above = math.hypot(math.log(t_high / t), math.log(r / r_low))
    return t / r, (t / r * math.exp(-below), t / r * math.exp(above))


@dataclass(frozen=True, kw_only=True)
class DropletSettings:
    """What the export cannot say. `reference_dilution`: how often the DNA was diluted for that assay."""

    target: str
    reference: str
    background: tuple[str, ...] = ()
    reference_dilution: float = 1.0
    droplet_volume_nl: float | None = None
    timepoint: str | None = None
    tissue: str | None = None
    day: float | None = None


def quantify_droplets(
    plate: DropletPlate,
    sample: str,
    settings: DropletSettings,
    *,
    rules: RuleSet | None = None,
    purpose: Purpose | None = None,
) -> MrdResult:
    """Quantify one sample from its merged wells.

    Raises:
        UnusableLaboratoryData: target or reference were not measured, are saturated, or hold no DNA.
    """
    used, findings = _usable(plate, rules)
    target = merge(_pick(used, plate.source, sample, settings.target))
    reference = merge(_pick(used, plate.source, sample, settings.reference))
    background = _background(used, settings)
    per_copy, (low, high) = ratio(target, reference)
    per_cell = COPIES_PER_GENOME / settings.reference_dilution
    cells = reference.copies_per_droplet / per_cell * target.droplets
    verdict = _judge(target, background, _blank_rate(used, settings, background), cells, rules)
    _, volume_findings = droplet_volume(plate, settings.droplet_volume_nl)
    findings += [*_water_findings(used, settings.target), *volume_findings, *verdict.findings]
    findings += above_all_cells(per_copy * per_cell)
    measured = verdict.classification in {MrdClass.QUANTIFIED, MrdClass.NOT_EVALUABLE} and target.positives > 0
    return MrdResult(
        method=METHOD,
        classification=verdict.classification,
        sample=sample,
        timepoint=settings.timepoint,
        day=settings.day,
        tissue=settings.tissue,
        purpose=purpose,
        target=settings.target,
        level_fraction=min(1.0, significant(per_copy * per_cell)) if measured else None,
        interval=_possible(verdict, (low * per_cell, high * per_cell), target),
        interval_meaning="95 % interval of merged wells" if measured else "below what this sample could show",
        sensitivity_fraction=verdict.sensitivity,
        quantitative_range=(verdict.quantifiable_from, 1.0) if verdict.quantifiable_from else None,
        cells=significant(cells),
        denominator=DENOMINATOR,
        findings=tuple(findings),
        ruleset=rules.label if rules else None,
        knowledge_status=rules.status(SECTION) if rules else None,
        details=_details(
            plate, sample, settings, target=target, reference=reference, background=background, cells=cells
        ),
    )


def _details(
    plate: DropletPlate,
    sample: str,
    settings: DropletSettings,
    *,
    target: Droplets,
    reference: Droplets,
    background: Droplets | None,
    cells: float,
) -> dict[str, Any]:
    """The merged counts and every well of the sample, for the audit trail."""
    volume, _ = droplet_volume(plate, settings.droplet_volume_nl)
    return {
        "droplets": {
            "target": _audit(target, volume),
            "reference": _audit(reference, volume),
            "background": _audit(background, volume) if background else None,
            "reference_dilution": settings.reference_dilution,
            "volume_nl": volume,
        },
        "detection_limit_one_copy": significant(detection_limit(cells)),
        "wells": [row for row in describe_wells(plate, settings.droplet_volume_nl) if row["sample"] == sample],
    }


def _possible(verdict: _Verdict, counted: tuple[float, float], target: Droplets) -> tuple[float, float]:
    """The set in which the level lies: the counts' interval, opened downwards where no level may be given."""
    low, high = (min(1.0, significant(end)) for end in counted)
    if verdict.classification is MrdClass.NEGATIVE and verdict.sensitivity:
        # Some droplets below the limit of the blank can make the count's own upper end the larger one.
        return 0.0, max(verdict.sensitivity, high) if target.positives else verdict.sensitivity
    if verdict.classification is MrdClass.POSITIVE_NOT_QUANTIFIABLE and verdict.quantifiable_from:
        return 0.0, max(high, verdict.quantifiable_from)
    return low, high


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    classification: MrdClass
    sensitivity: float | None = None
    quantifiable_from: float | None = None
    findings: tuple[Finding, ...] = ()


def _blank_rate(wells: Sequence[DropletWell], settings: DropletSettings, background: Droplets | None) -> float:
    """False-positive droplets per droplet: the worse of polyclonal DNA and water, so that contamination counts."""
    water = [well for well in wells if well.role is Role.NO_TEMPLATE and well.target == settings.target]
    blanks = [background, merge(water) if water else None]
    return max((blank.positives / blank.droplets for blank in blanks if blank), default=0.0)


def _judge(
    target: Droplets, background: Droplets | None, blank_rate: float, cells: float, rules: RuleSet | None
) -> _Verdict:
    """Positive when there are more droplets than the limit of the blank and than the rule set asks for."""
    if rules is None:
        return _Verdict(classification=MrdClass.NOT_EVALUABLE, findings=(no_rule_set_finding(),))
    least = rules.limit(SECTION, "positive_droplets_min")
    enough = rules.limit(SECTION, "quantified_droplets_min")
    if background is None:
        text = "No well of polyclonal DNA was measured for the target, so false-positive droplets are unknown."
        finding = Finding(rule="background measured", severity=Severity.BLOCKING, text=text, look_at="--background")
        return _Verdict(classification=MrdClass.NOT_EVALUABLE, findings=(finding,))
    confidence = rules.limit(SECTION, "background_confidence")
    expected = blank_rate * target.droplets
    blank = int(stats.poisson.ppf(confidence.value, expected)) if expected > 0 else 0
    needed = max(int(least.value), blank + 1)
    sensitivity = significant(detection_limit(cells, events=needed))
    from_level = min(1.0, significant(max(enough.value, needed) / cells))
    text = f"{target.positives} positive droplets; {needed} are needed (limit of the blank {blank})."
    note = Finding(rule=f"{least.quote()}; {confidence.quote()}", severity=Severity.NOTE, text=text)
    limits = {"sensitivity": sensitivity, "quantifiable_from": from_level}
    if target.positives < needed:
        weak = _weak_negative(sensitivity, rules)
        return _Verdict(classification=MrdClass.NEGATIVE, findings=(note, *weak), **limits)
    if target.positives < enough.value:
        few = Finding(rule=enough.quote(), severity=Severity.WARNING, text="Too few droplets to quantify.")
        return _Verdict(classification=MrdClass.POSITIVE_NOT_QUANTIFIABLE, findings=(note, few), **limits)
    return _Verdict(classification=MrdClass.QUANTIFIED, findings=(note,), **limits)


def _weak_negative(sensitivity: float, rules: RuleSet) -> list[Finding]:
    limit = rules.optional(SECTION, "negative_sensitivity_max_fraction")
    if limit is None or sensitivity <= limit.value:
        return []
    text = f"Negative, but with a sensitivity of only {sensitivity:.1e}."
    return [Finding(rule=limit.quote(), severity=Severity.WARNING, text=text, look_at="More DNA or more wells.")]


def _usable(plate: DropletPlate, rules: RuleSet | None) -> tuple[list[DropletWell], list[Finding]]:
    """Leave out rows the instrument merged itself and wells with too few droplets, and say so."""
    least = rules.optional(SECTION, "accepted_droplets_min_per_well") if rules else None
    used, findings = [], list(plate.findings)
    for well in plate.wells:
        if well.merged_by_instrument:
            text = f"{well.position} is a merge of other wells and was not counted again."
            findings.append(Finding(rule="count a droplet once", severity=Severity.NOTE, text=text))
        elif well.droplets == 0 or (least and well.droplets < least.value):
            rule = least.quote() if least else "droplets accepted"
            text = f"Well {well.position} ({well.target}) has only {well.droplets} accepted droplets."
            look_at = "Droplet generation and reader."
            findings.append(Finding(rule=rule, severity=Severity.REJECTED, text=text, look_at=look_at))
        else:
            used.append(well)
    return used, findings


def _pick(wells: Sequence[DropletWell], source: str, sample: str, target: str) -> list[DropletWell]:
    found = [well for well in wells if well.sample == sample and well.target == target and well.role is Role.SAMPLE]
    if not found:
        measured = sorted({f"{well.sample} / {well.target}" for well in wells})
        raise UnusableLaboratoryData(
            f"No usable well of {sample!r} for {target!r}.",
            where=source,
            why="A missing measurement is not a negative result.",
            next=f"Usable are: {'; '.join(measured[:12])}.",
        )
    return found


def _background(wells: Sequence[DropletWell], settings: DropletSettings) -> Droplets | None:
    named = [
        well
        for well in wells
        if well.target == settings.target and (well.role is Role.BACKGROUND or well.sample in settings.background)
    ]
    return merge(named) if named else None


def _water_findings(wells: Sequence[DropletWell], target: str) -> list[Finding]:
    return [
        Finding(
            rule="negative control clean",
            severity=Severity.WARNING,
            text=f"{well.positives} positive droplets for {target} in the water control {well.position}.",
            look_at="Contamination or threshold.",
        )
        for well in wells
        if well.role is Role.NO_TEMPLATE and well.target == target and well.positives
    ]


def droplet_volume(plate: DropletPlate, given: float | None) -> tuple[float | None, list[Finding]]:
    """The droplet volume: as given, or the known one that reproduces the instrument's own concentrations."""
    if given is not None:
        return given, []
    implied = [
        _NL_PER_UL * Droplets(positives=well.positives, droplets=well.droplets).copies_per_droplet / well.reported
        for well in plate.wells
        if well.reported and 0 < well.positives < well.droplets
    ]
    if not implied:
        return None, []
    middle = median(implied)
    for name, volume in droplet_volumes_nl().items():
        if abs(middle / volume - 1) < _VOLUME_TOLERANCE:
            text = f"Droplet volume {volume} nL ({name}), as the reported concentrations imply."
            return volume, [Finding(rule="droplet volume", severity=Severity.NOTE, text=text)]
    text = f"The reported concentrations imply droplets of {middle:.3f} nL, which no known instrument makes."
    return None, [Finding(rule="droplet volume", severity=Severity.WARNING, text=text, look_at="--droplet-volume")]


def describe_wells(plate: DropletPlate, volume_nl: float | None = None) -> list[dict[str, Any]]:
    """Every row of the export with our concentration and interval beside the instrument's."""
    volume, _ = droplet_volume(plate, volume_nl)
    rows = []
    for well in plate.wells:
        row: dict[str, Any] = {"well": well.position, "sample": well.sample, "target": well.target}
        row |= {"role": str(well.role), "reported": well.reported}
        counts = Droplets(positives=well.positives, droplets=well.droplets) if well.droplets else None
        rows.append(row | (_audit(counts, volume) if counts else {"positives": 0, "droplets": 0}))
    return rows


def _audit(counts: Droplets, volume: float | None) -> dict[str, Any]:
    saturated = counts.positives == counts.droplets
    row: dict[str, Any] = {"positives": counts.positives, "droplets": counts.droplets, "saturated": saturated}
    if volume is None or saturated:
        return row | {"copies_per_ul": None, "interval_per_ul": None}
    value, (low, high) = counts.concentration(volume)
    return row | {
        "copies_per_ul": significant(value),
        "interval_per_ul": [significant(low), significant(high)],
    }
