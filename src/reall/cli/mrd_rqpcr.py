"""`reall mrd rqpcr`: a qPCR plate to audited MRD results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reall.base.errors import WrongUsage
from reall.cli.mrd_input import opened
from reall.cli.mrd_output import (
    FILE,
    chosen_purpose,
    document,
    emit,
    output_options,
    rule_options,
    sample_options,
)
from reall.cli.number import ABOVE_ZERO
from reall.mrd.amplification import CqSettings, fill_missing_cq
from reall.mrd.combine import combine_targets
from reall.mrd.constants import genomes_from_ng
from reall.mrd.plate import Plate
from reall.mrd.readers import read_plate
from reall.mrd.result import Finding, MrdClass, MrdResult, Severity
from reall.mrd.rqpcr import METHOD, PlateReading, quantify_plate
from reall.mrd.rqpcr_dna import CURVE_UNITS, RunSettings
from reall.mrd.ruleset import RuleSet, load_ruleset


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", "targets", multiple=True, help="Target to quantify; default: all but the control gene.")
@click.option("--sample", "samples", multiple=True, help="Follow-up sample; default: all.")
@click.option("--run", help="Run to read, where the file holds several.")
@click.option("--control-gene", help="Control gene that counts the cells, e.g. ALB.")
@click.option("--control-unit", type=click.Choice(["genomes", "copies", "ng"]), help="Unit of its standards.")
@click.option("--curve-unit", type=click.Choice(CURVE_UNITS), help="Unit of the target's standards.")
@click.option("--curve-genomes", type=ABOVE_ZERO, help="Genomes per curve well.")
@click.option("--curve-ng", type=ABOVE_ZERO, help="Nanograms of DNA per curve well.")
@click.option("--curve-dna", help="Sample whose control gene measures the DNA of the curve wells.")
@click.option("--background", multiple=True, help="Sample name of the polyclonal mononuclear DNA.")
@click.option("--standard", "standards", multiple=True, help="NAME=FRACTION, where the file has no quantities.")
@click.option("--pg-per-genome", type=ABOVE_ZERO, help="Mass of one diploid genome.")
@click.option("--cq", type=click.Choice(["instrument", "curves"]), default="instrument", show_default=True)
@click.option("--baseline", help="Cycles of the baseline for --cq curves, e.g. 3-15.")
@click.option("--threshold", type=ABOVE_ZERO, help="Fluorescence above the baseline at which --cq curves reads.")
@sample_options
@rule_options
@output_options
def command(file: Path, *, rules: str | None, purpose: str | None, **options: Any) -> None:
    """Quantify MRD from a qPCR plate FILE (RDML, StepOne/QuantStudio/LightCycler export, CSV)."""
    ruleset = load_ruleset(rules)
    with opened(file) as path:
        plate = read_plate(path)
    if options["run"]:
        plate = plate.only_run(options["run"])
    plate = plate.with_roles(background=options["background"], standards=_standards(options["standards"]))
    plate = fill_missing_cq(plate, _cq_settings(options), recompute=options["cq"] == "curves")
    _refuse_unknown(plate, options)
    reading = quantify_plate(
        plate,
        _settings(options),
        rules=ruleset,
        purpose=chosen_purpose(purpose),
        targets=options["targets"],
        samples=options["samples"],
    )
    results = _by_sample(reading.results, ruleset) or [_curves_only(reading, plate, ruleset)]
    written = [result.to_json() for result in results]
    more: dict[str, Any] = {
        "source_file": plate.source,
        "assays": [assay.to_json() for assay in reading.assays],
    }
    targets = {result.target for result in results}
    if len(results) > 1 and len(targets) == 1:
        more |= {"method": METHOD, "curve": written[0]["curve"]}
    output = {key: options[key] for key in ("as_json", "html_file", "pdf_file")}
    emit(written, document(written, **more), **output)


def _cq_settings(options: dict[str, Any]) -> CqSettings:
    settings = CqSettings(threshold=options["threshold"])
    if options["baseline"] is None:
        return settings
    first, _, last = options["baseline"].partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last)):
        raise WrongUsage(
            f"{options['baseline']!r} is not a range of cycles.", where="--baseline", next="Write e.g. --baseline 3-15."
        )
    return replace(settings, baseline_first_cycle=int(first), baseline_last_cycle=int(last))


def _settings(options: dict[str, Any]) -> RunSettings:
    if options["curve_genomes"] and options["curve_ng"]:
        raise WrongUsage("Give --curve-genomes or --curve-ng, not both.")
    genomes = options["curve_genomes"]
    if options["curve_ng"]:
        genomes = genomes_from_ng(options["curve_ng"], pg_per_genome=options["pg_per_genome"])
    return RunSettings(
        control_gene=options["control_gene"],
        control_unit=options["control_unit"],
        curve_unit=options["curve_unit"],
        curve_genomes=genomes,
        curve_dna=options["curve_dna"],
        pg_per_genome=options["pg_per_genome"],
        timepoint=options["timepoint"],
        tissue=options["tissue"],
        day=options["day"],
    )


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


def _refuse_unknown(plate: Plate, options: dict[str, Any]) -> None:
    """A name that is not on the plate would otherwise give an empty answer."""
    samples = {well.sample for well in plate.wells}
    for given, known, what in (
        ((*options["targets"], options["control_gene"]), set(plate.targets), "target"),
        ((*options["samples"], options["curve_dna"]), samples, "sample"),
    ):
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
