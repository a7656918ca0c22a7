"""`reall clones`: where a relapse came from."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("input_path", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.option("--params", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Params file of an .ssm.")
@click.option(
    "--clusters",
    type=click.Choice(["auto", "given", "infer"]),
    default="auto",
    show_default=True,
    help="Keep the clusters of the params file, or infer them; auto keeps them where there are any.",
)
@click.option("--trees", type=click.IntRange(min=1), help="Most trees to write, the most probable first; else all.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same answer.")
@click.option("--roles", help="'D=diagnosis, R1=relapse 1 day=420 purity=0.9, X=xenograft of relapse', or a table.")
@click.option(
    "--sex",
    type=click.Choice(["female", "male", "unknown"]),
    default="unknown",
    show_default=True,
    help="Sets the copies of X and Y in VCF, MAF and CSV.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "ssm", "vcf", "maf", "csv"]),
    default="auto",
    show_default=True,
    help="Kind of the input.",
)
@click.option(
    "--genome",
    type=click.Choice(["hg19", "none"]),
    default="hg19",
    show_default=True,
    help="Genome on which variants without a gene name are placed; none leaves them unnamed.",
)
@click.option(
    "--signatures", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Reference signatures (96 rows)."
)
@click.option(
    "--contexts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trinucleotide counts (96 rows)."
)
@click.option("--json", "as_json", is_flag=True, help="Write reall.clones/1 to standard output.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page; for a folder of patients, a folder.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Patients at a time.")
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray", "dask"]),
    default="processes",
    show_default=True,
    help="Where a folder of patients is computed.",
)
def command(input_path: Path, *, as_json: bool, html: Path | None, jobs: int, engine: str, **said: Any) -> None:
    """Tell from read counts of diagnosis and relapse samples where the relapse came from.

    INPUT is an .ssm, VCF, MAF or CSV file of one patient, or a folder with one such file per patient.
    """
    said["format"] = said.pop("format_")
    run = importlib.import_module("reall.cli.clones_run")  # only now, so that --help starts fast
    if input_path.is_dir():
        run.tell_folder(input_path, said, as_json=as_json, html=html, jobs=jobs, engine=engine)
    else:
        run.tell_patient(input_path, said, as_json=as_json, html=html)
