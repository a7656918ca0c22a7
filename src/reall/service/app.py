"""The service as one application: routers, errors and parts put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from reall import __version__
from reall.library.knowledge import open_knowledge
from reall.service.pages.board import router as board
from reall.service.pages.board_files import router as board_files
from reall.service.pages.families import router as families
from reall.service.pages.knowledge import router as knowledge
from reall.service.pages.knowledge_compare import router as compare
from reall.service.pages.laboratory import router as laboratory
from reall.service.pages.language import router as language
from reall.service.pages.start import router as start
from reall.service.parts import Parts
from reall.service.settings import Settings

_STATIC = Path(__file__).parent / "static"
_ROUTERS = (start, language, board, board_files, laboratory, compare, knowledge, families)


def create_app(settings: Settings) -> FastAPI:
    """Give the application for these settings. Raises `InvalidKnowledge` and `WrongUsage` before it listens."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        parts = Parts(settings=settings, knowledge=open_knowledge())
        app.state.parts = parts
        try:
            yield
        finally:
            parts.desk.close()

    app = FastAPI(title="ReALL", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for router in _ROUTERS:
        app.include_router(router)
    return app
