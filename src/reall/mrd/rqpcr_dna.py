"""How much DNA was in a well: genome equivalents by the control gene, and the unit of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reall.mrd.constants import COPIES_PER_GENOME, PG_PER_NG, genome_mass_pg
from reall.mrd.plate import Plate, Well
from reall.mrd.result import Finding, Severity
from reall.mrd.rqpcr_assay import SECTION, Assay
from reall.mrd.ruleset import RuleSet
from reall.mrd.standard_curve import Estimate, exact

FRACTION = "fraction"  # of the diagnostic DNA
CURVE_UNITS = (FRACTION, "genomes", "copies", "ng")


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What the file cannot say.

    `control_unit` and `curve_unit` name the unit of the standards where the file does not. `curve_genomes` is
    the number of genome equivalents in each well of the target's dilution series; `curve_dna` names a sample
    whose control gene measures it instead. `pg_per_genome` turns ng into genomes.
    """

    control_gene: str | None = None
    control_unit: str | None = None
    curve_unit: str | None = None
    curve_genomes: float | None = None
    curve_dna: str | None = None
    pg_per_genome: float | None = None
    timepoint: str | None = None
    tissue: str | None = None
    day: float | None = None


def genomes_in_well(
    plate: Plate, control: Assay | None, sample: str, settings: RunSettings, rules: RuleSet | None
) -> tuple[Estimate | None, list[Finding]]:
    """Genome equivalents in one well of a sample, by the control gene's curve."""

    def block(rule: str, text: str, look_at: str) -> tuple[None, list[Finding]]:
        return None, [Finding(rule=rule, severity=Severity.BLOCKING, text=text, look_at=look_at)]

    if control is None:
        return block(
            "control gene measured",
            "No control gene was named, so the cells are not counted.",
            "--control-gene",
        )
    if control.curve is None:
        return block("control gene measured", f"{control.target} has no standard curve.", "Its standards.")
    per_unit = _genomes_per_control_unit(control, settings)
    if per_unit is None:
        text = f"The unit of the {control.target} standards is unknown ({control.unit or 'not given'})."
        return block("control gene unit known", text, "--control-unit genomes, copies or ng")
    wells = plate.pick(target=control.target, sample=sample)
    cqs = [well.cq for well in wells if well.cq is not None]
    if not cqs:
        text = f"{sample}: no {control.target} signal in {len(wells)} wells: no usable DNA, or no well."
        return block("DNA present", text, "DNA concentration, inhibition, plate layout.")
    estimate = control.curve.read(cqs) + exact(per_unit)
    return estimate, _control_findings(control, sample, wells, estimate, rules)


def _control_findings(
    control: Assay, sample: str, wells: Sequence[Well], genomes: Estimate, rules: RuleSet | None
) -> list[Finding]:
    cqs = [well.cq for well in wells if well.cq is not None]
    findings = list(control.findings)
    if control.accepted is False:
        text = f"The standard curve of {control.target} is not accepted, so the cells are counted wrongly."
        rule = "control-gene curve accepted"
        findings.append(Finding(rule=rule, severity=Severity.BLOCKING, text=text, look_at="The findings of its curve."))
    if len(cqs) < len(wells):
        text = f"{sample}: {control.target} amplified in {len(cqs)} of {len(wells)} wells."
        rule = "every control-gene replicate amplifies"
        findings.append(Finding(rule=rule, severity=Severity.WARNING, text=text, look_at="Inhibition, empty wells."))
    spread = rules.optional(SECTION, "control_gene_spread_max_cycles") if rules else None
    if spread and max(cqs) - min(cqs) > spread.value:
        text = f"{sample}: {control.target} replicates differ by {max(cqs) - min(cqs):.2f} cycles."
        findings.append(Finding(rule=spread.quote(), severity=Severity.BLOCKING, text=text, look_at="Repeat."))
    least = rules.optional(SECTION, "control_gene_genomes_min") if rules else None
    if least and genomes.value < least.value:
        text = f"{sample}: only {genomes.value:,.0f} genome equivalents in a well."
        findings.append(Finding(rule=least.quote(), severity=Severity.BLOCKING, text=text, look_at="More DNA."))
    return findings


def _genomes_per_control_unit(control: Assay, settings: RunSettings) -> float | None:
    unit = settings.control_unit or control.unit
    pg = settings.pg_per_genome or genome_mass_pg()
    return {"genomes": 1.0, "copies": 1 / COPIES_PER_GENOME, "ng": PG_PER_NG / pg}.get(unit)


def genomes_per_quantity(
    plate: Plate, assay: Assay, control: Assay | None, settings: RunSettings
) -> tuple[Estimate | None, list[Finding]]:
    """How many leukaemic genomes one unit of the target's curve stands for."""
    unit = settings.curve_unit or assay.unit
    if unit in {"copies", "genomes"}:
        return exact(1.0), []
    if unit == "ng":
        return exact(PG_PER_NG / (settings.pg_per_genome or genome_mass_pg())), []
    if unit not in {FRACTION, ""} or (assay.points and max(point.quantity for point in assay.points) > 1):
        text = f"The unit of the {assay.target} standards is unknown ({unit or 'not given'})."
        look_at = f"--curve-unit {', '.join(CURVE_UNITS)}; a fraction is at most 1, 1 % is 0.01."
        return None, [Finding(rule="unit of the curve known", severity=Severity.BLOCKING, text=text, look_at=look_at)]
    genomes, findings = _genomes_in_curve_wells(plate, assay, control, settings)
    return genomes, [*findings, *([] if unit else [_taken_as_fraction(assay)])]


def _taken_as_fraction(assay: Assay) -> Finding:
    text = f"The {assay.target} standards carry no unit; being at most 1, they were taken as fractions."
    look_at = "--curve-unit: percent or nanograms would be read wrongly."
    return Finding(rule="unit of the curve known", severity=Severity.WARNING, text=text, look_at=look_at)


def _genomes_in_curve_wells(
    plate: Plate, assay: Assay, control: Assay | None, settings: RunSettings
) -> tuple[Estimate | None, list[Finding]]:
    """Genome equivalents of undiluted diagnostic DNA in each well of the dilution series."""
    if settings.curve_genomes:
        return exact(settings.curve_genomes), []
    if settings.curve_dna and control:
        return genomes_in_well(plate, control, settings.curve_dna, settings, None)
    text = f"The amount of DNA in the wells of the {assay.target} curve is unknown."
    look_at = "--curve-genomes NUMBER, --curve-ng NUMBER or --curve-dna SAMPLE"
    return None, [Finding(rule="curve input known", severity=Severity.BLOCKING, text=text, look_at=look_at)]
