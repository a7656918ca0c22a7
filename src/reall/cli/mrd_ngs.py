"""`reall mrd ngs`: clonotypes over time, markers, standards, and clones that grow unwatched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reall.mrd.ngs.repertoire import Repertoire

_TOP = 12
_SHOWN_AS_PERCENT = 1e-5


@click.command("ngs")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--days", help="Days of the samples: 0,48,90 or a CSV (columns reads_d0, reads_d48 … or day).")
@click.option("--track", multiple=True, help="A marker, by id or name. May be repeated.")
@click.option("--standard", multiple=True, help="A spiked-in clonotype, by id or name. May be repeated.")
@click.option("--analysis", type=click.Path(path_type=Path), help="Vidjil's .analysis file with tags and groups.")
@click.option("--cells", help="Cell equivalents of DNA in the tube: one number, or one per sample.")
@click.option("--dna-ng", help="DNA in the tube in nanograms instead of --cells.")
@click.option("--rules", help="Rule set: a signed YAML file, or the word draft. Without it no call is made.")
@click.option("--tissue", help="marrow, blood, …")
@click.option("--purpose", type=click.Choice(["therapy_reduction", "therapy_intensification"]))
@click.option("--vidjil-compatible", is_flag=True, help="Add Vidjil's normalized_reads for comparison.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write the course as a picture (PNG, SVG, PDF).")
@click.option("--json", "as_json", is_flag=True, help="Write reall.mrd/1 to stdout.")
def command(
    *,
    files: tuple[Path, ...],
    days: str | None,
    track: tuple[str, ...],
    standard: tuple[str, ...],
    analysis: Path | None,
    cells: str | None,
    dna_ng: str | None,
    rules: str | None,
    tissue: str | None,
    purpose: str | None,
    vidjil_compatible: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Follow the clonotypes of FILES (.vidjil, AIRR TSV, or a CSV by day; several = one per time point)."""
    from reall.mrd.ngs.course import follow  # noqa: PLC0415 - lazy, so that --help stays fast
    from reall.mrd.ngs.read import open_repertoire  # noqa: PLC0415
    from reall.mrd.result import Purpose  # noqa: PLC0415
    from reall.mrd.ruleset import load_ruleset  # noqa: PLC0415

    repertoire = open_repertoire(files, days=days, analysis=analysis)
    ruleset = load_ruleset(rules)
    course = follow(
        repertoire,
        track=track,
        standards=standard,
        cells=_cells(cells, dna_ng, len(repertoire.samples)),
        ruleset=ruleset,
        tissue=tissue,
        purpose=Purpose(purpose) if purpose else None,
    )
    answer = course.to_json()
    if vidjil_compatible:
        answer["vidjil_normalized_reads"] = _vidjil(repertoire)
    if plot is not None:
        from reall.plots.clonotypes import save_clonotypes  # noqa: PLC0415

        save_clonotypes(course, plot)
    click.echo(json.dumps(answer, indent=2) if as_json else _in_words(answer))


def _cells(cells: str | None, dna_ng: str | None, samples: int) -> list[float] | None:
    from reall.base.errors import WrongUsage  # noqa: PLC0415
    from reall.mrd.constants import genomes_from_ng  # noqa: PLC0415

    if cells is not None and dna_ng is not None:
        raise WrongUsage("Give --cells or --dna-ng, not both.", why="One follows from the other.")
    text, option = (cells, "--cells") if cells is not None else (dna_ng, "--dna-ng")
    if text is None:
        return None
    try:
        amounts = [float(part) for part in text.split(",")]
    except ValueError:
        amounts = []
    if len(amounts) not in {1, samples} or not all(0 < amount < float("inf") for amount in amounts):
        raise WrongUsage(
            f"{text!r} is neither one amount above 0 nor one for each of {samples} samples.",
            where=option,
            why="The sensitivity depends on it.",
            next="Write 100000, or one number per sample with commas.",
        )
    return amounts if option == "--cells" else [genomes_from_ng(amount) for amount in amounts]


def _vidjil(repertoire: Repertoire) -> list[dict[str, Any]]:
    from reall.mrd.ngs.settings import load_settings  # noqa: PLC0415
    from reall.mrd.ngs.spikes import vidjil_normalised_reads  # noqa: PLC0415

    settings = load_settings()
    return [
        {"sample": sample.label, "normalized_reads": vidjil_normalised_reads(repertoire, place, settings)}
        for place, sample in enumerate(repertoire.samples)
    ]


def _in_words(answer: Mapping[str, Any]) -> str:
    """Write alerts first, then the markers, then the largest clonotypes."""
    from reall.cli.mrd_words import findings_in_words, level_in_words  # noqa: PLC0415

    labels = [sample["label"] for sample in answer["samples"]]
    lines = [f"ALERT {alert['at']}: {alert['text']}" for alert in answer["alerts"]]
    lines += ["", "share of all reads (- = not seen)", _row("clonotype", "role", labels)]
    shown = [one for one in answer["clonotypes"] if one["role"] == "marker"]
    shown += [one for one in answer["clonotypes"] if one["role"] != "marker"][:_TOP]
    for one in shown:
        shares = [one["fractions"][label] for label in labels]
        cells = [
            "-" if share is None else f"{share:.3%}" if share >= _SHOWN_AS_PERCENT else f"{share:.1e}"
            for share in shares
        ]
        lines.append(_row(one["clonotype"], one["role"], cells))
    # The alerts stand at the top; they are not said again among the findings.
    others = [finding for finding in answer["findings"] if finding["rule"] != "growing_untracked_clone"]
    return "\n".join([*lines, "", level_in_words(answer), *findings_in_words({"findings": others})]).lstrip()


def _row(name: str, role: str, cells: Sequence[str]) -> str:
    short = name if len(name) <= 44 else f"{name[:41]}…"  # noqa: PLR2004 - fits a terminal line
    return f"{short:<44} {role:<9}" + "".join(f"{cell:>11}" for cell in cells)
