"""RQ-PCR of a leukaemic rearrangement: from a plate to audited results.

The level is the amount of leukaemic DNA read off the target's curve, divided by the cells in the well, which
the control gene (usually ALB) counts in genome equivalents:

    level = quantity * genomes in the curve wells / genomes in the sample's wells

where the curve is in fractions of diagnostic DNA; with a curve in copies or genomes the numerator is the
quantity. The sample's own sensitivity scales in the same way. Source: europeanmedical_sensitivity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reall.mrd.constants import genome_mass_pg
from reall.mrd.intervals import detection_limit
from reall.mrd.plate import Plate, Role, Well
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
from reall.mrd.rqpcr_assay import SECTION, Assay, assess_assay, assess_control_gene
from reall.mrd.rqpcr_call import Call, WellVerdict, call_wells
from reall.mrd.rqpcr_dna import RunSettings, genomes_in_well, genomes_per_quantity
from reall.mrd.ruleset import RuleSet
from reall.mrd.standard_curve import Estimate

METHOD = "RQ-PCR"
DENOMINATOR = "cell equivalents by control gene"


@dataclass(frozen=True, kw_only=True)
class PlateReading:
    """Everything a plate says: its assays, and one result per sample and target."""

    assays: tuple[Assay, ...]
    results: tuple[MrdResult, ...]


def quantify_plate(
    plate: Plate,
    settings: RunSettings,
    *,
    rules: RuleSet | None = None,
    purpose: Purpose | None = None,
    targets: Sequence[str] = (),
    samples: Sequence[str] = (),
) -> PlateReading:
    """Quantify every follow-up sample for every target but the control gene.

    Raises:
        UnusableLaboratoryData: a dilution series mixes runs or units.
    """
    wanted = [t for t in (targets or plate.targets) if t != settings.control_gene]
    control = assess_control_gene(plate, settings.control_gene, rules) if settings.control_gene else None
    assays = [assess_assay(plate, target, rules) for target in wanted]
    results = [
        quantify(plate, assay, sample, settings, control=control, rules=rules, purpose=purpose)
        for assay in assays
        for sample in _follow_up_samples(plate, assay.target, wanted, settings)
        if not samples or sample in samples
    ]
    return PlateReading(assays=(*assays, *([control] if control else [])), results=tuple(results))


def _follow_up_samples(plate: Plate, target: str, targets: Sequence[str], settings: RunSettings) -> list[str]:
    """The samples of a target, and those of the control gene that no target was measured in: missing wells."""
    measured = {sample for each in targets for sample in plate.samples(each)}
    counted = plate.samples(settings.control_gene) if settings.control_gene else ()
    missing = [sample for sample in counted if sample not in measured and sample != settings.curve_dna]
    return [*plate.samples(target), *missing]


def quantify(
    plate: Plate,
    assay: Assay,
    sample: str,
    settings: RunSettings,
    *,
    control: Assay | None,
    rules: RuleSet | None,
    purpose: Purpose | None,
) -> MrdResult:
    """Quantify one sample for one target.

    Without `purpose` both readings are made; where they differ the result says so and makes no call.
    """
    if rules and purpose is None:
        readings = [
            quantify(plate, assay, sample, settings, control=control, rules=rules, purpose=each) for each in Purpose
        ]
        return _agree(readings)
    measured, findings = _measure(plate, assay, sample, settings, control=control, rules=rules, purpose=purpose)
    sensitivity, limit_note = _sensitivity(measured)
    classification, verdict_findings = _classify(measured.call, findings, sensitivity, rules)
    level, interval = _level(measured, classification, sensitivity)
    findings += [*(measured.call.findings if measured.call else ()), *verdict_findings, *limit_note]
    estimate = measured.level()
    findings += above_all_cells(estimate.value) if estimate and level is not None else []
    return MrdResult(
        method=METHOD,
        classification=classification,
        sample=sample,
        timepoint=settings.timepoint,
        day=settings.day,
        tissue=settings.tissue,
        purpose=purpose,
        target=assay.target,
        level_fraction=level,
        interval=interval,
        interval_meaning=_MEANING[classification],
        sensitivity_fraction=sensitivity,
        quantitative_range=_scaled(assay.quantitative_range, measured.scale),
        cells=measured.cells,
        denominator=DENOMINATOR if measured.genomes else None,
        findings=tuple(dict.fromkeys(findings)),
        curve=assay.curve.summary() if assay.curve else None,
        ruleset=rules.label if rules else None,
        knowledge_status=rules.status(SECTION) if rules else None,
        details=_details(measured, settings),
    )


def _unmeasured(wells: Sequence[Well], sample: str, assay: Assay) -> list[Finding]:
    if wells:
        return []
    text = f"{sample}: no well for {assay.target} is in use."
    return [Finding(rule="sample measured", severity=Severity.BLOCKING, text=text, look_at="The layout.")]


def _measure(
    plate: Plate,
    assay: Assay,
    sample: str,
    settings: RunSettings,
    *,
    control: Assay | None,
    rules: RuleSet | None,
    purpose: Purpose | None,
) -> tuple[_Sample, list[Finding]]:
    """Gather what is known about one sample's wells and DNA, and what was noticed on the way."""
    wells = plate.pick(target=assay.target, sample=sample, role=Role.SAMPLE)
    genomes, dna_findings = genomes_in_well(plate, control, sample, settings, rules)
    per_quantity, scale_findings = genomes_per_quantity(plate, assay, control, settings)
    call = call_wells(wells, assay, rules, purpose) if rules and purpose else None
    scale = per_quantity - genomes if per_quantity and genomes else None
    measured = _Sample(assay=assay, wells=tuple(wells), call=call, genomes=genomes, scale=scale)
    findings = [*plate.findings, *assay.findings, *_unmeasured(wells, sample, assay), *dna_findings, *scale_findings]
    return measured, findings


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """One sample's wells for one target. `scale` is the level that one unit of the curve stands for here."""

    assay: Assay
    wells: tuple[Well, ...]
    call: Call | None
    genomes: Estimate | None
    scale: Estimate | None

    @property
    def cells(self) -> float | None:
        """Genome equivalents in all wells together."""
        return significant(self.genomes.value * len(self.wells)) if self.genomes and self.wells else None

    @property
    def cqs(self) -> list[float]:
        """The Cqs of the positive wells, or of all that amplified where no well was judged positive."""
        judged = [v.well for v in self.call.verdicts if v.positive] if self.call else []
        return [well.cq for well in (judged or self.wells) if well.cq is not None]

    def quantity(self) -> dict[str, Any] | None:
        """The mean quantity per amplified well, in the unit of the curve, with interval."""
        if self.assay.curve is None or not self.cqs:
            return None
        read = self.assay.curve.read(self.cqs)
        span = [significant(end) for end in read.interval()]
        return {
            "value": significant(read.value),
            "interval": span,
            "unit": self.assay.unit,
            "wells": len(self.cqs),
        }

    def level(self) -> Estimate | None:
        """The level read from the amplified wells, with the Poisson variance of the cells in them."""
        if self.assay.curve is None or self.scale is None or self.cells is None or not self.cqs:
            return None
        read = self.assay.curve.read(self.cqs) + self.scale
        leukaemic_cells = max(read.value * self.cells, 1.0)
        sampling = 1 / (math.log(10) ** 2 * leukaemic_cells)
        return read + Estimate(log10=0.0, variance=sampling, df=math.inf)


_MEANING = {
    MrdClass.QUANTIFIED: "95 % confidence interval: calibration, replicates, control gene and sampling",
    MrdClass.NEGATIVE: "not detected: below the sensitivity of this sample",
    MrdClass.POSITIVE_NOT_QUANTIFIABLE: "detected outside the quantitative range",
    MrdClass.NOT_EVALUABLE: "what the wells allow, without a call",
}


def sample_sensitivity(lowest_standard: float, control_gene_copies: float) -> float:
    """The sensitivity that one sample reaches: lowest reproducible standard per control-gene copies in it.

    Source: europeanmedical_sensitivity, whose worked example is 10 / 2.34e4.

    >>> round(sample_sensitivity(10, 2.34e4), 6)
    0.000427
    """
    if not (lowest_standard > 0 and control_gene_copies > 0):
        raise ValueError("both amounts must be above 0")
    return lowest_standard / control_gene_copies


def _sensitivity(measured: _Sample) -> tuple[float | None, list[Finding]]:
    """The assay's sensitivity scaled to this sample's cells; never better than its cells allow."""
    lowest, scale, cells = measured.assay.sensitivity, measured.scale, measured.cells
    if lowest is None or scale is None or cells is None:
        return None, []
    by_curve, by_cells = lowest * scale.value, detection_limit(cells)
    if by_cells <= by_curve:
        return min(1.0, significant(by_curve)), []
    text = f"Among {cells:,.0f} cells one leukaemic cell is seen with 95 % probability only from {by_cells:.1e}."
    note = Finding(rule="cells allow the sensitivity", severity=Severity.NOTE, text=text, look_at="More DNA.")
    return significant(by_cells), [note]


def _classify(
    call: Call | None, findings: Sequence[Finding], sensitivity: float | None, rules: RuleSet | None
) -> tuple[MrdClass, list[Finding]]:
    if call is None or rules is None:
        return MrdClass.NOT_EVALUABLE, [no_rule_set_finding()]
    if any(finding.severity is Severity.BLOCKING for finding in findings):
        return MrdClass.NOT_EVALUABLE, []
    if call.classification is not MrdClass.NEGATIVE:
        return call.classification, []
    if sensitivity is None:
        return MrdClass.NOT_EVALUABLE, []
    limit = rules.optional(SECTION, "negative_sensitivity_max_fraction")
    if limit is None or sensitivity <= limit.value:
        return MrdClass.NEGATIVE, []
    text = f"Negative, but with a sensitivity of only {sensitivity:.1e}."
    return MrdClass.NEGATIVE, [
        Finding(
            rule=limit.quote(),
            severity=Severity.WARNING,
            text=text,
            look_at="Ask for more DNA or another target.",
        )
    ]


def _level(
    measured: _Sample, classification: MrdClass, sensitivity: float | None
) -> tuple[float | None, tuple[float, float] | None]:
    """The level where it was measured, and the set in which the true level lies."""
    if measured.assay.curve is None or measured.scale is None or measured.cells is None:
        return None, None
    estimate = measured.level()
    if classification is MrdClass.NEGATIVE and sensitivity:
        return None, (0.0, sensitivity)
    if estimate is None:
        return None, (0.0, _unseen(measured))
    low, high = (min(1.0, significant(end)) for end in estimate.interval())
    complete = len(measured.cqs) == len(measured.wells)
    if classification is MrdClass.QUANTIFIED or (
        classification is MrdClass.NOT_EVALUABLE and complete and estimate.value <= 1
    ):
        return min(1.0, significant(estimate.value)), (low, high)
    if measured.call and measured.call.above_range:
        return None, (low, 1.0)
    span = _scaled(measured.assay.quantitative_range, measured.scale)
    return None, (0.0, max(high, span[0]) if span else high)


def _unseen(measured: _Sample) -> float:
    """What may have been missed when nothing amplified and no rule set says how sensitive the assay is."""
    complete = [point.quantity for point in measured.assay.points if point.complete]
    scale, cells = measured.scale, measured.cells
    seen = min(complete) * scale.value if complete and scale else 1.0
    return min(1.0, max(seen, detection_limit(cells) if cells else 1.0))


def _scaled(span: tuple[float, float] | None, scale: Estimate | None) -> tuple[float, float] | None:
    if span is None or scale is None:
        return None
    low, high = (min(1.0, significant(end * scale.value)) for end in span)
    return low, high


def _details(measured: _Sample, settings: RunSettings) -> dict[str, Any]:
    call = measured.call
    verdicts = (
        call.verdicts
        if call
        else [WellVerdict(well=well, positive=False, rule="no rule set") for well in measured.wells]
    )
    return {
        "assay": measured.assay.to_json(),
        "wells": [
            {
                "well": v.well.position,
                "cq": v.well.cq,
                "positive": v.positive if call else None,
                "rule": v.rule,
            }
            for v in verdicts
        ],
        "quantity": measured.quantity(),
        "genomes_per_well": measured.genomes.value if measured.genomes else None,
        "pg_per_genome": settings.pg_per_genome or genome_mass_pg(),
    }


def _agree(readings: Sequence[MrdResult]) -> MrdResult:
    """One result for both purposes where they agree; otherwise no call, with both readings named."""
    first, second = readings
    if first.classification is second.classification:
        return replace(first, purpose=None)
    words = "; ".join(f"{reading.purpose}: {reading.classification}" for reading in readings)
    finding = Finding(
        rule="purpose chosen",
        severity=Severity.BLOCKING,
        text=f"The two purposes read this sample differently ({words}).",
        look_at="--purpose therapy_reduction or therapy_intensification",
    )
    highs = [reading.interval[1] for reading in readings if reading.interval]
    return replace(
        first,
        purpose=None,
        classification=MrdClass.NOT_EVALUABLE,
        level_fraction=None,
        interval=(0.0, max(highs)) if highs else None,
        interval_meaning=_MEANING[MrdClass.NOT_EVALUABLE],
        findings=(*first.findings, finding),
    )
