"""`reall mrd ngs`: clonotypes over time, markers, standards, and clones that grow unwatched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from reall.base.errors import WrongUsage
from reall.cli.mrd_input import opened
from reall.cli.mrd_output import FILE, chosen_purpose, emit, output_options, rule_options, svg
from reall.mrd.constants import genomes_from_ng
from reall.mrd.ngs.course import SampleFacts, follow
from reall.mrd.ngs.read import open_repertoire
from reall.mrd.ngs.repertoire import Repertoire
from reall.mrd.ngs.settings import load_settings
from reall.mrd.ngs.spikes import vidjil_normalised_reads
from reall.mrd.ruleset import load_ruleset

_TOP = 12
_SHOWN_AS_PERCENT = 1e-5
_NAME_WIDTH = 44


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--days", help="Days of the samples: 0,48,90 or a CSV (columns reads_d0, reads_d48 … or day).")
@click.option("--track", multiple=True, help="A marker, by id or name. May be repeated.")
@click.option("--standard", multiple=True, help="A spiked-in clonotype, by id or name. May be repeated.")
@click.option("--analysis", type=FILE, help="Vidjil's .analysis file with tags and groups.")
@click.option("--cells", help="Cell equivalents of DNA in the tube: one number, or one per sample.")
@click.option("--dna-ng", help="DNA in the tube in nanograms instead of --cells.")
@click.option("--timepoint", help="Protocol time point of the last sample, as in the case file.")
@click.option("--tissue", help="marrow, blood, …")
@click.option("--vidjil-compatible", is_flag=True, help="Add Vidjil's normalized_reads for comparison.")
@click.option("--plot", type=FILE, help="Write the course as a picture (PNG, SVG, PDF).")
@rule_options
@output_options
def command(files: tuple[Path, ...], *, rules: str | None, purpose: str | None, **options: Any) -> None:
    """Follow the clonotypes of FILES (.vidjil, AIRR TSV, or a CSV by day; several = one per time point)."""
    with ExitStack() as stack:
        paths = [stack.enter_context(opened(file)) for file in files]
        repertoire = open_repertoire(paths, days=options["days"], analysis=options["analysis"])
    facts = SampleFacts(
        cells=_cells(options["cells"], options["dna_ng"], len(repertoire.samples)),
        timepoint=options["timepoint"],
        tissue=options["tissue"],
        purpose=chosen_purpose(purpose),
    )
    ruleset = load_ruleset(rules)
    course = follow(repertoire, track=options["track"], standards=options["standard"], facts=facts, ruleset=ruleset)
    answer = course.to_json()
    if options["vidjil_compatible"]:
        answer["vidjil_normalized_reads"] = _vidjil(repertoire)
    if options["plot"]:
        from reall.plots.clonotypes import save_clonotypes  # noqa: PLC0415 - matplotlib is slow to import

        save_clonotypes(course, options["plot"])

    def pictures() -> list[str]:
        from reall.plots.clonotypes import draw_clonotypes  # noqa: PLC0415 - matplotlib is slow to import

        return [svg(lambda axes: draw_clonotypes(axes, course), width=9.0, height=3.5)]

    output = {key: options[key] for key in ("as_json", "html_file", "pdf_file")}
    emit([answer], answer, **output, pictures=pictures, table=_clonotypes_in_words(answer))


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


def _clonotypes_in_words(answer: Mapping[str, Any]) -> str:
    """Write alerts first, then the markers, then the largest other clonotypes."""
    labels = [sample["label"] for sample in answer["samples"]]
    lines = [f"ALERT {alert['at']}: {alert['text']}" for alert in answer["alerts"]]
    lines += ["", "share of all reads (- = not seen)", _row("clonotype", "role", labels)]
    shown = [one for one in answer["clonotypes"] if one["role"] == "marker"]
    shown += [one for one in answer["clonotypes"] if one["role"] != "marker"][:_TOP]
    for one in shown:
        shares = [_share(one["fractions"][label]) for label in labels]
        lines.append(_row(one["clonotype"], one["role"], shares))
    return "\n".join(lines).lstrip()


def _share(share: float | None) -> str:
    if share is None:
        return "-"
    return f"{share:.3%}" if share >= _SHOWN_AS_PERCENT else f"{share:.1e}"


def _row(name: str, role: str, cells: Sequence[str]) -> str:
    short = name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
    return f"{short:<{_NAME_WIDTH}} {role:<9}" + "".join(f"{cell:>11}" for cell in cells)
