"""The REST door as a whole: its routers, its errors, and its description."""

from __future__ import annotations

import inspect
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from reall import __version__
from reall.api.output import written
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.rest import cases, knowledge, laboratory, problems
from reall.service.rest.answers import answer
from reall.service.rest.requests import refuse_other_answers, refuse_unknown_query
from reall.service.rest.schemas import components

_router = APIRouter(prefix=problems.PREFIX)
routers = (cases.router, laboratory.router, knowledge.router, _router)
_WORDS = """Questions about relapsed or refractory childhood ALL: cited, with every unknown admitted.

Answers are the same bytes as `reall … --json` and `reall.api.written` give. For research, education and professionals
who can review the basis of each answer. Not a medical device."""


@_router.api_route(
    "/openapi.json", methods=["GET", "HEAD"], dependencies=[require(Operation.OPEN)], include_in_schema=False
)
async def openapi(request: Request) -> Response:
    """Describe the interface."""
    refuse_other_answers(request)
    refuse_unknown_query(request, ())
    return answer(written(request.app.openapi()))


def install(app: FastAPI) -> None:
    """Give an application the problems and the description of the REST door."""
    problems.install(app)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]


def described() -> str:
    """Give the description of the REST interface alone, as docs/reference/openapi.json holds it."""
    app = FastAPI(title="ReALL", version=__version__)
    for router in routers:
        app.include_router(router)
    return written(_description(app)).decode()


def _description(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        described = FastAPI.openapi(app)
        described["info"]["description"] = inspect.cleandoc(_WORDS)
        described["components"] = {"schemas": components()}
        app.openapi_schema = described
    return app.openapi_schema
