"""Where a request says it comes from and goes to: stops pages of other sites that a user has open."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from reall.service.access.refusal import Refused
from reall.service.access.refusing import refuse
from reall.service.settings import Settings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = ("GET", "HEAD")


class Origin:
    """Refuses other host names (DNS rebinding) and requests that another site's page makes the browser send."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        public = urlsplit(settings.base_url)
        self._hosts = {*_LOOPBACK, *settings.trusted_hosts, public.hostname, settings.host}
        self._origins = {f"{public.scheme}://{public.netloc}", *settings.other_origins}
        self._others = frozenset(settings.other_origins)
        self._own_by_host = not settings.public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            refused = self._wrong_host(headers) or self._foreign(headers, scope)
            if refused is not None:
                await refuse(refused, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wrong_host(self, headers: Headers) -> Refused | None:
        try:
            named = urlsplit(f"//{headers.get('host', '')}").hostname
        except ValueError:
            named = None
        if named in self._hosts and len(headers.getlist("host")) == 1:
            return None
        return Refused(
            status=421,
            code="reall/wrong-host",
            what="this service is not known under the name of the request",
            next="Use the address that the service was started with; trusted_hosts adds names.",
        )

    def _foreign(self, headers: Headers, scope: Scope) -> Refused | None:
        """Read what the browser says; a program that is no browser says nothing of the kind."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if origin in self._others or (site is None and origin is None):
            return None
        own = origin in self._origins or (self._own_by_host and origin == f"{scope['scheme']}://{headers['host']}")
        if site is None:
            fine = own
        elif site in ("same-origin", "none"):
            fine = True
        else:
            # A link from another site may open a page; nothing more.
            fine = scope["method"] in _SAFE and headers.get("sec-fetch-mode") == "navigate"
        if fine:
            return None
        return Refused(
            status=403,
            code="reall/foreign-origin",
            what="the request comes from a page of another site",
            next="Open the service itself; other_origins lets another site's pages in.",
        )
