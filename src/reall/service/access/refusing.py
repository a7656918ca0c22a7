"""How the service says no: a problem document (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from reall.service.access.refusal import Refused
from reall.service.pages.rendering import render
from reall.service.rest.problems import problem

SIGN_IN = "/sign-in"
_UNKNOWN = 401


async def refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that is refused before it reaches a route."""
    await _response(Request(scope, receive), refused)(scope, receive, send)


async def answer_refused(request: Request, refused: Exception) -> Response:
    """Answer a `Refused` that was raised inside a route."""
    assert isinstance(refused, Refused)
    return _response(request, refused)


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
