"""`reall mcp`: the operations for an assistant, over standard input and output."""

from __future__ import annotations

from pathlib import Path

import anyio
import click

from reall.service.mcp_server import serve_stdio


@click.command("mcp")
@click.option(
    "--files",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Let the assistant name laboratory files below this folder.",
)
def command(folder: Path | None) -> None:
    """Answer an assistant (Model Context Protocol) on standard input and output; nothing is kept or changed."""
    anyio.run(serve_stdio, folder)
