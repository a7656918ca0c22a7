"""Notes that a request was answered, never what it said, and turns accidents into answers."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reall.service.access.refusal import Refused
from reall.service.access.refusing import refuse
from reall.service.guards.headers import FILES
from reall.service.running.log import ACCESS, SERVICE
from reall.service.running.metrics import Metrics

_NO_ROUTE = "(none)"
_LAST_LINES = 6
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Record:
    """Writes one line per request: method, route as it is declared, status, milliseconds."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and write the line. Other protocols than HTTP are not spoken."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, noting)
        except Exception as accident:
            SERVICE.error("accident %s", _places(accident))
            if status:
                raise ConnectionAbortedError from None  # the client must not take half an answer for a whole one
            await refuse(_accident(), scope, receive, noting)
        finally:
            self._metrics.under_way.dec()
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = route_of(scope)
        self._metrics.answered(method, route, status, seconds)
        ACCESS.info("%s %s %d %.1f ms", method, route, status, seconds * 1000)


def route_of(scope: Scope) -> str:
    """Give the route as it is declared, `/cases/{case_id}`; what stood in its place is not told."""
    if scope["path"].startswith(FILES):
        return FILES
    context: Any = scope.get("fastapi", {}).get("effective_route_context")
    declared = getattr(context, "path_format", None) or getattr(scope.get("route"), "path", None)
    return str(declared) if declared else _NO_ROUTE


def _places(accident: BaseException) -> str:
    """Name the kind of an error and the last lines that it passed, without its message, which may quote a patient."""
    last = traceback.extract_tb(accident.__traceback__)[-_LAST_LINES:]
    lines = (f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in last)
    return f"{type(accident).__name__} at " + " > ".join(lines)


def _accident() -> Refused:
    return Refused(
        status=500,
        code="reall/accident",
        what="the service failed on this request",
        next="Nothing of it was kept. Tell who runs the service the time of it; its log names the place.",
    )
