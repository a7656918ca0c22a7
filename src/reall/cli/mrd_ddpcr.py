"""`reall mrd ddpcr`: droplet counts to audited MRD results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reall.base.errors import UnusableLaboratoryData, WrongUsage
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
from reall.cli.number import ABOVE_ZERO, Number
from reall.mrd.ddpcr import METHOD, DropletSettings, describe_wells, droplet_volume, quantify_droplets
from reall.mrd.plate import Role
from reall.mrd.readers.droplets import DropletPlate, read_droplets
from reall.mrd.result import Finding, MrdClass, MrdResult, Severity
from reall.mrd.ruleset import RuleSet, load_ruleset


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", help="The leukaemic target.")
@click.option("--reference", help="The reference gene that counts the cells.")
@click.option("--sample", "samples", multiple=True, help="Follow-up sample; default: all with both assays.")
@click.option("--background", multiple=True, help="Sample name of the polyclonal mononuclear DNA.")
@click.option("--reference-dilution", type=Number(min=1), default=1.0, show_default=True)
@click.option("--droplet-volume", type=ABOVE_ZERO, help="Nanolitres per droplet.")
@sample_options
@rule_options
@output_options
def command(file: Path, *, rules: str | None, purpose: str | None, **options: Any) -> None:
    """Quantify MRD from droplet counts in FILE (QX100/QX200 export); without --target, concentrations."""
    ruleset = load_ruleset(rules)
    with opened(file) as path:
        plate = read_droplets(path)
    results = _results(plate, options, ruleset, purpose)
    written = [result.to_json() for result in results]
    volume, _ = droplet_volume(plate, options["droplet_volume"])
    plate_wells = describe_wells(plate, options["droplet_volume"])
    more = {"source_file": plate.source, "droplet_volume_nl": volume, "plate": plate_wells}
    output = {key: options[key] for key in ("as_json", "html_file", "pdf_file")}
    emit(written, document(written, **more), **output)
    if not any(output.values()) and not options["target"]:
        click.echo("\n".join(_concentration_lines(plate_wells)))


def _results(
    plate: DropletPlate, options: dict[str, Any], rules: RuleSet | None, purpose: str | None
) -> list[MrdResult]:
    target, reference = options["target"], options["reference"]
    if not target and not reference:
        return [_concentrations_only(plate, rules)]
    if not target or not reference:
        raise WrongUsage(
            "A level needs both --target and --reference.",
            why="The reference gene counts the cells.",
            next=f"The file has: {', '.join(plate.targets)}.",
        )
    if target == reference:
        raise WrongUsage(
            f"{target!r} is named both as target and as reference.",
            why="The level would be a gene divided by itself.",
            next="Name the gene that counts the cells as --reference.",
        )
    for name in (target, reference):
        if name not in plate.targets:
            raise WrongUsage(f"The file has no target {name!r}.", next=f"It has: {', '.join(plate.targets)}.")
    settings = DropletSettings(
        target=target,
        reference=reference,
        background=tuple(options["background"]),
        reference_dilution=options["reference_dilution"],
        droplet_volume_nl=options["droplet_volume"],
        timepoint=options["timepoint"],
        tissue=options["tissue"],
        day=options["day"],
    )
    chosen = options["samples"] or _with_both(plate, settings)
    return [_result(plate, sample, settings, rules, purpose, alone=len(chosen) == 1) for sample in chosen]


def _result(
    plate: DropletPlate,
    sample: str,
    settings: DropletSettings,
    rules: RuleSet | None,
    purpose: str | None,
    *,
    alone: bool,
) -> MrdResult:
    """One sample; beside others, a sample that cannot be used says so and leaves the others their results."""
    try:
        return quantify_droplets(plate, sample, settings, rules=rules, purpose=chosen_purpose(purpose))
    except UnusableLaboratoryData as error:
        if alone:
            raise
        finding = Finding(
            rule="measured", severity=Severity.BLOCKING, text=f"{error.what} {error.why}", look_at=error.next
        )
        return MrdResult(
            method=METHOD,
            classification=MrdClass.NOT_EVALUABLE,
            sample=sample,
            target=settings.target,
            findings=(finding,),
            ruleset=rules.label if rules else None,
        )


def _with_both(plate: DropletPlate, settings: DropletSettings) -> list[str]:
    """The follow-up samples measured for the target; a missing reference then says so by name."""
    named = (
        well.sample
        for well in plate.wells
        if well.target == settings.target and well.role is Role.SAMPLE and well.sample not in settings.background
    )
    return list(dict.fromkeys(named))


def _concentration_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        value, span = row.get("copies_per_ul"), row.get("interval_per_ul")
        words = f"{value:.3g} copies/µL ({span[0]:.3g} to {span[1]:.3g})" if value is not None and span else "–"
        counts = f"{row['positives']} of {row['droplets']} droplets"
        lines.append(f"  {row['well']} {row['sample']} {row['target']}: {words}, {counts}")
    return lines


def _concentrations_only(plate: DropletPlate, rules: RuleSet | None) -> MrdResult:
    text = "No target and reference were named: only concentrations are given."
    finding = Finding(rule="target named", severity=Severity.BLOCKING, text=text, look_at="--target, --reference")
    return MrdResult(
        method=METHOD,
        classification=MrdClass.NOT_EVALUABLE,
        findings=(*plate.findings, finding),
        ruleset=rules.label if rules else None,
    )
