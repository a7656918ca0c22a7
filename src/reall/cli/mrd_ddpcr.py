"""`reall mrd ddpcr`: droplet counts to audited MRD results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reall.api.mrd_ddpcr import ddpcr
from reall.cli.given import data_given
from reall.cli.mrd_output import FILE, emit, output_options, rule_options, sample_options
from reall.cli.number import ABOVE_ZERO, Number


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", help="The leukaemic target.")
@click.option("--reference", help="The reference gene that counts the cells.")
@click.option("--sample", "samples", multiple=True, help="Follow-up sample; default: all with both assays.")
@click.option("--background", multiple=True, help="Sample name of the polyclonal mononuclear DNA.")
@click.option("--reference-dilution", type=Number(min=1), default=1.0, show_default=True)
@click.option("--droplet-volume", "droplet_volume_nl", type=ABOVE_ZERO, help="Nanolitres per droplet.")
@sample_options
@rule_options
@output_options
def command(file: Path, *, as_json: bool, html_file: Path | None, pdf_file: Path | None, **said: Any) -> None:
    """Quantify MRD from droplet counts in FILE (QX100/QX200 export); without --target, concentrations."""
    content = ddpcr(data_given(file), **said)
    emit(content, as_json=as_json, html_file=html_file, pdf_file=pdf_file)
    if not (as_json or html_file or pdf_file or said["target"]):
        click.echo("\n".join(_concentration_lines(content["plate"])))


def _concentration_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        value, span = row.get("copies_per_ul"), row.get("interval_per_ul")
        words = f"{value:.3g} copies/µL ({span[0]:.3g} to {span[1]:.3g})" if value is not None and span else "–"
        counts = f"{row['positives']} of {row['droplets']} droplets"
        lines.append(f"  {row['well']} {row['sample']} {row['target']}: {words}, {counts}")
    return lines
