"""`reall convert FILE…`: a case from a record system's FHIR or a Phenopacket, and either of them from a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import click

from reall.api import convert, phenopackets
from reall.api.inputs import Source, is_record
from reall.base.errors import WrongUsage
from reall.cli.given import STDIN, case_given
from reall.exchange.fhir.findings import Finding, Reading
from reall.report.to_json import dumps

_TO = ("case", "reading", "fhir", "assessment", "phenopacket")


@click.command("convert")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--from",
    "source",
    type=click.Choice(["fhir", "case", "phenopacket"]),
    help="Format of FILE; told from it when left out.",
)
@click.option("--to", "target", type=click.Choice(_TO), default="case", show_default=True, help="What to write.")
@click.option("--out", metavar="FILE", help="Write into this file instead of standard output.")
@click.option("--json", "as_json", is_flag=True, help="JSON is written in any case; accepted for uniformity.")
def command(files: tuple[str, ...], source: str | None, target: str, out: str | None, *, as_json: bool) -> None:  # noqa: ARG001
    """Convert a FHIR R4 record or a Phenopacket into a case, or a case into either.

    FILE is a FHIR Bundle or resource (JSON), the files or the folder of a bulk export (.ndjson; one line for each
    patient is written), a GA4GH Phenopacket (version 2, JSON), or a case (YAML, JSON); - is standard input.
    `--to case` writes the case, `--to reading` the case with provenance, findings and all that was not read,
    `--to fhir` R4 resources, `--to assessment` the assessment as R4 resources, `--to phenopacket` a Phenopacket.
    Findings, and what the other form cannot say, go to standard error.
    """
    given = [case_given(name) for name in files]
    with ExitStack() as stack:
        stream = stack.enter_context(_opened(out)) if out else sys.stdout
        if _bulk(files):
            _write_bulk(given, target, stream)
            return
        if len(given) > 1:
            raise WrongUsage("several files are only read of a bulk export", next="Name one file, or .ndjson files.")
        stream.write(dumps(_converted(given[0], source, target)) + "\n")


def _opened(out: str) -> TextIO:
    try:
        return Path(out).open("w", encoding="utf-8")
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written: {error.strerror}", next="Name a file in a folder.") from None


def _bulk(files: tuple[str, ...]) -> bool:
    return any(name != STDIN and (name.endswith(convert.NDJSON) or Path(name).is_dir()) for name in files)


def _converted(given: Source, source: str | None, target: str) -> dict[str, Any]:
    record = source == "fhir" or (source is None and is_record(given))
    if source == "phenopacket" or (source is None and not record and phenopackets.is_phenopacket(given)):
        return _from_phenopacket(given, target)
    if target == "phenopacket":
        return _to_phenopacket(_read(given).case if record else given)
    if record and target == "fhir":
        raise WrongUsage("this is FHIR already", where="--to", next="Write --to case, reading or assessment.")
    if not record and target in {"case", "reading"}:
        raise WrongUsage("this is a case already", where="--to", next="Write --to fhir, assessment or phenopacket.")
    if not record:
        return convert.to_fhir(given) if target == "fhir" else convert.assess_case_to_fhir(given)
    if target == "assessment":
        return convert.assess_record(given)
    reading = _read(given)
    return reading.to_json() if target == "reading" else reading.case


def _read(given: Source) -> Reading:
    """Read a record, and say what is odd in it."""
    reading = convert.record(given)
    for line in told(reading.findings):
        click.echo(line, err=True)
    return reading


def _from_phenopacket(given: Source, target: str) -> dict[str, Any]:
    if target in {"reading", "phenopacket"}:
        raise WrongUsage("this is a Phenopacket", where="--to", next="Write --to case, fhir or assessment.")
    read = phenopackets.from_phenopacket(given)
    for path in read.not_read:
        click.echo(f"not read: {path}", err=True)
    if target == "case":
        return read.case
    return convert.to_fhir(read.case) if target == "fhir" else convert.assess_case_to_fhir(read.case)


def _to_phenopacket(case: Source | dict[str, Any]) -> dict[str, Any]:
    packet = phenopackets.to_phenopacket(case)
    for place in packet.not_carried:
        click.echo(f"not carried: {place}", err=True)
    return packet.json


def told(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Give the findings as lines, the graver ones first; notes are counted only."""
    for severity in ("error", "warning"):
        for one in findings:
            if one.severity == severity:
                yield f"{severity}: {' '.join(part for part in (one.resource, one.element) if part)}: {one.words}"
    notes = sum(one.severity == "note" for one in findings)
    if notes:
        yield f"and {notes} notes (`--to reading` lists them)"


def _write_bulk(given: Sequence[Source], target: str, stream: TextIO) -> None:
    if target not in {"case", "reading"}:
        raise WrongUsage("a bulk export is converted to cases", where="--to", next="Write --to case or reading.")
    counted = {"error": 0, "warning": 0, "note": 0}
    patients = 0
    for reading in convert.records(given):
        patients += 1
        for one in reading.findings:
            counted[one.severity] += 1
        stream.write(_line(reading, target))
    found = ", ".join(f"{number} {severity}s" for severity, number in counted.items())
    click.echo(f"{patients} patients; {found} (`--to reading` lists them)", err=True)


def _line(reading: Reading, target: str) -> str:
    data = reading.to_json() if target == "reading" else reading.case
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"
