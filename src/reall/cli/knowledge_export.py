"""`reall knowledge export`: the knowledge in the forms of other programs."""

from __future__ import annotations

from pathlib import Path

import click

from reall.base.errors import WrongUsage

_Folder = click.Path(file_okay=False, path_type=Path)
_File = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--cql", type=_Folder, metavar="DIR", help="Rules as CQL, with FHIR R4 Library and PlanDefinition.")
@click.option("--dmn", type=_Folder, metavar="DIR", help="Rules as DMN 1.3, for complete cases.")
@click.option("--redcap", type=_File, metavar="FILE", help="A REDCap data dictionary (CSV) of all facts.")
@click.option("--omop", type=_File, metavar="FILE", help="The facts with their OMOP concepts, as far as known (CSV).")
def export(cql: Path | None, dmn: Path | None, redcap: Path | None, omop: Path | None) -> None:
    """Write the knowledge in the forms of other programs; docs/how-to/export-rules.md says what each can do."""
    if not any((cql, dmn, redcap, omop)):
        raise WrongUsage("nothing is asked for", next="Name --cql, --dmn, --redcap or --omop with a place to write to.")
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    knowledge = open_knowledge()
    if cql:
        from reall.report.rule_library import write_cql  # noqa: PLC0415

        _say(len(write_cql(knowledge, cql)), cql)
    if dmn:
        from reall.report.rule_library import write_dmn  # noqa: PLC0415

        _say(len(write_dmn(knowledge, dmn)), dmn)
    if redcap:
        from reall.report.redcap_form import write_redcap  # noqa: PLC0415

        _say(len(write_redcap(knowledge, redcap)), redcap.parent)
    if omop:
        from reall.report.omop import write_omop  # noqa: PLC0415

        write_omop(knowledge, omop)
        _say(1, omop.parent)


def _say(files: int, folder: Path) -> None:
    click.echo(f"{files} {'file' if files == 1 else 'files'} written to {folder}", err=True)
