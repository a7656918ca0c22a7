"""`reall cohort quality TABLE`: the data-quality checks of a registry of relapses."""

from __future__ import annotations

import csv
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from reall.cli.cohort_shared import check_output
from reall.cli.registry_options import from_option, map_option, table_argument
from reall.cohort.columns import Codes
from reall.cohort.quality.run import check_file
from reall.cohort.quality.verdict import QualityReport
from reall.exchange.addresses import Place
from reall.library.knowledge import open_knowledge
from reall.library.quality import QualityCheck
from reall.report.quality_words import quality_json, quality_lines, quality_table
from reall.report.to_json import dumps


@click.command("quality")
@table_argument
@from_option
@map_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the report: .json or .csv.")
@click.option("--rows", "listed", type=click.Path(path_type=Path), metavar="FILE", help="List every found row (.csv).")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place, form: str | None, mapping: Path | None, out: Path | None, listed: Path | None, as_json: bool
) -> None:
    """Check TABLE (one row per relapse) for what cannot be true, or is hardly true, of a relapsed leukaemia.

    Every check says how many rows it found, in how many enough was known to judge, why it matters and what to do. The
    table itself is never changed, and no row is left out. The exit code is 0 whatever is found.
    """
    for path, endings in ((out, (".json", ".csv")), (listed, (".csv",))):
        if path is not None:
            check_output(path, endings, table)
    knowledge = open_knowledge()
    with (
        click.progressbar(length=1, label=f"Checking {table.name}", file=sys.stderr, show_pos=False) as bar,
        listed.open("w", encoding="utf-8", newline="") if listed else nullcontext() as stream,
    ):
        writer = csv.writer(stream) if stream else None
        if writer:
            writer.writerow(("row", "check", "severity", "title"))

        def each(check: QualityCheck, rows: Codes) -> None:
            if writer:
                writer.writerows((row, check.id, check.severity, check.title) for row in rows.tolist())

        def progress(done: int, total: int) -> None:
            bar.length = max(total, done, 1)
            bar.update(done - bar.pos)

        report = check_file(table, knowledge, form=form or "", mapping=mapping, each=each, progress=progress)
    if out is not None:
        _write(report, out)
    click.echo(dumps(quality_json(report)) if as_json else "\n".join(quality_lines(report)))


def _write(report: QualityReport, out: Path) -> None:
    if out.suffix.lower() == ".json":
        out.write_text(dumps(quality_json(report)) + "\n", encoding="utf-8")
        return
    with out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(quality_table(report))
