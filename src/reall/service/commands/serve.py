"""`reall serve`: the pages and the REST interface."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from reall.service.configuration import CONFIG, read_settings, settings_table


@click.command("serve")
@click.option(
    "--config", "file", type=click.Path(path_type=Path), help=f"Settings of the site, a TOML file (also {CONFIG})."
)
@click.option("--host", help="Address to listen on, instead of the one in the settings.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--settings", "show", is_flag=True, help="Print every setting with its default and meaning, and end.")
@click.option("--openapi", "describe", is_flag=True, help="Print the description of the REST interface, and end.")
def command(file: Path | None, host: str | None, port: int | None, show: bool, describe: bool) -> None:
    """Serve the pages on this computer until Ctrl-C.

    Other computers are served only where an identity provider is configured: docs/how-to/serve.md.
    """
    if show:
        click.echo(settings_table(), nl=False)
        return
    if describe:
        from reall.service.rest.door import described  # noqa: PLC0415

        click.echo(described(), nl=False)
        return
    settings = read_settings(file)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = dataclasses.replace(settings, **given)  # type: ignore[arg-type]
    # Imported here so that a wrong setting is said at once.
    from reall.service.app import create_app  # noqa: PLC0415
    from reall.service.running.server import run  # noqa: PLC0415

    run(create_app(settings), settings)
