"""`reall audit`: the log of who did what, and the proof that it was not changed."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from reall.base.errors import ExitCode
from reall.service.commands.at_store import as_json, at_store, counted

# SQLAlchemy takes 0.3 s to import, which `--help` must not pay.


@click.group()
def command() -> None:
    """Read the audit log, and prove that nothing in it was changed."""


@command.command()
@at_store
@click.option("--head", metavar="HEAD", help="A head printed earlier: proves that the log up to it is unchanged.")
@as_json
@click.pass_context
def verify(ctx: click.Context, url: str, head: str | None, as_json: bool) -> None:
    """Recompute the chain of the log. Exit code 10 if it does not hold.

    Without --head, a log whose end was cut off, or that was written anew as a whole, can look intact.
    """
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        report = store.verify_audit(head)
    if as_json:
        click.echo(json.dumps({"entries": report.entries, "head": str(report.head), "faults": report.faults}, indent=2))
    else:
        for fault in report.faults:
            click.echo(fault)
        verdict = f"{counted(len(report.faults), 'fault')}; the log was changed" if report.faults else "the chain holds"
        proof = " and contains the printed head" if head and not report.faults else ""
        click.echo(f"{report.entries} entries: {verdict}{proof}. Head: {report.head}")
        if not head:
            click.echo("Compare with a head printed earlier (--head) to prove that nothing was cut off.", err=True)
    if report.faults:
        ctx.exit(int(ExitCode.UNUSABLE_CASE))


@command.command()
@at_store
@as_json
def head(url: str, as_json: bool) -> None:
    """Print number and hash of the newest entry; keep it where nobody who runs the store can change it."""
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        newest = store.audit_head()
    click.echo(json.dumps(asdict(newest)) if as_json else str(newest))


@command.command("list")
@at_store
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Only entries after this number.")
@click.option("--limit", type=click.IntRange(1), help="At most this many.")
@click.option("--target", metavar="ID", help="Only entries about this record.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(url: str, after: int, limit: int | None, target: str | None, as_json: bool) -> None:
    """List the entries: when, who, what, about which record."""
    from reall.service.store.store import open_store  # noqa: PLC0415

    with open_store(url, create=False) as store:
        for entry in store.audit_entries(after=after, limit=limit, target=target):
            if as_json:
                click.echo(json.dumps(asdict(entry)))
            else:
                detail = " ".join(f"{key}={value}" for key, value in entry.detail.items())
                click.echo(f"{entry.seq}  {entry.at}  {entry.by}  {entry.action}  {entry.target}  {detail}".rstrip())
