"""`reall cohort map TABLE`: draft a mapping file for a table, or check one."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from reall.base.errors import ExitCode, WrongUsage
from reall.cli.cohort_shared import check_output
from reall.cli.registry_options import from_option
from reall.cohort.mapping.check import MappingCheck, check_mapping, open_points
from reall.cohort.mapping.draft import Draft, as_yaml, draft
from reall.cohort.mapping.seen import look_at
from reall.library.knowledge import open_knowledge
from reall.report.to_json import dumps


@click.command("map")
@click.argument("table", type=click.Path(path_type=Path))
@from_option
@click.option("--dictionary", type=click.Path(path_type=Path), metavar="FILE", help="The REDCap data dictionary (CSV).")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the draft here.")
@click.option("--check", "checked", type=click.Path(path_type=Path), metavar="FILE", help="Check this mapping file.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Path, form: str | None, dictionary: Path | None, out: Path | None, checked: Path | None, as_json: bool
) -> None:
    """Draft how the columns and codes of TABLE become facts, for you to correct; or check a mapping file.

    Without --check, a mapping file is drafted: a fact per column with the reason of each guess, and `sure: no` where
    you have to decide. Nothing of it is used before every entry is confirmed. With --check, the whole table is read
    through the mapping; the exit code is 10 while an entry is open or a cell cannot be read.
    """
    if checked is not None:
        _check(table, checked, form or "", as_json)
        return
    if out is not None and out.exists():
        raise WrongUsage(f"{out.name!r} is there already", next="Choose another name; your work would be overwritten.")
    if out is not None:
        check_output(out, (".yaml", ".yml"), table)
    knowledge = open_knowledge()
    made = draft(look_at(table, knowledge, form or "", dictionary), knowledge.vocabulary)
    if out is not None:
        out.write_text(as_yaml(made), encoding="utf-8")
    if as_json:
        click.echo(dumps(_draft_json(made)))
    elif out is None:
        click.echo(as_yaml(made), nl=False)
    _say(made, out)


def _draft_json(made: Draft) -> dict[str, Any]:
    entries = [asdict(entry) for entry in made.entries]
    return {"schema": "reall.mapping_draft/1", "table": made.table.name, "entries": entries, "notes": made.table.notes}


def _say(made: Draft, out: Path | None) -> None:
    sure = sum(entry.sure for entry in made.mapped)
    ignored = len(made.entries) - len(made.mapped)
    for note in made.table.notes:
        click.echo(note, err=True)
    click.echo(
        f"{len(made.mapped)} facts proposed, {sure} sure and {len(made.mapped) - sure} for you to decide; "
        f"{ignored} columns are no fact that was recognised.",
        err=True,
    )
    if out is not None:
        click.echo(
            f"Written to {out}. Next: correct it, then reall cohort map {made.table.name} --check {out}", err=True
        )


def _check(table: Path, checked: Path, form: str, as_json: bool) -> None:
    check = check_mapping(table, checked, open_knowledge(), form)
    click.echo(dumps(_check_json(check)) if as_json else "\n".join(_check_lines(check)))
    if not check.ready:
        sys.exit(int(ExitCode.UNUSABLE_CASE))


def _check_json(check: MappingCheck) -> dict[str, Any]:
    return {
        "schema": "reall.mapping_check/1",
        "mapping": check.mapping,
        "table": check.table,
        "rows": check.rows,
        "ready": check.ready,
        "read": check.read,
        "open": list(open_points(check)),
        "unmapped": list(check.unmapped),
        "notes": list(check.notes),
    }


def _check_lines(check: MappingCheck) -> list[str]:
    width = max((len(name) for name in check.read), default=0)
    lines = [f"{check.mapping} on {check.table}: {check.rows:,} rows. Rows in which each column says something:"]
    lines += [f"  {name:{width}}  {rows:,}" for name, rows in check.read.items()]
    points = list(open_points(check))
    if points:
        lines += ["", "Open:", *(f"  {point}" for point in points)]
    if check.unmapped:
        lines += ["", f"No entry names: {', '.join(check.unmapped)}"]
    lines += ["", *(check.notes), "Ready to be used with --map." if check.ready else "Not ready."]
    return lines
