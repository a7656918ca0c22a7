"""Deny by default: every route names one operation, and who is not known gets no further than the open ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount, Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from reall.service.access.gate import check_role, sign_in_needed
from reall.service.access.operations import NOBODY, Operation
from reall.service.access.refusal import Refused
from reall.service.access.refusing import refuse


class Guarded:
    """An application mounted below this one, behind the same gate, for programs: a session is no key to it."""

    def __init__(self, app: ASGIApp, operation: Operation) -> None:
        self.app = app
        self.operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] == "http":
            state = scope.get("state", {})
            principal = state.get("principal", NOBODY)
            if state.get("session") is not None and self.operation is not Operation.OPEN:
                principal = NOBODY
            try:
                check_role(principal, self.operation)
            except Refused as refused:
                await refuse(refused, scope, receive, send)
                return
        await self.app(scope, receive, send)


def operations_of(app: FastAPI) -> Iterator[tuple[str, frozenset[str], Operation]]:
    """Give path, methods and operation of every route. Raises `RuntimeError` for one without exactly one operation."""
    for route in iter_route_contexts(app.routes):
        original = route.original_route
        if isinstance(original, Mount):
            named = [found] if (found := getattr(original.app, "operation", None)) else []
        elif isinstance(dependant := getattr(route, "dependant", None), Dependant):
            named = list(_named(dependant))
        elif isinstance(original, Route) and route.path == app.openapi_url:
            named = [Operation.OPEN]  # FastAPI's own route: describes the interface, holds no data
        else:
            named = []
        if len(named) != 1:
            raise RuntimeError(f"{route.path}: {len(named)} operations are named, one is needed (gate.require)")
        yield route.path or "", frozenset(getattr(route, "methods", None) or ()), named[0]


def _named(dependant: Dependant) -> Iterator[Operation]:
    operation = getattr(dependant.call, "operation", None)
    if operation is not None:
        yield operation
    for inner in dependant.dependencies:
        yield from _named(inner)


_UNKNOWN = 401


class Door:
    """Stops who is not known before the body is read and before it shows which addresses exist."""

    def __init__(self, app: ASGIApp, *, open_paths: Callable[[], list[re.Pattern[str]]]) -> None:
        self._app = app
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http":
            state = scope["state"]
            refused = state.get("refused")
            if refused is None and state["principal"] is NOBODY:
                refused = sign_in_needed()
            if refused is not None and refused.status_code == _UNKNOWN and self._is_open(scope["path"]):
                refused = None  # what is open to everybody is open to somebody with a bad token as well
            if refused is not None:
                await refuse(refused, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return any(pattern.match(path) for pattern in self._open_paths())


def open_paths(app: FastAPI) -> list[re.Pattern[str]]:
    """Give the addresses that anybody may ask for."""
    return [
        compile_path(path if methods else f"{path}/{{path:path}}")[0]
        for path, methods, operation in operations_of(app)
        if operation is Operation.OPEN
    ]
