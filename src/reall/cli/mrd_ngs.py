"""`reall mrd ngs`: clonotypes over time, markers, standards, and clones that grow unwatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reall.api.mrd_ngs import read_ngs
from reall.cli.given import data_given
from reall.cli.mrd_output import FILE, Output, emit, output_options, rule_options

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
def command(
    files: tuple[Path, ...],
    *,
    days: str | None,
    plot: Path | None,
    as_json: bool,
    html_file: Path | None,
    pdf_file: Path | None,
    **said: Any,
) -> None:
    """Follow the clonotypes of FILES (.vidjil, AIRR TSV, or a CSV by day; several = one per time point)."""
    is_table = days is not None and Path(days).suffix.lower() == ".csv"
    reading = read_ngs(
        [data_given(file) for file in files],
        days=None if is_table else days,
        days_table=days if is_table else None,
        **said,
    )
    if plot:
        from reall.plots.clonotypes import save_clonotypes  # noqa: PLC0415 - matplotlib is slow to import

        save_clonotypes(reading.course, plot)

    def pictures() -> list[str]:
        from reall.plots.mrd_pictures import picture_of_clonotypes  # noqa: PLC0415 - matplotlib is slow to import

        return [picture_of_clonotypes(reading.course).svg]

    output: Output = {"as_json": as_json, "html_file": html_file, "pdf_file": pdf_file}
    emit(reading.document, **output, pictures=pictures, table=_clonotypes_in_words(reading.document))


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
