"""The service as one application: routers, errors and parts put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from reall import __version__
from reall.api.cases import Remembering
from reall.library.knowledge import open_knowledge
from reall.service.pages.start import router as start
from reall.service.parts import Parts
from reall.service.rest.door import install as install_rest
from reall.service.rest.door import routers as rest_routers
from reall.service.settings import Settings
from reall.service.work import Workers

_STATIC = Path(__file__).parent / "static"
_ROUTERS = (start, *rest_routers)


def create_app(settings: Settings) -> FastAPI:
    """Give the application for these settings. Raises `InvalidKnowledge` and `WrongUsage` before it listens."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        workers = Workers(processes=settings.worker_processes, seconds=settings.work_seconds)
        knowledge = open_knowledge()
        answers = Remembering(knowledge)
        app.state.parts = Parts(settings=settings, knowledge=knowledge, workers=workers, answers=answers)
        yield

    app = FastAPI(title="ReALL", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    install_rest(app)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for router in _ROUTERS:
        app.include_router(router)
    return app
