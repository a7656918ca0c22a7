"""Sequencing: clonotypes over time, markers, standards, and clones that grow unwatched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.api.inputs import Source, all_on_disk
from reall.api.parameters import PurposeName, RuleChoice, chosen_purpose
from reall.base.errors import WrongUsage
from reall.mrd.constants import genomes_from_ng
from reall.mrd.ngs.course import NgsCourse, SampleFacts, follow
from reall.mrd.ngs.read import open_repertoire
from reall.mrd.ngs.repertoire import Repertoire
from reall.mrd.ngs.settings import load_settings
from reall.mrd.ngs.spikes import vidjil_normalised_reads
from reall.mrd.ruleset import load_ruleset


@dataclass(frozen=True, kw_only=True)
class NgsReading:
    """The course of the clonotypes, and the same as the document that is handed over."""

    course: NgsCourse
    document: dict[str, Any]


def ngs(
    files: Sequence[Source],
    *,
    days: str | None = None,
    days_table: Source | None = None,
    track: Sequence[str] = (),
    standard: Sequence[str] = (),
    analysis: Source | None = None,
    cells: str | None = None,
    dna_ng: str | None = None,
    timepoint: str | None = None,
    tissue: str | None = None,
    vidjil_compatible: bool = False,
    rules: RuleChoice | None = None,
    purpose: PurposeName | None = None,
) -> dict[str, Any]:
    """Follow the clonotypes of files (.vidjil, AIRR TSV, or a CSV by day; several = one per time point).

    Gives `reall.mrd/1`. The parameters are those of `reall mrd ngs`, described in docs/how-to/mrd-ngs-flow.md; `days`
    and amounts are numbers with commas. Raises `UnusableLaboratoryData`, `InvalidKnowledge`, `WrongUsage`.
    """
    reading = read_ngs(
        files,
        days=days,
        days_table=days_table,
        track=track,
        standard=standard,
        analysis=analysis,
        cells=cells,
        dna_ng=dna_ng,
        timepoint=timepoint,
        tissue=tissue,
        vidjil_compatible=vidjil_compatible,
        rules=rules,
        purpose=purpose,
    )
    return reading.document


def read_ngs(
    files: Sequence[Source],
    *,
    days: str | None,
    days_table: Source | None,
    track: Sequence[str],
    standard: Sequence[str],
    analysis: Source | None,
    cells: str | None,
    dna_ng: str | None,
    timepoint: str | None,
    tissue: str | None,
    vidjil_compatible: bool,
    rules: RuleChoice | None,
    purpose: str | None,
) -> NgsReading:
    """Give the course itself, for a caller that draws it. Raises as `ngs` does."""
    decides = chosen_purpose(purpose)
    with all_on_disk([analysis, days_table, rules]) as [analysis_path, days_path, chosen_rules]:
        with all_on_disk(files) as paths:
            repertoire = open_repertoire(
                [path for path in paths if path is not None],
                days=_days(days, days_path),
                analysis=analysis_path,
            )
        ruleset = load_ruleset(chosen_rules)
    facts = SampleFacts(
        cells=_cells(cells, dna_ng, len(repertoire.samples)), timepoint=timepoint, tissue=tissue, purpose=decides
    )
    course = follow(repertoire, track=track, standards=standard, facts=facts, ruleset=ruleset)
    document = course.to_json()
    if vidjil_compatible:
        document["vidjil_normalized_reads"] = _vidjil(repertoire)
    return NgsReading(course=course, document=document)


def _days(days: str | None, table: Path | None) -> str | None:
    """Give the days, or the table that holds them; a text never names a file, because it may come from anywhere."""
    if days is not None and table is not None:
        raise WrongUsage("Give the days or a table of days, not both.", where="--days")
    if days is not None and Path(days).suffix:
        try:
            float(days.rpartition(",")[2])
        except ValueError:
            raise WrongUsage(f"{days!r} does not hold days.", where="--days", next="Write 0,48,90.") from None
    return str(table) if table is not None else days


def _cells(cells: str | None, dna_ng: str | None, samples: int) -> list[float] | None:
    if cells is not None and dna_ng is not None:
        raise WrongUsage("Give --cells or --dna-ng, not both.", why="One follows from the other.")
    text, option = (cells, "--cells") if cells is not None else (dna_ng, "--dna-ng")
    if text is None:
        return None
    try:
        amounts = [float(part) for part in text.split(",")]
    except ValueError:
        amounts = []
    if option == "--dna-ng":
        amounts = [genomes_from_ng(amount) for amount in amounts]
    if len(amounts) not in {1, samples} or not all(1 <= amount < math.inf for amount in amounts):
        raise WrongUsage(
            f"{text!r} is neither one amount of at least one cell nor one for each of {samples} samples.",
            where=option,
            why="The sensitivity depends on it.",
            next="Write 100000, or one number per sample with commas.",
        )
    return amounts


def _vidjil(repertoire: Repertoire) -> list[dict[str, Any]]:
    settings = load_settings()
    return [
        {"sample": sample.label, "normalized_reads": vidjil_normalised_reads(repertoire, place, settings)}
        for place, sample in enumerate(repertoire.samples)
    ]
