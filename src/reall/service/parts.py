"""What every request may use: the settings, the knowledge and, where configured, the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from reall.api.cases import Remembering
from reall.library.knowledge import Knowledge
from reall.service.pages.work import Desk
from reall.service.settings import Settings
from reall.service.store.store import Store
from reall.service.work import Workers


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Opened once when the service starts, closed when it stops."""

    settings: Settings
    knowledge: Knowledge
    store: Store | None
    """Where cases, decisions and the audit log are kept; None where no database is set."""
    workers: Workers
    answers: Remembering
    """For the event loop only; work in threads or processes asks `reall.api` itself."""
    desk: Desk = field(default_factory=Desk)
    """Where work that takes longer than a request is done."""


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
"""Parameter type of a route that needs the parts of its service."""
