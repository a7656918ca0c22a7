"""`reall store`: backup, restoration, migration and check of what the service keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from reall.base.errors import ExitCode
from reall.service.commands.at_store import acting_user, as_json, at_store, counted

# SQLAlchemy takes 0.3 s to import, which `--help` must not pay.
_NOUNS = {"audit": "audit record", "case_version": "case version", "knowledge": "knowledge version"}
_File = click.Path(dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Back up, restore, migrate and check the store of the service."""


@command.command()
@click.argument("file", type=_File)
@at_store
@as_json
@click.pass_context
def backup(ctx: click.Context, file: Path, url: str, as_json: bool) -> None:
    """Write the whole store into FILE while it is in use.

    A store with faults is written all the same; the exit code is then 10.
    """
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        made = store.backup(file, by=acting_user())
    if as_json:
        click.echo(json.dumps({**vars(made), "counts": dict(made.counts)}, indent=2))
    else:
        click.echo(f"Wrote {file}: {_counted(made.counts)}. Head of the log: {made.head}")
        click.echo("It holds every record unencrypted: keep it as safe as the store itself.", err=True)
    _end(ctx, made.faults)


@command.command()
@click.argument("file", type=_File)
@click.option("--into", "url", metavar="URL", required=True, help="A new file, or an empty PostgreSQL database.")
@click.option("--without", metavar="CASE-ID", multiple=True, help="Leave this case out (may be repeated).")
@click.pass_context
def restore(ctx: click.Context, file: Path, url: str, without: tuple[str, ...]) -> None:
    """Make a new store from a backup, all of it or nothing. Never touches a store that is there."""
    from reall.service.store.backup import restore as restored  # noqa: PLC0415

    made = restored(file, url, by=acting_user(), without=without)
    left_out = f" without {', '.join(without)}" if without else ""
    click.echo(f"Restored the backup of {made.made_at[:16]} UTC{left_out}: {_counted(made.counts)} in the backup.")
    _end(ctx, made.faults)


@command.command()
@at_store
def migrate(url: str) -> None:
    """Bring the tables to this version of the program. Make a backup first."""
    from reall.service.store.store import migrate_store  # noqa: PLC0415

    before, after = migrate_store(url, by=acting_user())
    click.echo(f"The tables are at revision {after} already." if before == after else f"Migrated {before} to {after}.")


@command.command()
@at_store
@click.option("--head", metavar="HEAD", help="A head of the log printed earlier.")
@as_json
@click.pass_context
def check(ctx: click.Context, url: str, head: str | None, as_json: bool) -> None:
    """Read everything and say what is not as it was written. Exit code 10 if there is a fault."""
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        report = store.check(head)
    if as_json:
        said = {"revision": report.revision, "counts": dict(report.counts), "head": str(report.audit.head)}
        click.echo(json.dumps({**said, "faults": report.faults}, indent=2))
    else:
        verdict = counted(len(report.faults), "fault") if report.faults else "no fault"
        click.echo(f"Checked {_counted(report.counts)}: {verdict}. Head of the log: {report.audit.head}")
    _end(ctx, report.faults)


@command.command()
@click.argument("assessment_id", metavar="ASSESSMENT-ID")
@at_store
@click.option("--json", "as_json", is_flag=True, help="Write the assessment as it is given again.")
@click.pass_context
def rerun(ctx: click.Context, assessment_id: str, url: str, as_json: bool) -> None:
    """Give a kept assessment again under its own knowledge, and compare. Exit code 10 if an answer differs."""
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        done = store.rerun(assessment_id, by=acting_user())
    click.echo(done.again.decode() if as_json else done.in_words)
    if not done.same_answers:
        ctx.exit(int(ExitCode.UNUSABLE_CASE))


def _counted(counts: Mapping[str, int]) -> str:
    """Write how many rows each table has."""
    return ", ".join(counted(number, _NOUNS.get(table, table)) for table, number in counts.items())


def _end(ctx: click.Context, faults: Iterable[str]) -> None:
    """Name the faults on standard error, and end with exit code 10 if there are any."""
    faults = list(faults)
    for fault in faults:
        click.echo(f"Fault: {fault}", err=True)
    if faults:
        ctx.exit(int(ExitCode.UNUSABLE_CASE))
