"""`reall options CASE`: what can this child be given, what forbids it, and which missing fact decides?"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from reall.base.documents import Document, read_document
from reall.base.errors import UnusableCase, WrongUsage
from reall.facts.case import read_case
from reall.library.knowledge import PublishedOutcome, open_knowledge
from reall.library.therapy import DEFAULT_COUNTRY
from reall.options.board import Board, board
from reall.options.ctgov import read_study
from reall.rules.diagram import Walk
from reall.stratify.assess import case_masks, matching_outcomes

STDIN = "-"


@click.command("options")
@click.argument("case", metavar="CASE")
@click.option("--on", "day", metavar="DATE", help="Labels as they were on this day (YYYY-MM-DD); default: today.")
@click.option("--country", default=DEFAULT_COUNTRY, show_default=True, help="Labels of this country (US, EU).")
@click.option("--json", "as_json", is_flag=True, help="Write JSON (reall.options/1).")
@click.option("--html", "html_file", metavar="FILE", help="Write one self-contained page for the board.")
@click.option("--study", "studies", metavar="FILE", multiple=True, help="A study of ClinicalTrials.gov (v2 JSON).")
@click.option("--ctml", "ctml", metavar="FILE", multiple=True, help="A trial in CTML, the format of MatchMiner.")
def command(  # noqa: PLR0917 - click passes the options by name
    case: str,
    day: str | None,
    country: str,
    as_json: bool,
    html_file: str | None,
    studies: tuple[str, ...],
    ctml: tuple[str, ...],
) -> None:
    """List options by purpose, never ranked: criteria fulfilled, open, or not, with what decides.

    CASE is a YAML or JSON file (reall.case/1), or - for standard input.
    """
    answers, outcomes = _answers(case, _day(day), country, studies, ctml)
    if as_json:
        from reall.report.options_json import board_json  # noqa: PLC0415 - only what is asked for is imported
        from reall.report.to_json import dumps  # noqa: PLC0415

        click.echo(dumps(board_json(answers, outcomes)))
    elif html_file is None:
        from reall.report.options_words import summary  # noqa: PLC0415

        click.echo(summary(answers, outcomes), nl=False)
    if html_file is not None:
        from reall.plots.published import picture  # noqa: PLC0415 - drawing is slow to load
        from reall.report.options_page import page  # noqa: PLC0415
        from reall.report.outcomes import in_order  # noqa: PLC0415

        drawn = picture(in_order(outcomes))
        Path(html_file).write_text(page(answers, outcomes, drawn), encoding="utf-8")
        click.echo(f"Wrote {html_file}", err=True)


def _answers(
    case: str, day: dt.date, country: str, studies: tuple[str, ...], ctml: tuple[str, ...]
) -> tuple[Board, tuple[PublishedOutcome, ...]]:
    knowledge = open_knowledge()
    read = read_case(_document(case), knowledge.vocabulary, name=Path(case).stem if case != STDIN else "")
    masks = case_masks(read, knowledge)
    answers = board(
        read,
        masks,
        knowledge,
        on=day,
        country=country,
        studies=[read_study(_bytes(name), name=name) for name in studies],
        ctml=[_document(name) for name in ctml],
    )
    return answers, matching_outcomes(knowledge, Walk(knowledge.base.diagrams, masks))


def _day(text: str | None) -> dt.date:
    if text is None:
        return dt.datetime.now(tz=dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{text!r} is not a day", where="--on", next="Write it as YYYY-MM-DD.") from None


def _document(name: str) -> Document:
    return read_document(_bytes(name), name="standard input" if name == STDIN else name, error=UnusableCase)


def _bytes(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UnusableCase(
            f"the file cannot be read: {error.strerror}", where=name, next="Check the name and the permissions."
        ) from None
