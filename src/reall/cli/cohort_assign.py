"""`reall cohort assign TABLE`: every published system for every row of a registry."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from reall.base.errors import ExitCode, UnusableCase, WrongUsage
from reall.cli.registry_options import from_option, map_option, table_argument
from reall.cohort.run import Summary, assign_file
from reall.exchange.addresses import Address, Place
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.therapy import option_table

SCHEMA = "reall.cohort/1"
_STATUSES = ("undetermined", "unconfirmed", "not_eligible", "silent")


@click.command("assign")
@table_argument
@from_option
@map_option
@click.option(
    "--assume",
    "assume",
    multiple=True,
    metavar='"FACT = …"',
    help='Fill in where a fact is unknown: "fact = other_fact - number" or "fact = constant" (may be repeated).',
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the rows with their answers.")
@click.option("--keep", is_flag=True, help="Pass columns through whose names are nearly those of facts.")
@click.option(
    "--engine",
    type=click.Choice(["arrow", "duckdb", "spark"]),
    default="arrow",
    show_default=True,
    help="What reads the table and spreads the work; the answers are the same.",
)
@click.option("--master", default="local[*]", show_default=True, help="Where Spark runs.")
@click.option("--options", is_flag=True, help="Also answer who is eligible for which option.")
@click.option("--json", "as_json", is_flag=True, help="Write the counts as JSON.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place,
    form: str | None,
    mapping: Path | None,
    assume: tuple[str, ...],
    out: Path | None,
    keep: bool,
    engine: str,
    master: str,
    options: bool,
    as_json: bool,
) -> None:
    """Assign every row of TABLE (CSV, TSV, Excel, Parquet; one row per relapse) under every system.

    TABLE may also be a folder or a pattern of Parquet files, a Delta table, FILE.duckdb#table,
    postgresql://host/database#table or s3://bucket/key. With --engine spark, --out names a new folder.

    Prints the counts per group. --out FILE.parquet or FILE.csv gets the table with the columns ID.status, ID.value,
    ID.possible and ID.missing of every system, and with --options of every option as option.ID. Rows that cannot be
    used are listed in FILE.problems.csv, the others are still assigned, and the exit code is 10.
    """
    knowledge = open_knowledge()
    if engine == "spark":
        if out is None or form not in {None, "table"} or mapping is not None:
            raise WrongUsage(
                "Spark needs --out, and reads registry tables only",
                where="--engine",
                next="Name a new folder; bring another form or mapping into a table first.",
            )
        from reall.cohort.spark import assign_spark  # noqa: PLC0415 - only where Spark is asked for

        summary = assign_spark(table, knowledge, out=out, master=master, assume=assume, keep=keep, options=options)
    else:
        place = Address(str(table)) if engine == "duckdb" and isinstance(table, Path) else table
        summary = _assign(
            place, knowledge, out=out, form=form or "", mapping=mapping, assume=assume, keep=keep, options=options
        )
    click.echo(json.dumps(_as_json(summary, knowledge), ensure_ascii=False, indent=2) if as_json else "", nl=as_json)
    if not as_json:
        _print(summary, knowledge)
    _report_problems(summary)
    if summary.unusable:
        sys.exit(int(ExitCode.UNUSABLE_CASE))


def _assign(table: Place, knowledge: Knowledge, **how: Any) -> Summary:
    """Assign on this machine, with a bar on standard error."""
    with click.progressbar(length=1, label=f"Assigning {table.name}", file=sys.stderr, show_pos=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, done, 1)
            bar.update(done - bar.pos)

        return assign_file(table, knowledge, progress=progress, **how)


def _as_json(summary: Summary, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "table": summary.name,
        "form": summary.form,
        "knowledge_version": knowledge.version,
        "rows": summary.rows,
        "unusable": summary.unusable,
        "counts": summary.counts,
        "assumptions": [
            {"text": text, "rows": rows, "rows_against": summary.against[text]}
            for text, rows in summary.assumptions.items()
        ],
        "notes": list(summary.notes),
        "problems": [
            {"row": p.row, "column": p.column, "reason": p.reason, "repair": p.repair} for p in summary.first_problems
        ],
        "problem_file": str(summary.problem_file) if summary.problem_file else None,
        "out": str(summary.out) if summary.out else None,
    }


def _print(summary: Summary, knowledge: Knowledge) -> None:
    usable = summary.rows - summary.unusable
    click.echo(f"{summary.name}: {summary.rows:,} rows, {usable:,} assigned, {summary.unusable:,} cannot be used")
    click.echo(f"Knowledge {knowledge.version}. Not a medical device.\n")
    width = max(len(id_) for id_ in summary.counts) + 1
    for id_, counts in summary.counts.items():
        click.echo(f"{id_ + _draft(id_, knowledge):{width}}  {_counts(id_, counts, knowledge)}")
    click.echo("\n* at least one rule of this table is unconfirmed (draft)")
    if summary.assumptions:
        click.echo("\nAssumptions declared for this run (column reall.assumed says where):")
        for text, rows in summary.assumptions.items():
            against = summary.against[text]
            rest = f"; {against:,} rows say otherwise, where it is not used" if against else ""
            click.echo(f"  {text}: fills {rows:,} rows{rest}")
    if summary.notes:
        click.echo("\nNotes:")
        for note in summary.notes:
            click.echo(f"  {note}")
    if summary.out:
        click.echo(f"\nWritten to {summary.out}")


def _table_of(id_: str, knowledge: Knowledge) -> str:
    kind, _, public = id_.partition(".")
    match kind:
        case "transplant":
            return knowledge.transplant_ids[public]
        case "option":
            return option_table(public)
    return id_


def _draft(id_: str, knowledge: Knowledge) -> str:
    rules = knowledge.base.tables[_table_of(id_, knowledge)].rules
    return "*" if any(rule.citation.status == "draft" for rule in rules) else ""


def _counts(id_: str, counts: dict[str, int], knowledge: Knowledge) -> str:
    values = knowledge.base.tables[_table_of(id_, knowledge)].values
    return " · ".join(
        f"{name.replace('_', ' ')} {counts[name]:,}" for name in (*values, *_STATUSES) if counts.get(name)
    )


def _report_problems(summary: Summary) -> None:
    for problem in summary.first_problems:
        place = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
        click.echo(str(UnusableCase(problem.reason, where=place, next=problem.repair)), err=True)
    if summary.unusable:
        rest = f" All of them are in {summary.problem_file}." if summary.problem_file else ""
        click.echo(f"{summary.unusable:,} of {summary.rows:,} rows cannot be used.{rest}", err=True)
