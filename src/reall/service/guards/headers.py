"""What browsers are told about every answer: keep nothing, load nothing from elsewhere, run nothing inline."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reall.service.settings import Settings

CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NO_DEVICES = ", ".join(
    f"{feature}=()" for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)
_ALWAYS = {
    b"content-security-policy": CONTENT_SECURITY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": _NO_DEVICES.encode(),
    b"cross-origin-opener-policy": b"same-origin",
}
_FOREIGN = b"cross-origin-resource-policy"
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
FILES = "/static/"
"""Where the files lie that are the same for everybody."""
_KEEP_NOTHING = b"no-store"
_KEEP_FILES = b"public, max-age=3600"


class SecurityHeaders:
    """Adds them to every answer, refusals and errors included; what a route sets itself stays."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        always = dict(_ALWAYS)
        if not settings.other_origins:
            always[_FOREIGN] = b"same-origin"
        if settings.secure:
            always[_STRICT_TRANSPORT[0]] = _STRICT_TRANSPORT[1]
        self._always = tuple(always.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add the headers on the way back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caching = _KEEP_FILES if scope["path"].startswith(FILES) else _KEEP_NOTHING

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                given = {name.lower() for name, _ in headers}
                # Only what is there may be kept: a missing file is answered anew.
                kept = caching if message["status"] < 400 else _KEEP_NOTHING  # noqa: PLR2004
                added = [*self._always, (b"cache-control", kept)]
                message["headers"] = [*headers, *(pair for pair in added if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, send_with_headers)
