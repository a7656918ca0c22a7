"""`reall cohort survival TABLE`: survival after relapse by any system's group or any fact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reall.base.errors import WrongUsage
from reall.cli.cohort_shared import (
    FILE,
    PICTURES,
    Numbers,
    check_output,
    progress_of,
    report_problems,
    table_options,
    write_csv,
    write_picture,
)
from reall.exchange.addresses import Place

if TYPE_CHECKING:
    from reall.cohort.survival.cox import Cox
    from reall.cohort.survival.reading import Reading
    from reall.cohort.survival.result import Survival

_YEARS = Numbers(above_zero=True)


@click.command("survival")
@table_options
@click.option(
    "--by",
    multiple=True,
    metavar="NAME",
    help="System, definition, transplant rule, fact or own column; repeated: all combinations.",
)
@click.option(
    "--cut", "cuts", type=Numbers(), default=(), help="Cut-points of a number, such as 18,36: < 18, 18 to < 36, >= 36."
)
@click.option("--endpoint", type=click.Choice(["OS", "EFS", "DFS"]), default="OS", show_default=True)
@click.option("--at", type=_YEARS, default="1,3,5", show_default=True, help="Years at which survival is given.")
@click.option("--within", type=_YEARS, help="Years of the restricted mean; the last of --at otherwise.")
@click.option(
    "--landmark",
    default="",
    metavar="DAY|TIME POINT",
    help="Count from this day after relapse (or each child's MRD sample) on.",
)
@click.option("--cox", is_flag=True, help="Fit a Cox model of the strata, with a check of proportional hazards.")
@click.option("--adjust", multiple=True, metavar="FACT", help="Adjust the Cox model for a fact (may be repeated).")
@click.option("--reference", default="", metavar="STRATUM", help="Compare with this stratum; the first otherwise.")
@click.option(
    "--time-varying",
    is_flag=True,
    help="Cox model of the transplant, in which a child is untransplanted until its day.",
)
@click.option(
    "--picture",
    type=click.Choice(["survival", "incidence", "hazard"]),
    default="survival",
    show_default=True,
    help="What --out draws.",
)
@click.option(
    "--out",
    multiple=True,
    type=FILE,
    help="Write .csv (the figures) or .svg, .png, .pdf (the picture); may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON of schema reall.survival/1.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place,
    form: str | None,
    mapping: Path | None,
    assume: tuple[str, ...],
    keep: bool,
    by: tuple[str, ...],
    cuts: tuple[float, ...],
    endpoint: str,
    at: tuple[float, ...],
    within: tuple[float, ...] | None,
    landmark: str,
    cox: bool,
    adjust: tuple[str, ...],
    reference: str,
    time_varying: bool,
    picture: str,
    out: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Estimate survival after relapse in TABLE (one row per relapse, with outcome columns).

    Kaplan-Meier with log-log intervals, number at risk, median, log-rank; cumulative incidence of every event where
    several compete. Rows whose group is not determined are strata of their own, and rows without a usable outcome are
    counted with the reason. The columns of outcomes are described in docs/how-to/survival.md.
    """
    from reall.cohort.survival.model import cox_gatherer, with_model  # noqa: PLC0415 - numpy, scipy and pyarrow
    from reall.cohort.survival.reading import Opening, Table  # noqa: PLC0415
    from reall.cohort.survival.run import Question  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    if within is not None and len(within) != 1:
        raise WrongUsage("the restricted mean has one horizon", where="--within")
    for path in out:
        check_output(path, (".csv", *PICTURES), table)
    horizon = within[0] if within else None
    question = Question(endpoint=endpoint, by=by, cuts=cuts, at=at, within=horizon, landmark=landmark)
    opened = Table(table, open_knowledge(), Opening(form=form or "", assume=assume, keep=keep, mapping=mapping))
    asked = cox_gatherer(question, opened, adjust=adjust, time_varying=time_varying)
    with progress_of(table, "Reading") as progress:
        reading = with_model(opened, asked, progress)
    found = asked.result(opened.knowledge, reading.caveats)
    model = asked.model(reference) if cox or adjust or time_varying else None
    _write(out, found, model, picture, list(reading.assumptions))
    _say(found, reading, model, as_json=as_json)
    report_problems(reading)


def _say(found: Survival, reading: Reading, model: Cox | None, *, as_json: bool) -> None:
    from reall.report.survival_json import survival_json  # noqa: PLC0415
    from reall.report.survival_words import survival_lines  # noqa: PLC0415
    from reall.report.to_json import dumps  # noqa: PLC0415

    if as_json:
        click.echo(dumps(survival_json(found, reading, model)))
    else:
        click.echo("\n".join(survival_lines(found, reading, model)))


def _write(out: Sequence[Path], found: Survival, model: Cox | None, picture: str, assumptions: Sequence[str]) -> None:
    from reall.report.survival_json import COLUMNS, survival_rows  # noqa: PLC0415

    for path in out:
        if path.suffix.lower() == ".csv":
            write_csv(path, COLUMNS, survival_rows(found))
        else:
            _draw(path, found, picture, model, assumptions)


def _draw(path: Path, found: Survival, picture: str, model: Cox | None, assumptions: Sequence[str]) -> None:
    from reall.cli import cohort_pictures as pictures  # noqa: PLC0415 - matplotlib is slow to import

    remarks = [f"Assumed: {text}" for text in assumptions]
    if picture == "hazard":
        if model is None:
            raise WrongUsage("there is no Cox model to draw", where="--picture", next="Add --cox.")
        drawn = pictures.hazard_ratios(model, [*found.caveats, *remarks])
    else:
        drawn = pictures.curves(found, remarks, incidence=picture == "incidence")
    write_picture(path, drawn.draw, title=drawn.title, inches=drawn.inches)
