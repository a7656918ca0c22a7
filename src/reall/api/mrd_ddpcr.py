"""Digital PCR: droplet counts to audited MRD results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from annotated_types import Ge

from reall.api.inputs import Source, all_on_disk, on_disk
from reall.api.parameters import Positive, PurposeName, RuleChoice, above_zero, chosen_purpose, finite, one_document
from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.mrd.ddpcr import METHOD, DropletSettings, describe_wells, droplet_volume, quantify_droplets
from reall.mrd.plate import Role
from reall.mrd.readers.droplets import DropletPlate, read_droplets
from reall.mrd.result import Finding, MrdClass, MrdResult, Purpose, Severity
from reall.mrd.ruleset import RuleSet, load_ruleset


def ddpcr(
    file: Source,
    *,
    target: str | None = None,
    reference: str | None = None,
    samples: Sequence[str] = (),
    background: Sequence[str] = (),
    reference_dilution: Annotated[float, Ge(1)] = 1.0,
    droplet_volume_nl: Positive | None = None,
    timepoint: str | None = None,
    tissue: str | None = None,
    day: float | None = None,
    rules: RuleChoice | None = None,
    purpose: PurposeName | None = None,
) -> dict[str, Any]:
    """Quantify MRD from droplet counts (QX100/QX200 export), as `reall.mrd/1`; without `target`, concentrations.

    The parameters are those of `reall mrd ddpcr`, described in docs/how-to/mrd.md. Raises `UnusableLaboratoryData`,
    `InvalidKnowledge` for the rule set, `WrongUsage` for parameters that do not fit each other or the file.
    """
    above_zero(droplet_volume_nl=droplet_volume_nl)
    finite(day=day, reference_dilution=reference_dilution)
    if reference_dilution < 1:
        raise WrongUsage(f"{reference_dilution!r} is no dilution", where="reference_dilution", next="1 is undiluted.")
    decides = chosen_purpose(purpose)
    with on_disk(file) as path, all_on_disk([rules]) as [chosen_rules]:
        ruleset = load_ruleset(chosen_rules)
        plate = read_droplets(path)
    if not target and not reference:
        results = [_concentrations_only(plate, ruleset)]
    else:
        settings = DropletSettings(
            **_targets(plate, target, reference),
            background=tuple(background),
            reference_dilution=reference_dilution,
            droplet_volume_nl=droplet_volume_nl,
            timepoint=timepoint,
            tissue=tissue,
            day=day,
        )
        chosen = samples or _with_both(plate, settings)
        alone = len(chosen) == 1
        results = [_result(plate, sample, settings, ruleset, decides, alone=alone) for sample in chosen]
    volume, _ = droplet_volume(plate, droplet_volume_nl)
    more = {
        "source_file": plate.source,
        "droplet_volume_nl": volume,
        "plate": describe_wells(plate, droplet_volume_nl),
    }
    return one_document([result.to_json() for result in results], **more)


def _targets(plate: DropletPlate, target: str | None, reference: str | None) -> dict[str, str]:
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
    return {"target": target, "reference": reference}


def _result(
    plate: DropletPlate,
    sample: str,
    settings: DropletSettings,
    rules: RuleSet | None,
    purpose: Purpose | None,
    *,
    alone: bool,
) -> MrdResult:
    """One sample; beside others, a sample that cannot be used says so and leaves the others their results."""
    try:
        return quantify_droplets(plate, sample, settings, rules=rules, purpose=purpose)
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


def _concentrations_only(plate: DropletPlate, rules: RuleSet | None) -> MrdResult:
    text = "No target and reference were named: only concentrations are given."
    finding = Finding(rule="target named", severity=Severity.BLOCKING, text=text, look_at="--target, --reference")
    return MrdResult(
        method=METHOD,
        classification=MrdClass.NOT_EVALUABLE,
        findings=(*plate.findings, finding),
        ruleset=rules.label if rules else None,
    )
