"""`reall knowledge`: check, show, cite and compare what was taken from papers."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

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


@command.command()
@click.argument("folder", type=_Folder, default=PACKAGED)
@_json
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Prove every table, answer every worked case, check every citation. Exit code 11 if there is a fault."""
    # The other verbs need not pay for these.
    from reall.library.check import STANDARD, check_knowledge  # noqa: PLC0415
    from reall.options.evidence import faulty_evidence  # noqa: PLC0415

    started = time.perf_counter()
    report = check_knowledge(_folder(folder), {**STANDARD, "evidence": faulty_evidence})
    seconds = time.perf_counter() - started
    counts = {key: value for key, value in vars(report).items() if key != "faults"}
    if as_json:
        faults = [asdict(fault) for fault in report.faults]
        click.echo(json.dumps({"faults": faults, **counts, "seconds": round(seconds, 2)}, indent=2))
    else:
        for fault in report.faults:
            click.echo(str(fault))
        found = len(report.faults)
        verdict = "no fault" if not found else "1 fault" if found == 1 else f"{found} faults"
        if report.tables:
            checked = (
                f"{report.tables} tables with {report.rows} rows over {report.cells:.2g} combinations of cells, "
                f"{report.cases} worked cases, {report.outcomes} published figures, {report.sources} sources"
            )
        else:
            checked = "the files; nothing was proved, because not all of them can be read"
        click.echo(f"Checked {checked}: {verdict} ({seconds:.1f} s).")
    if report.faults:
        ctx.exit(int(ExitCode.INVALID_KNOWLEDGE))


@command.command()
@click.argument("id_", metavar="ID")
@_from
@_json
def show(id_: str, root: Path, as_json: bool) -> None:
    """Show a fact, system, definition, transplant rule, source or published figure."""
    from reall.facts.vocabulary import nearest  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report.knowledge_words import entry_in_words, known_ids  # noqa: PLC0415

    knowledge = open_knowledge(_folder(root))
    words = entry_in_words(id_, knowledge)
    if words is None:
        raise WrongUsage(f"the knowledge has no {id_!r}", next=nearest(id_, known_ids(knowledge)))
    version = knowledge.version
    click.echo(json.dumps({"id": id_, "words": words, "knowledge_version": version}) if as_json else words)


@command.command()
@click.argument("key")
@click.option("--bibtex", "form", flag_value="bibtex", help="Only the entry, for BibTeX.")
@click.option("--csl", "form", flag_value="csl", help="Only the entry, as CSL-JSON.")
@_from
@_json
def cite(key: str, form: str | None, root: Path, as_json: bool) -> None:
    """Show a source, and everything that rests on it."""
    from reall.facts.vocabulary import nearest  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.library.uses import uses_of  # noqa: PLC0415
    from reall.report.knowledge_words import source_lines, to_bibtex, to_csl  # noqa: PLC0415

    knowledge = open_knowledge(_folder(root))
    source = knowledge.sources.get(key)
    if source is None:
        raise WrongUsage(f"the bibliography has no {key!r}", next=nearest(key, knowledge.sources))
    if form == "bibtex":
        click.echo(to_bibtex(source))
    elif form == "csl":
        click.echo(json.dumps([to_csl(source)], indent=2, ensure_ascii=False))
    elif as_json:
        uses = [asdict(use) for use in uses_of(root, key)]
        click.echo(json.dumps({"source": to_csl(source), "uses": uses}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(source_lines(source)))
        uses_found = list(uses_of(root, key))
        click.echo(f"\n{len(uses_found)} entries rest on it:")
        for use in uses_found:
            mark = " (draft)" if use.status == "draft" else ""
            click.echo(f"  {use.where}: {use.id}; {use.at}{mark}")


@command.command()
@click.argument("old", type=_Folder)
@click.argument("new", type=_Folder, default=PACKAGED)
@_json
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Say which rows changed between two knowledge folders, and which worked cases are answered differently."""
    from reall.library.diff import changes  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    before, after = open_knowledge(_folder(old)), open_knowledge(_folder(new))
    found = changes(old, before, new, after)
    if as_json:
        versions = {"old_version": before.version, "new_version": after.version}
        click.echo(json.dumps({**versions, "changes": [asdict(change) for change in found]}, indent=2))
        return
    for change in found:
        click.echo(f"{change.kind} {change.id}")
        click.echo(f"  - {change.before or '(none)'}\n  + {change.after or '(none)'}")
    answers = sum(change.kind == "answer" for change in found)
    click.echo(f"{len(found) - answers} entries changed; {answers} answers to worked cases change.")


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def reference(folder: Path) -> None:
    """Write the reference pages of facts, systems and errors into FOLDER."""
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report.reference import write_reference  # noqa: PLC0415

    write_reference(open_knowledge(), folder)
