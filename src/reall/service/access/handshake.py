"""The steps between leaving for an authorization server and coming back, each usable once and by one browser."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reall.service.access.refusal import Refused

SECONDS = 600
_MOST = 10_000
_BYTES = 32


def _random() -> str:
    return secrets.token_urlsafe(_BYTES)


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """What must come back unchanged."""

    begun: float
    notes: Mapping[str, str]
    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)
    """Secret of the code exchange (PKCE)."""
    browser: str = field(default_factory=_random)
    """Held by the browser as a cookie, so that nobody can hand his own sign-in to somebody else."""


class Handshakes:
    """Those under way; the oldest gives way when there are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Handshake] = OrderedDict()

    def begin(self, **notes: str) -> Handshake:
        """Start one and keep notes for the return."""
        made = Handshake(begun=self._clock(), notes=notes)
        self._open[made.state] = made
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return made

    def finish(self, state: str, browser: str) -> Handshake:
        """Give the handshake of a return and forget it. Raises `Refused` for one that is not known, old or foreign."""
        found = self._open.pop(state, None)
        if found is None or self._clock() - found.begun > SECONDS or not hmac.compare_digest(found.browser, browser):
            raise Refused(
                status=400,
                code="reall/sign-in-failed",
                what="this sign-in was not begun here, is too old, or was already used",
                next="Begin again.",
            )
        return found
