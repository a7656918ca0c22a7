"""GET /api/v1/knowledge/…: what the answers rest on."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from reall.api import knowledge as told
from reall.api.output import written
from reall.base.errors import ReallError, WrongUsage
from reall.facts.vocabulary import nearest
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages.knowledge_versions import AT_WORK, versions
from reall.service.parts import PartsOf
from reall.service.rest.answers import OF_ENTRIES, answer, query, responses
from reall.service.rest.problems import PREFIX, Refused
from reall.service.rest.requests import refuse_other_answers, refuse_unknown_query

router = APIRouter(prefix=PREFIX, tags=["knowledge"])


class NotFound(ReallError):
    """There is no such entry."""

    code = "reall/not-found"


def _get(path: str, schema: str, summary: str, **extra: Any) -> Callable[[Any], Any]:
    """Register a route for GET, and for HEAD outside the description."""

    guard = [require(extra.pop("operation", Operation.READ_KNOWLEDGE))]

    def register(function: Any) -> Any:
        router.add_api_route(
            path,
            function,
            methods=["GET"],
            dependencies=guard,
            summary=summary,
            responses=responses(schema, summary, OF_ENTRIES),
            openapi_extra=extra,
            response_class=Response,
        )
        router.add_api_route(
            path, function, methods=["HEAD"], dependencies=guard, response_class=Response, include_in_schema=False
        )
        return function

    return register


def _look_at(request: Request, *known: str) -> None:
    refuse_other_answers(request)
    refuse_unknown_query(request, known)


def _found(error: WrongUsage) -> Refused:
    """What an address names and the knowledge lacks is not found."""
    return Refused(HTTPStatus.NOT_FOUND, NotFound(error.what, where=error.where, why=error.why, next=error.next))


@_get("/knowledge", "About", "Which knowledge answers, and how much it holds")
async def about(request: Request, parts: PartsOf) -> Response:
    """Say version and fingerprint."""
    _look_at(request)
    return answer(written(told.about(parts.knowledge)))


_VERSION = {"type": "string"}


@_get(
    "/knowledge/diff",
    "Changes",
    "What changed between two versions of the knowledge, with the worked cases whose answer changes",
    operation=Operation.COMPARE_KNOWLEDGE,
    parameters=[
        query("old", _VERSION, "A version in the site's knowledge_folder; default: the one at work."),
        query("new", _VERSION, "A version in the site's knowledge_folder; default: the one at work."),
    ],
)
async def diff(request: Request, parts: PartsOf) -> Response:
    """Compare two versions that this service holds."""
    _look_at(request, "old", "new")
    folders = versions(parts.settings.knowledge_folder)
    chosen = []
    for name in ("old", "new"):
        version = request.query_params.get(name, AT_WORK)
        if version not in folders:
            hint = nearest(version, folders) or f"It holds {', '.join(folders)}."
            raise _found(WrongUsage(f"this service does not hold knowledge {version!r}", where=name, next=hint))
        chosen.append(folders[version])
    return answer(await parts.workers.run(_diff, *chosen))


def _diff(old: Any, new: Any) -> bytes:
    return written(told.diff(old, new))


@_get("/knowledge/sources/{key}/uses", "Uses", "A source, and every entry that rests on it")
async def cite(key: str, request: Request, parts: PartsOf) -> Response:
    """Give a source as CSL-JSON with its uses."""
    _look_at(request)
    try:
        told.source(key, parts.knowledge)
    except WrongUsage as error:
        raise _found(error) from None
    return answer(await parts.workers.run(_cite, key))


def _cite(key: str) -> bytes:
    return written(told.cite(key))


@_get("/knowledge/{kind}", "Entries", "The entries of a kind: facts, definitions, systems, transplant, …")
async def names(kind: str, request: Request, parts: PartsOf) -> Response:
    """List the entries of a kind."""
    _look_at(request)
    try:
        return answer(written(told.names(kind, parts.knowledge)))
    except WrongUsage as error:
        raise _found(error) from None


@_get("/knowledge/{kind}/{id}", "Entry", "One entry, in words and as data")
async def show(kind: str, id: str, request: Request, parts: PartsOf) -> Response:  # noqa: A002 - the name in the address
    """Give one entry with its citations."""
    _look_at(request)
    try:
        return answer(written(told.show(id, kind, parts.knowledge)))
    except WrongUsage as error:
        raise _found(error) from None
