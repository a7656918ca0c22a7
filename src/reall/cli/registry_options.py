"""The options by which every verb of `reall cohort` is told how its table is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reall.exchange.addresses import Address, Place, place
from reall.exchange.registries import FORMS


class _Table(click.ParamType[Place]):
    """A file, a folder or pattern of Parquet files, a Delta table, FILE.duckdb#table, postgresql://…#table, s3://…."""

    name = "table"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:  # noqa: ARG002
        """Tell a file from an address."""
        return value if isinstance(value, Path | Address) else place(str(value))


table_argument = click.argument("table", type=_Table())
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
