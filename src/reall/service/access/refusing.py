"""How the service says no: a problem document (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from reall.service.access.refusal import Refused
from reall.service.pages.rendering import render
from reall.service.rest.problems import PREFIX, answer_http, problem

SIGN_IN = "/sign-in"
_UNKNOWN = 401
_MISSING = {
    HTTPStatus.BAD_REQUEST: ("reall/malformed-request", "this request cannot be read", ""),
    HTTPStatus.NOT_FOUND: ("reall/not-found", "there is nothing at this address", "It may be mistyped, or gone."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "reall/method-not-allowed",
        "this page is the answer to a form, and not there without it",
        "Send it again.",
    ),
}  # fmt: skip
"""What is said where nobody said more: code, what, next."""


async def refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that is refused before it reaches a route."""
    await _response(Request(scope, receive), refused)(scope, receive, send)


async def answer_refused(request: Request, refused: Exception) -> Response:
    """Answer a `Refused` that was raised inside a route."""
    assert isinstance(refused, Refused)
    return _response(request, refused)


async def answer_missing(request: Request, error: Exception) -> Response:
    """Answer for an address or a method that no route has, and for what a route did not find."""
    if isinstance(error, RequestValidationError):  # quotes what was sent, which may be a value of a patient
        in_path = all(fault["loc"][0] == "path" for fault in error.errors())
        error = HTTPException(HTTPStatus.NOT_FOUND if in_path else HTTPStatus.BAD_REQUEST)
    assert isinstance(error, HTTPException)
    if request.url.path.startswith(f"{PREFIX}/"):
        return await answer_http(request, error)
    status = HTTPStatus(error.status_code)
    code, what, then = _MISSING.get(status, ("reall/refused", "this request cannot be answered", ""))
    if error.detail != status.phrase:
        what = error.detail
    return _response(request, Refused(status=status, code=code, what=what, next=then, headers=error.headers))


def _response(request: Request, refused: Refused) -> Response:
    """Give the answer in the form that the asker reads."""
    if not _is_read_by_a_person(request):
        return problem(refused.status_code, refused.code, what=refused.what, next=refused.next, headers=refused.headers)
    if refused.status_code == _UNKNOWN and getattr(request.state, "session", None) is None:
        return _to_sign_in(request)
    page = render(request, "refused.html.j2", status=refused.status_code, what=refused.what, next=refused.next)
    page.headers.update(refused.headers or {})
    return page


def _is_read_by_a_person(request: Request) -> bool:
    if request.url.path.startswith("/api/"):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def _to_sign_in(request: Request) -> Response:
    """Send a reader to the sign-in and back to the page; a form's answer is lost, so it leads to the first page."""
    address = request.url
    wanted = address.path + (f"?{address.query}" if address.query else "") if request.method == "GET" else "/"
    leave = f"{SIGN_IN}?next={quote(wanted)}"
    if "hx-request" in request.headers:
        return Response(status_code=_UNKNOWN, headers={"HX-Redirect": leave})
    return RedirectResponse(leave, 303)
