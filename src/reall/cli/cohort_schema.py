"""`reall cohort schema`: every column that a registry table may have, from the vocabulary."""

from __future__ import annotations

import click

from reall.cohort.registry import registry_columns
from reall.library.knowledge import open_knowledge
from reall.report.schema_json import row_schema, schema_lines, table_schema
from reall.report.to_json import dumps


@click.command("schema")
@click.option("--json", "form", flag_value="table", help="As a Table Schema (Frictionless Data).")
@click.option("--json-schema", "form", flag_value="row", help="As a JSON Schema of one row.")
def command(form: str | None) -> None:
    """List the columns of a registry table: name, question, unit, allowed answers. One row is one relapse."""
    knowledge = open_knowledge()
    columns = registry_columns(knowledge.vocabulary)
    if form == "table":
        click.echo(dumps(table_schema(columns, knowledge)))
    elif form == "row":
        click.echo(dumps(row_schema(columns, knowledge)))
    else:
        click.echo("\n".join(schema_lines(columns)))
