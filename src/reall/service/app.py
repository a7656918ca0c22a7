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
from reall.service.access.binding import check_exposure
from reall.service.access.entry import guard
from reall.service.access.gate import form_limits
from reall.service.access.operations import Operation
from reall.service.access.routes import Guarded
from reall.service.access.sign_in import router as sign_in
from reall.service.fhir import router as fhir
from reall.service.hooks.routes import router as hooks
from reall.service.pages.board import router as board
from reall.service.pages.board_files import router as board_files
from reall.service.pages.board_kept import router as board_kept
from reall.service.pages.families import router as families
from reall.service.pages.knowledge import router as knowledge
from reall.service.pages.knowledge_compare import router as compare
from reall.service.pages.laboratory import router as laboratory
from reall.service.pages.language import router as language
from reall.service.pages.start import router as start
from reall.service.parts import Parts
from reall.service.rest.door import install as install_rest
from reall.service.rest.door import routers as rest_routers
from reall.service.running.health import router as health
from reall.service.settings import Settings
from reall.service.smart.launches import Launches
from reall.service.smart.pages import router as smart
from reall.service.store.store import open_store
from reall.service.work import Workers

_STATIC = Path(__file__).parent / "static"
_ROUTERS = (
    start, language, health, sign_in, smart, board, board_files, board_kept, laboratory, compare, knowledge, families,
    fhir, hooks, *rest_routers,
)  # fmt: skip


def create_app(settings: Settings) -> FastAPI:
    """Give the application for these settings.

    Raises `InvalidKnowledge`, `WrongUsage` and the errors of a store that cannot be used, before it listens.
    """
    check_exposure(settings)
    knowledge = open_knowledge()
    store = open_store(settings.database_url) if settings.database_url else None

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            app.state.parts.desk.close()
            if store is not None:
                store.close()

    app = FastAPI(
        title="ReALL", version=__version__, lifespan=life, redirect_slashes=False,
        docs_url=None, redoc_url=None, openapi_url=None,
    )  # fmt: skip
    install_rest(app)
    app.state.parts = Parts(
        settings=settings,
        knowledge=knowledge,
        store=store,
        workers=Workers(processes=settings.worker_processes, seconds=settings.work_seconds),
        answers=Remembering(knowledge),
    )
    app.state.launches = Launches(settings)
    app.mount("/static", Guarded(StaticFiles(directory=_STATIC), Operation.OPEN), name="static")
    for router in _ROUTERS:
        app.include_router(router, form_limits=form_limits(settings))
    guard(app, settings)
    return app
