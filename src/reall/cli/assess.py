"""`reall assess CASE…`: everything the published rules say about one child, or about several."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reall.base.documents import MAXIMUM_BYTES, Document, read_document
from reall.base.errors import ReallError, UnusableCase, WrongUsage
from reall.facts.case import read_case
from reall.facts.vocabulary import nearest
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.therapy import DEFAULT_COUNTRY
from reall.stratify.assess import Assessment, assess

if TYPE_CHECKING:
    from reall.report.assessment_page import Report

STDIN = "-"
# Report modules are imported where they are used: a terminal summary must not wait for Jinja or WeasyPrint.


@click.command("assess")
@click.argument("cases", nargs=-1, required=True, metavar="CASE…")
@click.option("--json", "as_json", is_flag=True, help="Write JSON: one object, or a list for several cases.")
@click.option("--html", "html_file", metavar="FILE", help="Write one self-contained page for the tumour board.")
@click.option("--pdf", "pdf_file", metavar="FILE", help="Write the same page as PDF.")
@click.option("--system", "systems", metavar="ID", multiple=True, help="Only this system (may be repeated).")
@click.option("--mrd", "mrd_files", metavar="RESULT.json", multiple=True, help="Add results of `reall mrd … --json`.")
@click.option("--knowledge", "knowledge_folder", metavar="DIR", help="Use the knowledge in this folder.")
def command(  # noqa: PLR0917 - click passes the options by name
    cases: tuple[str, ...],
    as_json: bool,
    html_file: str | None,
    pdf_file: str | None,
    systems: tuple[str, ...],
    mrd_files: tuple[str, ...],
    knowledge_folder: str | None,
) -> None:
    """Assess one child, or several: CASE is a YAML or JSON file, or - for standard input.

    Prints one screen per child. A file that cannot be used is named with place and repair, the others are still
    assessed, and the exit code is 10.
    """
    if mrd_files and len(cases) > 1:
        raise WrongUsage(
            "--mrd goes with one case only", why="It would not be clear whose result it is.", next="Name one case."
        )
    knowledge = _open(knowledge_folder)
    _check_systems(systems, knowledge)
    outcomes = [(name, _try(name, systems, mrd_files, knowledge)) for name in cases]
    done = [result for _, result in outcomes if isinstance(result, Assessment)]
    if as_json:
        _write_json(outcomes)
    else:
        _write_summaries(done)
    _write_files(done, html_file, pdf_file)
    _end(outcomes, as_json)


def _open(folder: str | None) -> Knowledge:
    if folder is None:
        return open_knowledge()
    if not (Path(folder) / "VERSION").is_file():
        raise WrongUsage(f"{folder!r} holds no knowledge", next="Name a folder with VERSION, systems/ and vocabulary/.")
    return open_knowledge(Path(folder))


def _check_systems(systems: Iterable[str], knowledge: Knowledge) -> None:
    known = [*knowledge.system_ids, *knowledge.transplant_ids]
    for system in systems:
        if system not in known:
            hint = nearest(system, known) or f"Known are {', '.join(sorted(set(known)))}."
            raise WrongUsage(f"there is no system {system!r}", where="--system", next=hint)


def _try(name: str, systems: Sequence[str], mrd_files: Sequence[str], knowledge: Knowledge) -> Assessment | ReallError:
    """Assess one file; a file that cannot be used is an outcome like any other, so that it hides no other child."""
    try:
        document = _with_mrd(_read(name), mrd_files)
        case = read_case(document, knowledge.vocabulary, name=Path(document.name).stem)
    except ReallError as error:
        return error
    try:
        return assess(case, knowledge, only=systems)
    except ReallError as error:
        error.where = document.where("facts")  # the file says more than the pseudonym that the case carries
        return error


def _read(name: str) -> Document:
    shown = "standard input" if name == STDIN else name
    try:
        if name == STDIN:
            text = sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
        else:
            with Path(name).open("rb") as stream:
                text = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UnusableCase(
            f"the file cannot be read: {error.strerror}", where=shown, next="Check the path and the permissions."
        ) from None
    return read_document(text, name=shown, error=UnusableCase)


def _with_mrd(document: Document, mrd_files: Sequence[str]) -> Document:
    """Add laboratory results to the MRD entries of a case."""
    if not mrd_files or not isinstance(document.data, dict):
        return document
    from reall.mrd.bridge import case_entries  # noqa: PLC0415 - only when a laboratory file is named

    given = document.data.get("mrd") or []
    entries = [given] if isinstance(given, dict) else list(given)
    entries += [entry for file in mrd_files for entry in case_entries(file)]
    return Document({**document.data, "mrd": entries}, document.lines, document.name)


def _write_json(outcomes: Sequence[tuple[str, Assessment | ReallError]]) -> None:
    from reall.report.to_json import SCHEMA, assessment_json, dumps  # noqa: PLC0415

    parts = [
        assessment_json(result, _options(result))
        if isinstance(result, Assessment)
        else {"schema": SCHEMA, "case": name, "error": result.to_json()}
        for name, result in outcomes
    ]
    if len(parts) > 1:
        click.echo(dumps(parts))
    elif isinstance(outcomes[0][1], Assessment):
        click.echo(dumps(parts[0]))


def _options(assessment: Assessment) -> list[dict[str, Any]]:
    """Answer the options with the labels of today and of the default country; `reall options` asks for others."""
    from reall.options.eligibility import answer_options  # noqa: PLC0415
    from reall.report.options_json import option_json  # noqa: PLC0415

    today = dt.datetime.now(tz=dt.UTC).date()
    answers = answer_options(assessment.case, assessment.masks, assessment.knowledge, on=today, country=DEFAULT_COUNTRY)
    return [option_json(answer) for answer in answers]


def _write_summaries(done: Sequence[Assessment]) -> None:
    from reall.report.terminal import summary  # noqa: PLC0415

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    click.echo("\n".join(summary(assessment, colour=colour) for assessment in done), nl=False, color=colour)


def _write_files(done: Sequence[Assessment], html_file: str | None, pdf_file: str | None) -> None:
    if not done or not (html_file or pdf_file):
        return
    from reall.report.assessment_page import as_pdf, page, report  # noqa: PLC0415

    reports: list[Report] = [report(assessment) for assessment in done]
    html = page(reports)
    if html_file:
        _write(html_file, html.encode())
    if pdf_file:
        _write(pdf_file, as_pdf(html))


def _write(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise WrongUsage(
            f"{file} cannot be written: {error.strerror}", next="Name a file in a folder that exists."
        ) from None
    click.echo(f"Wrote {file}", err=True)


def _end(outcomes: Sequence[tuple[str, Assessment | ReallError]], as_json: bool) -> None:
    """Name every case that could not be used, and end with the exit code of the first."""
    errors = [result for _, result in outcomes if isinstance(result, ReallError)]
    if not errors:
        return
    if len(outcomes) == 1:
        raise errors[0]
    if not as_json:
        for error in errors:
            click.echo(f"Error: {error}", err=True)
    click.echo(f"{len(errors)} of {len(outcomes)} cases could not be used; the others were assessed.", err=True)
    sys.exit(int(errors[0].exit_code))
