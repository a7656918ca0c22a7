"""`reall phenopacket FILE`: a case to a GA4GH Phenopacket, or a Phenopacket to a case."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from reall.base.documents import read_document
from reall.base.errors import UnusableCase, WrongUsage
from reall.report.to_json import dumps


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write here.")
def command(file: str, out: Path | None) -> None:
    """Write a case as a GA4GH Phenopacket (version 2, JSON), or a Phenopacket as a case.

    The direction is told from the content; - reads standard input. What the other form cannot say is listed on
    standard error.
    """
    from reall.api.phenopackets import from_phenopacket, is_phenopacket, to_phenopacket  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    path = Path(file)
    if file != "-" and not path.is_file():
        raise WrongUsage(f"there is no file {file!r}", next="Name a case or a Phenopacket, or - for standard input.")
    content = sys.stdin.buffer.read() if file == "-" else path.read_bytes()
    document = read_document(content, name="standard input" if file == "-" else path.name, error=UnusableCase)
    knowledge = open_knowledge()
    if is_phenopacket(document):
        read = from_phenopacket(document, knowledge)
        made, lost, words = read.case, read.not_read, "not read"
    else:
        packet = to_phenopacket(document, knowledge, dt.datetime.now(dt.UTC))
        made, lost, words = packet.json, packet.not_carried, "not carried"
    for place in lost:
        click.echo(f"{words}: {place}", err=True)
    text = dumps(made) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
