"""`reall options CASE`: what can this child be given, what forbids it, and which missing fact decides?"""

from __future__ import annotations

from pathlib import Path

import click

from reall.api.cases import board
from reall.cli.given import case_given
from reall.library.knowledge import open_knowledge
from reall.library.therapy import DEFAULT_COUNTRY


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
    answers, outcomes = board(
        case_given(case),
        open_knowledge(),
        on=day,
        country=country,
        studies=[case_given(name) for name in studies],
        ctml=[case_given(name) for name in ctml],
    )
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
