"""Sessions of people who signed in, kept in this process; the browser holds a random number and nothing else."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Response

from reall.service.access.operations import Principal
from reall.service.settings import Settings

_BYTES = 32


@dataclass(kw_only=True)
class Session:
    """One signed-in browser."""

    principal: Principal
    started: float
    used: float
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES))
    """Proves that a form was made for this session (CSRF)."""


class SessionTable:
    """All sessions. A session ends after its idle time, its absolute time, or sign-out, whichever comes first."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle = settings.sessions.idle_minutes * 60
        self._absolute = settings.sessions.absolute_hours * 3600
        self._most = max(settings.sessions.most, 1)
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the longest unused first

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, principal: Principal) -> str:
        """Start a session and give its number, which exists nowhere else."""
        number = secrets.token_urlsafe(_BYTES)
        now = self._clock()
        self._sessions[_digest(number)] = Session(principal=principal, started=now, used=now)
        while len(self._sessions) > self._most:
            self._sessions.popitem(last=False)
        return number

    def find(self, number: str) -> Session | None:
        """Give a session that has not ended, and count this as its use."""
        key = _digest(number)
        session = self._sessions.get(key)
        if session is None:
            return None
        now = self._clock()
        if now - session.used >= self._idle or now - session.started >= self._absolute:
            del self._sessions[key]
            return None
        session.used = now
        self._sessions.move_to_end(key)
        return session

    def close(self, number: str) -> None:
        """End a session; a number that is not known is none."""
        self._sessions.pop(_digest(number), None)


def _digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


def cookie_name(settings: Settings, purpose: str = "session") -> str:
    """Name a cookie. The prefix makes browsers refuse it from another host or without https."""
    return f"__Host-reall-{purpose}" if settings.secure else f"reall-{purpose}"


def set_cookie(response: Response, settings: Settings, value: str, *, purpose: str = "session", seconds: int) -> None:
    """Hand a secret number to the browser: not to scripts, not to other sites' requests."""
    response.set_cookie(
        cookie_name(settings, purpose), value, max_age=seconds, path="/", secure=settings.secure,
        httponly=True, samesite="lax",
    )  # fmt: skip


def drop_cookie(response: Response, settings: Settings, *, purpose: str = "session") -> None:
    """Take the number back."""
    response.delete_cookie(
        cookie_name(settings, purpose), path="/", secure=settings.secure, httponly=True, samesite="lax"
    )
