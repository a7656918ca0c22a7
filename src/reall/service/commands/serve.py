"""`reall serve`: the pages and the REST interface on this computer."""

from __future__ import annotations

import click
import uvicorn

from reall.service.app import create_app
from reall.service.settings import Settings


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=Settings.port, show_default=True)
def command(port: int) -> None:
    """Serve the pages on this computer until Ctrl-C."""
    settings = Settings(port=port)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning")
