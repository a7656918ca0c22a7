"""An authorization server: what it says about itself, its keys, and the exchange of a code for tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from reall.base.errors import WrongUsage
from reall.service.access.binding import require_protected
from reall.service.access.handshake import Handshake
from reall.service.access.refusal import Refused

ALGORITHMS = ("RS256", "ES256")
_FRESH_SECONDS = 3600
_RETRY_SECONDS = 30
_TIMEOUT_SECONDS = 10
_SMALLEST_RSA_BITS = 2048
_KINDS: dict[str, tuple[type[RSAKey] | type[ECKey], str]] = {"RSA": (RSAKey, "RS256"), "EC": (ECKey, "ES256")}

Key = RSAKey | ECKey


class Authority:
    """One server, asked when needed and remembered for an hour."""

    def __init__(
        self,
        discovery: str,
        *,
        client_id: str,
        client_secret: str = "",
        issuer: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the address where the server describes itself; `issuer`, where given, must be what it calls itself."""
        self.client_id = client_id
        self._discovery = discovery
        self._secret = client_secret
        self._issuer = issuer
        self._clock = clock
        self._lock = asyncio.Lock()
        self._described: dict[str, Any] = {}
        self._described_at = -float("inf")
        self._keys: list[Key] = []
        self._keys_at = -float("inf")

    async def described(self) -> Mapping[str, Any]:
        """Give what the server says about itself. Raises `Refused` (503) when it cannot be asked."""
        async with self._lock:
            if self._clock() - self._described_at > _FRESH_SECONDS:
                found = await self._get(self._discovery)
                if self._issuer and found.get("issuer") != self._issuer:
                    raise _unavailable("the identity provider calls itself by another name than it is configured by")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
                    if name in found:
                        _must_be_protected(found[name])
                self._described, self._described_at = found, self._clock()
            return self._described

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """Give the key of a signature. A name not seen before asks the server again, at most every half minute."""
        address = (await self.described()).get("jwks_uri")
        if not address:
            return None
        async with self._lock:
            found = self._matching(kid, algorithm)
            age = self._clock() - self._keys_at
            if age > _FRESH_SECONDS or (found is None and age > _RETRY_SECONDS):
                self._keys = _usable(await self._get(address))
                self._keys_at = self._clock()
                found = self._matching(kid, algorithm)
            return found

    def _matching(self, kid: str | None, algorithm: str) -> Key | None:
        fitting = [key for key in self._keys if _KINDS[key.key_type][1] == algorithm]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    async def leave(self, handshake: Handshake, *, redirect_uri: str, scope: str, **more: str) -> str:
        """Give the address to which the browser is sent to sign in."""
        endpoint = (await self.described()).get("authorization_endpoint", "")
        async with self._client(redirect_uri, scope) as client:
            address, _ = client.create_authorization_url(
                endpoint, state=handshake.state, nonce=handshake.nonce, code_verifier=handshake.verifier, **more
            )
        return str(address)

    async def exchange(self, code: str, handshake: Handshake, *, redirect_uri: str) -> Mapping[str, Any]:
        """Exchange the code that the browser brought back. Raises `Refused` when the server does not accept it."""
        endpoint = (await self.described()).get("token_endpoint", "")
        async with self._client(redirect_uri, None) as client:
            try:
                tokens: dict[str, Any] = await client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=handshake.verifier,
                    redirect_uri=redirect_uri,
                )  # fmt: skip
            except (OAuthError, httpx2.HTTPError, ValueError):
                raise Refused(
                    status=400,
                    code="reall/sign-in-failed",
                    what="the identity provider did not accept the code",
                    next="Begin again.",
                ) from None
        return tokens

    def _client(self, redirect_uri: str, scope: str | None) -> Any:
        return AsyncOAuth2Client(
            self.client_id, self._secret or None, scope=scope, redirect_uri=redirect_uri,
            code_challenge_method="S256", timeout=_TIMEOUT_SECONDS, trust_env=_beyond(self._discovery),
        )  # fmt: skip

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=_beyond(address)) as client:
                answer = await client.get(address, headers={"accept": "application/json"})
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError):
            raise _unavailable("the identity provider cannot be reached") from None
        if not isinstance(found, dict):
            raise _unavailable("the identity provider does not describe itself")
        return found


def _beyond(address: str) -> bool:
    """Tell whether a request leaves this computer, so that the site's own proxies count; without https it does not."""
    return address.startswith("https://")


def _must_be_protected(address: Any) -> None:
    try:
        require_protected(str(address), "discovery")
    except WrongUsage:
        raise _unavailable("the identity provider names an address without https") from None


def _unavailable(what: str) -> Refused:
    return Refused(status=503, code="reall/no-identity-provider", what=what, next="Try again later.")


def _usable(document: Mapping[str, Any]) -> list[Key]:
    """Read the public signing keys; others (encryption, kinds that we do not accept, too short) are left out."""
    usable: list[Key] = []
    for entry in document.get("keys", []):
        if not isinstance(entry, dict) or entry.get("kty") not in _KINDS or entry.get("use", "sig") != "sig":
            continue
        kind, algorithm = _KINDS[entry["kty"]]
        if entry.get("alg", algorithm) != algorithm:
            continue
        try:
            key = kind.import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA_BITS:
            continue
        usable.append(key)
    return usable
