"""`reall assess CASE…`: everything the published rules say about one child, or about several."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reall.api.cases import answers, assessment, assessment_answer, check_systems
from reall.api.inputs import CaseInput, File, is_record
from reall.base.documents import Document
from reall.base.errors import ReallError, WrongUsage
from reall.cli.given import case_given
from reall.library.knowledge import Knowledge, open_knowledge
from reall.stratify.assess import Assessment

if TYPE_CHECKING:
    from reall.report.assessment_page import Report

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
    check_systems(systems, knowledge)
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


def _try(name: str, systems: Sequence[str], mrd_files: Sequence[str], knowledge: Knowledge) -> Assessment | ReallError:
    """Assess one file; a file that cannot be used is an outcome like any other, so that it hides no other child."""
    try:
        given = case_given(name)
        case: CaseInput = _of_record(given, name, knowledge) if is_record(given) else given
        return assessment(case, knowledge, systems=systems, mrd=mrd_files)
    except ReallError as error:
        return error


def _of_record(given: str | File, name: str, knowledge: Knowledge) -> Document:
    """Give the case in a FHIR record; what is odd in it is counted here, and listed by `reall convert`."""
    from reall.api.convert import record  # noqa: PLC0415 - only records need it

    reading = record(given, knowledge)
    found = [one.severity for one in reading.findings]
    told = ", ".join(f"{found.count(severity)} {severity}s" for severity in ("error", "warning", "note"))
    click.echo(f"{name} is a FHIR record; {told} (`reall convert {name} --to reading` lists them)", err=True)
    return Document(reading.case, {}, name)


def _write_json(outcomes: Sequence[tuple[str, Assessment | ReallError]]) -> None:
    from reall.report.to_json import dumps  # noqa: PLC0415

    if len(outcomes) > 1:
        click.echo(dumps(answers(outcomes)))
    elif isinstance(outcomes[0][1], Assessment):
        click.echo(dumps(assessment_answer(outcomes[0][1])))


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
