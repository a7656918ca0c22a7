"""How the service says no: a problem document (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from reall.service.pages.rendering import render

PROBLEM = "application/problem+json"
SIGN_IN = "/sign-in"


class Refused(HTTPException):
    """A request is not answered. Its words never quote the request, for they may reach a log or another person."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        what: str,
        next: str = "",  # noqa: A002
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, what, dict(headers or {}))
        self.code = code
        self.what = what
        self.next = next

    def response(self, request: Request) -> Response:
        """Give the answer in the form that the asker reads."""
        if not _is_read_by_a_person(request):
            return Response(self._problem(), self.status_code, self.headers, PROBLEM)
        if self.status_code == 401 and getattr(request.state, "session", None) is None:  # noqa: PLR2004
            return self._to_sign_in(request)
        page: Response = render(request, "refused.html.j2", status=self.status_code, what=self.what, next=self.next)
        page.headers.update(self.headers or {})
        return page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        await self.response(Request(scope, receive))(scope, receive, send)

    def _problem(self) -> bytes:
        body = {
            "type": "about:blank",
            "title": self.what,
            "status": self.status_code,
            "detail": " ".join(part for part in (f"{self.what}.", self.next) if part),
            "code": self.code,
            "what": self.what,
            "where": "",
            "why": "",
            "next": self.next,
        }
        return json.dumps(body).encode()

    def _to_sign_in(self, request: Request) -> Response:
        """Send a reader to the sign-in and back to the page; a form's answer is lost, so it leads to the first page."""
        address = request.url
        wanted = address.path + (f"?{address.query}" if address.query else "") if request.method == "GET" else "/"
        leave = f"{SIGN_IN}?next={quote(wanted)}"
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": leave})
        return RedirectResponse(leave, 303)


def _is_read_by_a_person(request: Request) -> bool:
    if request.url.path.startswith("/api/"):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


async def answer_refused(request: Request, refused: Exception) -> Response:
    """Answer a `Refused` that was raised inside a route."""
    assert isinstance(refused, Refused)
    return refused.response(request)
