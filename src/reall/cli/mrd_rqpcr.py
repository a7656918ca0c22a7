"""`reall mrd rqpcr`: a qPCR plate to audited MRD results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reall.api.mrd_rqpcr import CONTROL_UNITS, CQ, rqpcr
from reall.cli.given import data_given
from reall.cli.mrd_output import FILE, emit, output_options, rule_options, sample_options
from reall.cli.number import ABOVE_ZERO
from reall.mrd.rqpcr_dna import CURVE_UNITS


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", "targets", multiple=True, help="Target to quantify; default: all but the control gene.")
@click.option("--sample", "samples", multiple=True, help="Follow-up sample; default: all.")
@click.option("--run", help="Run to read, where the file holds several.")
@click.option("--control-gene", help="Control gene that counts the cells, e.g. ALB.")
@click.option("--control-unit", type=click.Choice(CONTROL_UNITS), help="Unit of its standards.")
@click.option("--curve-unit", type=click.Choice(CURVE_UNITS), help="Unit of the target's standards.")
@click.option("--curve-genomes", type=ABOVE_ZERO, help="Genomes per curve well.")
@click.option("--curve-ng", type=ABOVE_ZERO, help="Nanograms of DNA per curve well.")
@click.option("--curve-dna", help="Sample whose control gene measures the DNA of the curve wells.")
@click.option("--background", multiple=True, help="Sample name of the polyclonal mononuclear DNA.")
@click.option("--standard", "standards", multiple=True, help="NAME=FRACTION, where the file has no quantities.")
@click.option("--pg-per-genome", type=ABOVE_ZERO, help="Mass of one diploid genome.")
@click.option("--cq", type=click.Choice(CQ), default="instrument", show_default=True)
@click.option("--baseline", help="Cycles of the baseline for --cq curves, e.g. 3-15.")
@click.option("--threshold", type=ABOVE_ZERO, help="Fluorescence above the baseline at which --cq curves reads.")
@sample_options
@rule_options
@output_options
def command(file: Path, *, as_json: bool, html_file: Path | None, pdf_file: Path | None, **said: Any) -> None:
    """Quantify MRD from a qPCR plate FILE (RDML, StepOne/QuantStudio/LightCycler export, CSV)."""
    emit(rqpcr(data_given(file), **said), as_json=as_json, html_file=html_file, pdf_file=pdf_file)
