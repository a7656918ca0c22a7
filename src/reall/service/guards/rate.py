"""How many requests one account or one address may make in a minute."""

from __future__ import annotations

import ipaddress

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from reall.service.access.operations import LOCAL, NOBODY
from reall.service.access.refusal import Refused
from reall.service.access.refusing import refuse
from reall.service.guards.headers import FILES
from reall.service.settings import Settings

_MINUTE = "60"
_UNCOUNTED = (FILES, "/healthz", "/readyz", "/metrics")
_NETWORK_OF_ONE = 64  # bits of an IPv6 address that one household or company is given


class Rate:
    """Counts per account, or per address where nobody signed in. The user of this computer is not counted."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        limits = settings.limits
        self._account = RateLimitItemPerMinute(limits.requests_per_minute) if limits.requests_per_minute else None
        self._address = RateLimitItemPerMinute(limits.anonymous_per_minute) if limits.anonymous_per_minute else None
        # The storage keeps a thread; a service without sign-in counts nobody and needs none.
        self._limiter = FixedWindowRateLimiter(MemoryStorage()) if settings.has_sign_in else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, then pass on."""
        if scope["type"] == "http" and not self._allowed(scope):
            refused = Refused(
                status=429,
                code="reall/too-many-requests",
                what="too many requests in one minute",
                next="Wait a minute.",
                headers={"Retry-After": _MINUTE},
            )
            await refuse(refused, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        principal = scope["state"]["principal"]
        if self._limiter is None or principal is LOCAL or scope["path"].startswith(_UNCOUNTED):
            return True
        if principal is NOBODY:
            return self._address is None or self._limiter.hit(self._address, "address", _network(scope))
        return self._account is None or self._limiter.hit(self._account, "account", principal.id)


def _network(scope: Scope) -> str:
    """Give the address of a client; an IPv6 one by its network, since one client owns all addresses in it."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if address.version == 4:  # noqa: PLR2004
        return host
    return str(ipaddress.ip_network((address, _NETWORK_OF_ONE), strict=False))
