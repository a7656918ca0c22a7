"""`reall knowledge export`: the knowledge in the forms of other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reall.base.errors import WrongUsage

if TYPE_CHECKING:
    from reall.library.knowledge import Knowledge

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
    for path, write in _asked_for(cql, dmn, redcap, omop):
        try:
            _say(len(write(knowledge, path)), path)
        except OSError as error:
            raise WrongUsage(
                f"{path} cannot be written: {error.strerror}", next="Name a place in a folder that exists."
            ) from None


def _asked_for(
    cql: Path | None, dmn: Path | None, redcap: Path | None, omop: Path | None
) -> Iterator[tuple[Path, Callable[[Knowledge, Path], list[Path]]]]:
    from reall.report.omop import write_omop  # noqa: PLC0415
    from reall.report.redcap_form import write_redcap  # noqa: PLC0415
    from reall.report.rule_library import write_cql, write_dmn  # noqa: PLC0415

    for path, write in ((cql, write_cql), (dmn, write_dmn), (redcap, write_redcap), (omop, write_omop)):
        if path is not None:
            yield path, write


def _say(files: int, path: Path) -> None:
    click.echo(f"{path}: {files} {'file' if files == 1 else 'files'} written", err=True)
