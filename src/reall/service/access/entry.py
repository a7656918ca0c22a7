"""What access needs while the service runs, made once, and the layers around the application in their order."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from reall.service.access.authority import Authority
from reall.service.access.clients import Clients
from reall.service.access.handshake import Handshakes
from reall.service.access.identify import Identify
from reall.service.access.refusal import Refused
from reall.service.access.refusing import answer_missing, answer_refused
from reall.service.access.routes import Door, open_paths
from reall.service.access.sessions import SessionTable
from reall.service.guards.cors import HookCors
from reall.service.guards.headers import SecurityHeaders
from reall.service.guards.origin import Origin
from reall.service.guards.rate import Rate
from reall.service.guards.record import Record
from reall.service.guards.size import Size
from reall.service.running.metrics import Metrics
from reall.service.settings import Settings

_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Sessions, sign-ins under way, the identity provider and the figures of one service."""

    settings: Settings
    sessions: SessionTable
    authority: Authority | None
    """The identity provider; None where there is no sign-in."""
    handshakes: Handshakes = field(default_factory=Handshakes)
    metrics: Metrics = field(default_factory=Metrics)


def guard(app: FastAPI, settings: Settings) -> None:
    """Put the layers around an application whose routes are all there. Raises `RuntimeError` for an unnamed route."""
    oidc = settings.oidc
    authority = None
    if settings.has_sign_in:
        authority = Authority(
            oidc.issuer.rstrip("/") + _DISCOVERY,
            client_id=oidc.client_id, client_secret=oidc.client_secret, issuer=oidc.issuer,
        )  # fmt: skip
    clients = Clients(settings)
    access = Access(settings=settings, sessions=SessionTable(settings), authority=authority)
    app.state.access, app.state.settings = access, settings
    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(HTTPException, answer_missing)
    app.add_exception_handler(RequestValidationError, answer_missing)
    open_paths(app)
    # The last one added is the outermost.
    app.add_middleware(Size, limits=settings.limits)
    app.add_middleware(Door, open_paths=functools.cache(lambda: open_paths(app)))
    app.add_middleware(Rate, settings=settings)
    app.add_middleware(Identify, settings=settings, sessions=access.sessions, authority=authority, clients=clients)
    app.add_middleware(HookCors, settings=settings)
    app.add_middleware(Origin, settings=settings)
    app.add_middleware(Record, metrics=access.metrics)
    app.add_middleware(SecurityHeaders, settings=settings)


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


AccessOf = Annotated[Access, Depends(_access)]
"""Parameter type of a route that needs sessions or the identity provider."""
