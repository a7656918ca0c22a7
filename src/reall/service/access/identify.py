"""Who is asking: the user of this computer, somebody who signed in, a program with an access token, or nobody known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from reall.service.access import tokens
from reall.service.access.authority import Authority
from reall.service.access.clients import Clients
from reall.service.access.operations import LOCAL, NOBODY, Principal, Role
from reall.service.access.refusal import Refused
from reall.service.access.sessions import SessionTable, cookie_name
from reall.service.settings import Oidc, Settings

HOOKS = "/cds-services"
"""Where record systems ask; people's sessions and tokens count for nothing there."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Identify:
    """Writes `principal`, and `session` for a browser that signed in, into the state of a request."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, sessions: SessionTable, authority: Authority | None, clients: Clients
    ) -> None:
        self._app = app
        self._settings = settings
        self._sessions = sessions
        self._authority = authority
        self._cookie = cookie_name(settings)
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify, then pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["session"] = None
        try:
            state["principal"] = await self._principal(Headers(scope=scope), scope["path"], state)
        except Refused as refused:
            state["principal"] = NOBODY
            state["refused"] = refused
        await self._app(scope, receive, send)

    async def _principal(self, headers: Headers, path: str, state: dict[str, Any]) -> Principal:
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        local = _local(headers) if self._authority is None else NOBODY
        if path.startswith(HOOKS) and (self._clients or self._authority is not None):
            return self._clients.principal(credential.strip(), path) if scheme.lower() == "bearer" else NOBODY
        if self._authority is None:
            return local
        if scheme.lower() == "bearer" and self._settings.oidc.api_audience:
            oidc = self._settings.oidc
            claims = await tokens.access_token(
                credential.strip(), self._authority,
                issuer=oidc.issuer, audience=oidc.api_audience, leeway=oidc.leeway_seconds,
            )  # fmt: skip
            return principal_of(claims, oidc)
        number = cookie_parser(headers.get("cookie", "")).get(self._cookie)
        session = self._sessions.find(number) if number else None
        if session is None:
            return NOBODY
        state["session"] = session
        return session.principal


def _local(headers: Headers) -> Principal:
    """A proxy in front means that the asker may be anybody; without sign-in nobody else is served."""
    if any(name in headers for name in _FORWARDED):
        raise Refused(
            status=403,
            code="reall/not-allowed",
            what="this service has no sign-in and serves only the computer that it runs on",
            next="Configure an identity provider before putting a proxy in front; docs/how-to/access.md says how.",
        )
    return LOCAL


def principal_of(claims: Mapping[str, Any], oidc: Oidc) -> Principal:
    """Give the account of checked claims with the roles that this site recognises; others count for nothing."""
    found: Any = claims
    for part in oidc.roles_claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    names = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    roles = {role for role in Role if (wanted := getattr(oidc, role.value)) and wanted in names}
    return Principal(id=str(claims["sub"]), roles=frozenset(roles))
