"""`reall cohort deidentify TABLE`: a copy that may leave the house, with the proof of what it promises."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from reall.base.errors import WrongUsage
from reall.cli.cohort_shared import check_output
from reall.cli.registry_options import from_option, map_option, table_argument
from reall.cohort.deidentify.release import FEWEST, Release, deidentify_file
from reall.exchange.addresses import Place
from reall.library.knowledge import open_knowledge
from reall.report.to_json import dumps

SCHEMA = "reall.deidentified/1"


@click.command("deidentify")
@table_argument
@from_option
@map_option
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="A .parquet or .csv file.")
@click.option("--k", type=int, default=FEWEST, show_default=True, help="How many children must look alike at least.")
@click.option(
    "--quasi",
    "extra",
    multiple=True,
    metavar="COLUMN",
    help="Keep a column of your own, such as country or centre, where k children share it (may be repeated).",
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place,
    form: str | None,
    mapping: Path | None,
    out: Path,
    k: int,
    extra: tuple[str, ...],
    report: Path | None,
    as_json: bool,
) -> None:
    """Write a copy of TABLE without names, dates and free text, in which at least k children look alike.

    Dates become months between them, ages and months become bands, pseudonyms and the order of the rows are new. What
    is too rare becomes unknown; a child that is still too rare is left out and counted.
    """
    check_output(out, (".parquet", ".pq", ".csv"), table)
    if report is not None and report.suffix.lower() != ".json":
        raise WrongUsage(f"{report.name!r} does not end in .json", where="--report", next="Choose another name.")
    done = deidentify_file(
        table, open_knowledge(), out, form=form or "", mapping=mapping, k=k, extra=tuple(dict.fromkeys(extra))
    )
    if report is not None:
        report.write_text(dumps(_as_json(done)) + "\n", encoding="utf-8")
    click.echo(dumps(_as_json(done)) if as_json else "\n".join(_lines(done)))


def _as_json(done: Release) -> dict[str, Any]:
    return {"schema": SCHEMA, **asdict(done), "out": done.out.name}


def _lines(done: Release) -> list[str]:
    lines = [
        f"{done.rows_written:,} of {done.rows_read:,} rows written, of {done.children:,} children: {done.out}",
        f"Proved on the output: at least {done.smallest} children look alike (asked for: {done.k}).",
        f"They look alike in {', '.join(done.quasi)}.",
        f"Left out: {done.unusable:,} rows that cannot be used, {done.too_rare:,} rows that are too rare.",
        "",
        "Rows by what is left of them:",
        *(f"  {level}: {rows:,}" for level, rows in done.by_level.items()),
        "",
        "Rows in which a value was suppressed (now unknown):",
        *(f"  {name}: {rows:,}" for name, rows in done.suppressed.items() if rows),
        "",
        "Columns that are not released:",
        *(f"  {name}: {why}" for name, why in done.dropped_columns.items()),
    ]
    return [*lines, *([""] if done.caveats else []), *(f"{caveat}." for caveat in done.caveats)]
