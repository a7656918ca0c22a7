"""Open a file of any supported kind as checked `Reads`."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.clones.copy_number import Sex
from reall.clones.counting import Context, Count, gather
from reall.clones.model import Finding, Reads, Sample
from reall.clones.reads import checked, read_ssm
from reall.clones.roles import restate, with_roles
from reall.clones.tables import read_table
from reall.clones.vcf import read_vcf

_SUFFIXES = {
    ".ssm": "ssm",
    ".vcf": "vcf",
    ".vcf.gz": "vcf",
    ".vcf.bgz": "vcf",
    ".maf": "maf",
    ".csv": "csv",
    ".tsv": "csv",
}
FORMATS = ("ssm", "vcf", "maf", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the user says beside the file."""

    params: Path | None = None
    roles: Mapping[str, Sample] = field(default_factory=dict)
    sex: Sex = Sex.UNKNOWN
    format: str = "auto"


def format_of(path: Path) -> str | None:
    """Name the format that a file name suggests, `None` where it suggests none."""
    name = path.name.lower()
    return next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), None)


def read_any(path: Path, told: Told) -> Reads:
    """Read a file of counts. Raises `UnusableLaboratoryData` for its content, `WrongUsage` for an unknown kind."""
    kind = told.format if told.format != "auto" else format_of(path)
    if kind is None:
        raise WrongUsage(
            f"The name {path.name} does not tell what kind of file it is.",
            where=path.name,
            next=f"Add --format with one of {', '.join(FORMATS)}.",
        )
    if kind == "ssm":
        reads = read_ssm(path, told.params or params_beside(path))
        if not told.roles:
            return reads
        # What was found about the roles guessed from names no longer holds.
        return _without_purity(checked(replace(reads, samples=restate(reads.samples, told.roles), findings=())), told)
    context = Context(source=path.name, sex=told.sex)
    left_out: tuple[Finding, ...] = ()
    counts: list[Count]
    try:
        if kind == "vcf":
            counts, order, left_out = read_vcf(path, context)
        else:
            counts, order = read_table(path, context)
    except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile, csv.Error) as error:
        raise UnusableLaboratoryData(
            f"The file cannot be read as text: {error}.", where=path.name, next="Check that it is whole, and UTF-8."
        ) from None
    reads = gather(counts, order, replace(context, samples=with_roles(order, told.roles)))
    return checked(replace(reads, findings=(*reads.findings, *left_out)))


def _without_purity(reads: Reads, told: Told) -> Reads:
    """Say that a purity stated beside an `.ssm` is not used: its read probabilities are final."""
    stated = ", ".join(name for name, sample in told.roles.items() if sample.purity is not None)
    if not stated:
        return reads
    text = f"The purity stated for {stated} is not used: an .ssm holds its own read probabilities."
    return replace(reads, findings=(*reads.findings, Finding("purity_unused", "warning", text, reads.source)))


def params_beside(path: Path) -> Path | None:
    """Find the params file of an `.ssm`: X.params.json, else X.nostruct.params.json, as published sets name it."""
    for suffix in (".params.json", ".nostruct.params.json"):
        beside = path.with_name(path.name.removesuffix(".ssm") + suffix)
        if beside.is_file():
            return beside
    return None


def inputs_in(folder: Path) -> list[Path]:
    """List the files of a folder that hold one patient each, by name. Raises `WrongUsage` where there is none."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and format_of(path) is not None)
    if not found:
        raise WrongUsage(
            "The folder holds no .ssm, .vcf, .maf, .csv or .tsv file.", where=str(folder), next="Name another folder."
        )
    return found
