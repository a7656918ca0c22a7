"""Every refusal as `application/problem+json` (RFC 9457), with the codes and parts of the command line's errors."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from reall.api.output import written
from reall.base.errors import InvalidKnowledge, ReallError, UnusableCase, UnusableLaboratoryData, WrongUsage
from reall.service.work import TooBusy, TookTooLong

PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
_RETRY_SECONDS = "60"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_KINDS: tuple[tuple[type[ReallError], HTTPStatus], ...] = (
    (UnusableCase, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnusableLaboratoryData, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidKnowledge, HTTPStatus.UNPROCESSABLE_ENTITY),  # the only knowledge that a request brings is a rule set
    (WrongUsage, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooBusy, HTTPStatus.SERVICE_UNAVAILABLE),
    (TookTooLong, HTTPStatus.GATEWAY_TIMEOUT),
)
_HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "reall/malformed-request",
    HTTPStatus.NOT_FOUND: "reall/not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "reall/method-not-allowed",
}


class Refused(Exception):
    """A request that is refused with a status of its own; `error` says why."""

    def __init__(self, status: HTTPStatus, error: ReallError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error.what)
        self.status = status
        self.error = error
        self.headers = dict(headers or {})


def problem(
    status: int, code: str, *, what: str, where: str = "", why: str = "", next: str = "",  # noqa: A002
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Give a refusal. `detail` is the whole as one paragraph, the other parts are those of the command line."""
    told = ReallError(what, where=where, why=why, next=next)
    body = {
        "type": f"{PREFIX}/problems/{code.removeprefix('reall/')}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": str(told),
        **told.to_json(),
        "code": code,
    }
    return Response(written(body), status, {**NO_STORE, **(headers or {})}, MEDIA_TYPE)


def problem_of(error: ReallError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Give an error of ReALL as a refusal."""
    found = status or next(status for kind, status in _KINDS if isinstance(error, kind))
    more = {"Retry-After": _RETRY_SECONDS} if found == HTTPStatus.SERVICE_UNAVAILABLE else {}
    parts = error.to_json()
    return problem(found, parts.pop("code"), **parts, headers={**more, **(headers or {})})


def install(app: FastAPI) -> None:
    """Answer every error below /api/v1 as a problem; other addresses keep their own way of saying no."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ReallError, _reall)
    app.add_exception_handler(HTTPException, _http)


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the form of a handler
    assert isinstance(error, Refused)
    return problem_of(error.error, error.status, error.headers)


async def _reall(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, ReallError)
    return problem_of(error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not _ours(request):
        return await http_exception_handler(request, error)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={**NO_STORE, **headers})
    code = _HTTP_CODES.get(HTTPStatus(error.status_code), "reall/refused")
    return problem(error.status_code, code, what=_words(request, error), headers=headers)


def _words(request: Request, error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return "there is nothing at this address"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not done at this address"
    return str(error.detail)


def _allowed(request: Request) -> list[str]:
    """List what can be done at the address of a request."""
    found = {"OPTIONS"}
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.add(method)
    return sorted(found)


def _ours(request: Request) -> bool:
    return request.url.path.startswith(f"{PREFIX}/")


def schema() -> dict[str, Any]:
    """Give the JSON Schema of a problem."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "A refusal (RFC 9457), with the parts of the command line's errors.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {"type": "string", "pattern": "^reall/"},
            "what": text,
            "where": text,
            "why": text,
            "next": text,
        },
        "required": ["type", "title", "status", "detail", "code", "what", "where", "why", "next"],
        "additionalProperties": False,
    }
