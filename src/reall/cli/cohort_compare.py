"""`reall cohort compare TABLE`: a registry beside published figures, and its systems beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reall.cli.cohort_shared import (
    FILE,
    PICTURES,
    check_output,
    progress_of,
    report_problems,
    table_options,
    write_csv,
    write_picture,
)
from reall.exchange.addresses import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reall.cohort.compare.run import Comparison
    from reall.cohort.survival.reading import Reading


@click.command("compare")
@table_options
@click.option(
    "--system", "systems", multiple=True, metavar="ID", help="Compare these systems; all risk groups otherwise."
)
@click.option("--endpoint", type=click.Choice(["OS", "EFS", "DFS"]), help="What is compared; OS otherwise.")
@click.option(
    "--picture",
    type=click.Choice(["forest", "calibration", "alluvial"]),
    default="forest",
    show_default=True,
    help="What --out draws.",
)
@click.option(
    "--table",
    "which",
    type=click.Choice(["published", "disagreements"]),
    default="published",
    show_default=True,
    help="What --out FILE.csv holds.",
)
@click.option("--out", multiple=True, type=FILE, help="Write .csv or .svg, .png, .pdf; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON of schema reall.cohort_compare/1.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place,
    form: str | None,
    mapping: Path | None,
    assume: tuple[str, ...],
    keep: bool,
    systems: tuple[str, ...],
    endpoint: str | None,
    picture: str,
    which: str,
    out: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compare TABLE with published outcomes, and the published systems with each other on its children.

    A published figure stands beside the registry's own only where end point and start of the clock are the same;
    others are listed apart with the reason. Agreement is given as cross tables and kappa, discrimination as Harrell's
    C, and the children on whom systems disagree are listed. A table without outcomes shows the agreement only.
    """
    from reall.cohort.compare.run import compare, systems_named  # noqa: PLC0415 - numpy, scipy and pyarrow
    from reall.cohort.survival.reading import Opening, Table  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report import comparison_json as say  # noqa: PLC0415
    from reall.report.to_json import dumps  # noqa: PLC0415

    for path in out:
        check_output(path, (".csv", *PICTURES), table)
    knowledge = open_knowledge()
    named = systems_named(systems, knowledge)
    opened = Table(table, knowledge, Opening(form=form or "", assume=assume, keep=keep, mapping=mapping))
    needed = endpoint is not None or any(_rests_on_outcomes(path, picture, which) for path in out)
    with progress_of(table, "Comparing") as progress:
        found, reading = compare(opened, named, endpoint or "OS", outcomes_needed=needed, progress=progress)
    _write(out, found, reading, picture, which)
    click.echo(
        dumps(say.comparison_json(found, reading)) if as_json else "\n".join(say.comparison_lines(found, reading))
    )
    report_problems(reading)


def _rests_on_outcomes(path: Path, picture: str, which: str) -> bool:
    return which == "published" if path.suffix.lower() == ".csv" else picture != "alluvial"


def _write(out: Sequence[Path], found: Comparison, reading: Reading, picture: str, which: str) -> None:
    from reall.report import comparison_json as say  # noqa: PLC0415

    for path in out:
        if path.suffix.lower() != ".csv":
            _draw(path, found, picture, [*reading.caveats, *(f"Assumed: {text}" for text in reading.assumptions)])
        elif which == "published":
            write_csv(path, say.BESIDE_COLUMNS, say.beside_rows(found.published.beside))
        else:
            columns = ("row", "case", "about", *found.agreement.systems)
            write_csv(path, columns, say.disagreement_rows(found.agreement))


def _draw(path: Path, found: Comparison, picture: str, remarks: Sequence[str]) -> None:
    from reall.cli.cohort_pictures import alluvial, calibration, forest  # noqa: PLC0415 - matplotlib is slow

    drawn = {"forest": forest, "calibration": calibration, "alluvial": alluvial}[picture](found, remarks)
    write_picture(path, drawn.draw, title=drawn.title, inches=drawn.inches)
