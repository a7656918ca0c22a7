"""Checks signed tokens: who signed, for whom, for how long. Only RS256 and ES256 signatures are read."""

from __future__ import annotations

from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from reall.service.access.authority import ALGORITHMS, Authority
from reall.service.access.refusal import Refused

Claims = dict[str, Any]
_LONGEST = 16_384


async def access_token(text: str, authority: Authority, *, issuer: str, audience: str, leeway: int) -> Claims:
    """Give the claims of an access token meant for this service. Raises `Refused` (401) for any other."""
    claims, _ = await _signed(text, authority)
    registry = JWTClaimsRegistry(
        leeway=leeway,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, TypeError, ValueError):
        raise _not_accepted() from None
    return claims


async def id_token(
    text: str, authority: Authority, *, issuer: str, nonce: str, leeway: int, access: str | None = None
) -> Claims:
    """Give the claims of an ID token of this sign-in. Raises `Refused` (401) for any other."""
    claims, header = await _signed(text, authority)
    options = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": authority.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    params = {"nonce": nonce, "client_id": authority.client_id, "access_token": access}
    try:
        CodeIDToken(claims, header, options, params).validate(leeway=leeway)
    except (JoseError, TypeError, ValueError):
        raise _not_accepted() from None
    return claims


async def _signed(text: str, authority: Authority) -> tuple[Claims, dict[str, Any]]:
    """Check the signature. The algorithm is chosen by us; the token only says which of ours it uses."""
    if len(text) > _LONGEST:
        raise _not_accepted()
    try:
        header = extract_compact(text.encode()).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
            raise _not_accepted()
        key = await authority.key(kid, algorithm)
        if key is None:
            raise _not_accepted()
        read = jwt.decode(text, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise _not_accepted() from None
    return read.claims, read.header


def _not_accepted() -> Refused:
    return Refused(
        status=401,
        code="reall/sign-in-needed",
        what="this token is not accepted",
        next="Ask the identity provider for a new one.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
