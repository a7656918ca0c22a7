"""Lets pages of the configured other sites read what the hooks answer (a record system that runs in a browser)."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reall.service.access.identify import HOOKS
from reall.service.settings import Settings

_MINUTES_10 = 600


class HookCors:
    """Cross-origin sharing (CORS) for the addresses of CDS Hooks alone, without cookies."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._sharing = CORSMiddleware(
            app,
            allow_origins=settings.other_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type"),
            max_age=_MINUTES_10,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, sharing where it is allowed."""
        shared = scope["type"] == "http" and scope["path"].startswith(HOOKS)
        await (self._sharing if shared else self._app)(scope, receive, send)
