"""`reall knowledge`: check, show, cite and compare what was taken from papers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reall.base.errors import ExitCode, WrongUsage
from reall.cli.knowledge_export import export
from reall.library.files import PACKAGED

_Folder = click.Path(exists=True, file_okay=False, path_type=Path)
_from = click.option("--knowledge", "root", type=_Folder, default=PACKAGED, help="Another knowledge folder.")
_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group()
def command() -> None:
    """Check, show, cite and compare the knowledge."""


command.add_command(export)


def _folder(path: Path) -> Path:
    if not (path / "VERSION").exists():
        raise WrongUsage(f"{path} holds no knowledge", why="It has no file VERSION.", next="Name the knowledge folder.")
    return path


def _write(answer: Any) -> None:
    from reall.report.to_json import dumps  # noqa: PLC0415

    click.echo(dumps(answer))


@command.command()
@click.argument("folder", type=_Folder, default=PACKAGED)
@_json
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Prove every table, answer every worked case, check every citation. Exit code 11 if there is a fault."""
    from reall.api import knowledge  # noqa: PLC0415 - `--help` need not wait for it

    report = knowledge.check(_folder(folder))
    if as_json:
        _write(report)
    else:
        for fault in report["faults"]:
            click.echo(fault["words"])
        found = len(report["faults"])
        verdict = "no fault" if not found else "1 fault" if found == 1 else f"{found} faults"
        if report["tables"]:
            checked = (
                f"{report['tables']} tables with {report['rows']} rows over {report['cells']:.2g} combinations of "
                f"cells, {report['cases']} worked cases, {report['outcomes']} published figures, "
                f"{report['sources']} sources"
            )
        else:
            checked = "the files; nothing was proved, because not all of them can be read"
        click.echo(f"Checked {checked}: {verdict} ({report['seconds']:.1f} s).")
    if report["faults"]:
        ctx.exit(int(ExitCode.INVALID_KNOWLEDGE))


@command.command("list")
@click.argument("kind", required=False)
@_from
@_json
def list_(kind: str | None, root: Path, as_json: bool) -> None:
    """List what there is, or the entries of one KIND of it, such as systems or sources."""
    from reall.api import knowledge  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    opened = open_knowledge(_folder(root))
    answer = knowledge.about(opened) if kind is None else knowledge.names(kind, opened)
    if as_json:
        _write(answer)
    elif kind is None:
        click.echo("\n".join(f"{name:<12}{count:>5}" for name, count in answer["holds"].items()))
    else:
        click.echo("\n".join(f"{entry['id']}: {entry.get('title') or entry['stratum']}" for entry in answer["entries"]))


@command.command()
@click.argument("id_", metavar="ID")
@_from
@_json
def show(id_: str, root: Path, as_json: bool) -> None:
    """Show a fact, system, definition, transplant rule, source or published figure."""
    from reall.api import knowledge  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    answer = knowledge.show(id_, knowledge=open_knowledge(_folder(root)))
    if as_json:
        _write(answer)
    else:
        click.echo(answer["words"])


@command.command()
@click.argument("key")
@click.option("--bibtex", "form", flag_value="bibtex", help="Only the entry, for BibTeX.")
@click.option("--csl", "form", flag_value="csl", help="Only the entry, as CSL-JSON.")
@_from
@_json
def cite(key: str, form: str | None, root: Path, as_json: bool) -> None:
    """Show a source, and everything that rests on it."""
    from reall.api import knowledge  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report.knowledge_words import source_lines, to_bibtex, to_csl  # noqa: PLC0415

    source = knowledge.source(key, open_knowledge(_folder(root)))
    if form == "bibtex":
        click.echo(to_bibtex(source))
    elif form == "csl":
        _write([to_csl(source)])
    else:
        answer = knowledge.cite(key, root)
        if as_json:
            _write(answer)
            return
        click.echo("\n".join(source_lines(source)))
        click.echo(f"\n{len(answer['uses'])} entries rest on it:")
        for use in answer["uses"]:
            mark = " (draft)" if use["status"] == "draft" else ""
            click.echo(f"  {use['where']}: {use['id']}; {use['at']}{mark}")


@command.command()
@click.argument("old", type=_Folder)
@click.argument("new", type=_Folder, default=PACKAGED)
@_json
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Say which rows changed between two knowledge folders, and which worked cases are answered differently."""
    from reall.api import knowledge  # noqa: PLC0415

    answer = knowledge.diff(_folder(old), _folder(new))
    if as_json:
        _write(answer)
        return
    for change in answer["changes"]:
        click.echo(f"{change['kind']} {change['id']}")
        click.echo(f"  - {change['before'] or '(none)'}\n  + {change['after'] or '(none)'}")
    answers = sum(change["kind"] == "answer" for change in answer["changes"])
    click.echo(f"{len(answer['changes']) - answers} entries changed; {answers} answers to worked cases change.")


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def reference(folder: Path) -> None:
    """Write the reference pages of facts, systems and errors into FOLDER."""
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report.reference import write_reference  # noqa: PLC0415

    write_reference(open_knowledge(), folder)
