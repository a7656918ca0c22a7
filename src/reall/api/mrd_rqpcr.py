"""RQ-PCR: a qPCR plate to audited MRD results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from reall.api.inputs import Source, all_on_disk, on_disk
from reall.api.parameters import (
    Positive,
    PurposeName,
    RuleChoice,
    above_zero,
    chosen_purpose,
    finite,
    one_document,
    one_of,
)
from reall.base.errors import WrongUsage
from reall.mrd.amplification import CqSettings, fill_missing_cq
from reall.mrd.combine import combine_targets
from reall.mrd.constants import genomes_from_ng
from reall.mrd.plate import Plate
from reall.mrd.readers import read_plate
from reall.mrd.result import Finding, MrdClass, MrdResult, Severity
from reall.mrd.rqpcr import METHOD, PlateReading, quantify_plate
from reall.mrd.rqpcr_dna import CURVE_UNITS, RunSettings
from reall.mrd.ruleset import RuleSet, load_ruleset

CONTROL_UNITS = ("genomes", "copies", "ng")
CQ = ("instrument", "curves")


def rqpcr(
    file: Source,
    *,
    targets: Sequence[str] = (),
    samples: Sequence[str] = (),
    run: str | None = None,
    control_gene: str | None = None,
    control_unit: Literal["genomes", "copies", "ng"] | None = None,
    curve_unit: Literal["fraction", "genomes", "copies", "ng"] | None = None,
    curve_genomes: Positive | None = None,
    curve_ng: Positive | None = None,
    curve_dna: str | None = None,
    background: Sequence[str] = (),
    standards: Sequence[str] = (),
    pg_per_genome: Positive | None = None,
    cq: Literal["instrument", "curves"] = "instrument",
    baseline: str | None = None,
    threshold: Positive | None = None,
    timepoint: str | None = None,
    tissue: str | None = None,
    day: float | None = None,
    rules: RuleChoice | None = None,
    purpose: PurposeName | None = None,
) -> dict[str, Any]:
    """Quantify MRD from a qPCR plate (RDML, StepOne/QuantStudio/LightCycler export, CSV), as `reall.mrd/1`.

    The parameters are those of `reall mrd rqpcr`, described in docs/how-to/mrd.md. Raises `UnusableLaboratoryData`,
    `InvalidKnowledge` for the rule set, `WrongUsage` for parameters that do not fit each other or the plate.
    """
    above_zero(curve_genomes=curve_genomes, curve_ng=curve_ng, pg_per_genome=pg_per_genome, threshold=threshold)
    finite(day=day)
    one_of("control_unit", control_unit, CONTROL_UNITS)
    one_of("curve_unit", curve_unit, CURVE_UNITS)
    one_of("cq", cq, CQ)
    decides = chosen_purpose(purpose)
    with all_on_disk([rules]) as [chosen_rules]:
        ruleset = load_ruleset(chosen_rules)
    plate = _plate(file, run=run, background=background, standards=standards)
    plate = fill_missing_cq(plate, _cq_settings(threshold, baseline), recompute=cq == "curves")
    _refuse_unknown(plate, targets=[*targets, control_gene], samples=[*samples, curve_dna])
    settings = RunSettings(
        control_gene=control_gene,
        control_unit=control_unit,
        curve_unit=curve_unit,
        curve_genomes=_curve_genomes(curve_genomes, curve_ng, pg_per_genome),
        curve_dna=curve_dna,
        pg_per_genome=pg_per_genome,
        timepoint=timepoint,
        tissue=tissue,
        day=day,
    )
    reading = quantify_plate(plate, settings, rules=ruleset, purpose=decides, targets=targets, samples=samples)
    return _document(reading, plate, ruleset)


def _plate(file: Source, *, run: str | None, background: Sequence[str], standards: Sequence[str]) -> Plate:
    with on_disk(file) as path:
        plate = read_plate(path)
    if run:
        plate = plate.only_run(run)
    return plate.with_roles(background=background, standards=_standards(standards))


def _document(reading: PlateReading, plate: Plate, ruleset: RuleSet | None) -> dict[str, Any]:
    results = _by_sample(reading.results, ruleset) or [_curves_only(reading, plate, ruleset)]
    written = [result.to_json() for result in results]
    more: dict[str, Any] = {
        "source_file": plate.source,
        "assays": [assay.to_json() for assay in reading.assays],
    }
    if len(results) > 1 and len({result.target for result in results}) == 1:
        more |= {"method": METHOD, "curve": written[0]["curve"]}
    return one_document(written, **more)


def _cq_settings(threshold: float | None, baseline: str | None) -> CqSettings:
    settings = CqSettings(threshold=threshold)
    if baseline is None:
        return settings
    first, _, last = baseline.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last)):
        raise WrongUsage(
            f"{baseline!r} is not a range of cycles.", where="--baseline", next="Write e.g. --baseline 3-15."
        )
    return replace(settings, baseline_first_cycle=int(first), baseline_last_cycle=int(last))


def _curve_genomes(genomes: float | None, ng: float | None, pg_per_genome: float | None) -> float | None:
    if genomes and ng:
        raise WrongUsage("Give --curve-genomes or --curve-ng, not both.")
    return genomes_from_ng(ng, pg_per_genome=pg_per_genome) if ng else genomes


def _standards(pairs: Sequence[str]) -> dict[str, float]:
    standards = {}
    for pair in pairs:
        name, _, number = pair.rpartition("=")
        try:
            standards[name] = float(number)
        except ValueError:
            name = ""
        if not name or not 0 < standards[name] <= 1:
            raise WrongUsage(f"{pair!r} is not NAME=FRACTION.", next="Write e.g. --standard 'dx 1e-3=0.001'.")
    return standards


def _refuse_unknown(plate: Plate, *, targets: Sequence[str | None], samples: Sequence[str | None]) -> None:
    """A name that is not on the plate would otherwise give an empty answer."""
    on_plate = {well.sample for well in plate.wells}
    for given, known, what in ((targets, set(plate.targets), "target"), (samples, on_plate, "sample")):
        missing = [name for name in given if name and name not in known]
        if missing:
            raise WrongUsage(
                f"The plate has no {what} {missing[0]!r}.",
                where=plate.source,
                next=f"It has: {', '.join(sorted(known))}.",
            )


def _by_sample(results: Sequence[MrdResult], rules: RuleSet | None) -> list[MrdResult]:
    grouped: dict[str | None, list[MrdResult]] = {}
    for result in results:
        grouped.setdefault(result.sample, []).append(result)
    return [combine_targets(members, rules) for members in grouped.values()]


def _curves_only(reading: PlateReading, plate: Plate, rules: RuleSet | None) -> MrdResult:
    """A plate without follow-up samples still has curves worth seeing."""
    curves = [assay.curve for assay in reading.assays if assay.curve]
    text = "The plate has no follow-up sample: only its curves are given."
    finding = Finding(rule="a sample is on the plate", severity=Severity.BLOCKING, text=text, look_at="The layout.")
    findings = [*plate.findings, *(f for assay in reading.assays for f in assay.findings), finding]
    return MrdResult(
        method=METHOD,
        classification=MrdClass.NOT_EVALUABLE,
        target=reading.assays[0].target if len(reading.assays) == 1 else None,
        curve=curves[0].summary() if len(curves) == 1 else None,
        findings=tuple(dict.fromkeys(findings)),
        ruleset=rules.label if rules else None,
        details={"assay": reading.assays[0].to_json()} if len(reading.assays) == 1 else {},
    )
