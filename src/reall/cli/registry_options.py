"""The options by which every verb of `reall cohort` is told how its table is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from reall.base.errors import WrongUsage
from reall.exchange.registries import FORMS

from_option = click.option(
    "--from", "form", type=click.Choice(FORMS), help="The form of the table; told by its columns otherwise."
)
map_option = click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A mapping file: columns and codes of the table (draft it with `reall cohort map TABLE`).",
)


def check_output(path: Path, endings: Sequence[str], table: Path) -> None:
    """Refuse an output of an unknown kind, or one that would overwrite the table. Raises `WrongUsage`."""
    if path.suffix.lower() not in endings:
        raise WrongUsage(f"{path.name!r} has no known ending", next=f"Use one of {', '.join(endings)}.")
    if path.exists() and table.exists() and path.samefile(table):
        raise WrongUsage("the result would overwrite the table it is made from")
    if not path.parent.is_dir():
        raise WrongUsage(f"there is no folder {str(path.parent)!r}", next="Make it first.")
