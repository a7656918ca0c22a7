"""The options by which every verb of `reall cohort` is told how its table is read."""

from __future__ import annotations

from pathlib import Path

import click

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
