"""Record systems that call us: each call carries a token that the system signed for the very address it calls."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from reall.base.errors import WrongUsage
from reall.service.access.operations import Operation, Principal
from reall.service.access.refusal import Refused
from reall.service.settings import Settings

ALGORITHMS = ("ES384", "RS384")
_CURVE = "P-384"
_SMALLEST_RSA_BITS = 2048
_LONGEST = 16_384
_MOST_TOKENS = 1_000_000
_WHERE = "[hooks] clients"
_PARTS = (2, 3)

Key = RSAKey | ECKey


@dataclass
class Client:
    """One record system: its name for itself, the file of its public keys, and where it says that they lie."""

    issuer: str
    file: Path
    jku: str = ""
    keys: dict[str, Key] = field(default_factory=dict)
    read_at: tuple[int, int] = (0, 0)

    def key(self, kid: str) -> Key | None:
        """Give a key by its name. The file is read again when it has changed, so that keys can be exchanged."""
        try:
            found = self.file.stat()
            if (found.st_mtime_ns, found.st_size) != self.read_at:
                self.keys = _keys(self.file)
                self.read_at = (found.st_mtime_ns, found.st_size)
        except (OSError, WrongUsage):
            self.keys = {}  # keys that may have been taken back are not used
        return self.keys.get(kid)


class Clients:
    """Checks the tokens of record systems. Raises `WrongUsage` for settings that cannot be read."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._clients = {client.issuer: client for client in map(_client, settings.hooks.clients)}
        self._longest = settings.hooks.token_seconds
        self._leeway = settings.oidc.leeway_seconds
        self._base = settings.base_url
        self._clock = clock
        self._used: dict[tuple[str, str], float] = {}

    def __bool__(self) -> bool:
        """Whether any record system is configured."""
        return bool(self._clients)

    def principal(self, credential: str, path: str) -> Principal:
        """Say which record system calls an address here. Raises `Refused` (401) for any token but a good, new one."""
        claims = self._signed(credential)
        self._check(claims, f"{self._base}{path}")
        return Principal(id=f"client:{claims['iss']}", operations=frozenset({Operation.ANSWER_HOOKS}))

    def _signed(self, text: str) -> dict[str, Any]:
        """Check the signature. The algorithm and the key are chosen by us; the token only says which of ours."""
        if len(text) > _LONGEST:
            raise _not_accepted()
        try:
            unchecked = extract_compact(text.encode())
            header, claims = unchecked.headers(), json.loads(unchecked.payload)
            client = self._clients.get(str(claims.get("iss"))) if isinstance(claims, dict) else None
            if client is None or not _header_holds(header, client):
                raise _not_accepted()
            key = client.key(header["kid"])
            if key is None or _algorithm(key) != header["alg"]:
                raise _not_accepted()
            return jwt.decode(text, key, algorithms=[header["alg"]]).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _not_accepted() from None

    def _check(self, claims: dict[str, Any], address: str) -> None:
        """Check for whom, until when and how often."""
        registry = JWTClaimsRegistry(
            now=int(self._clock()), leeway=self._leeway,
            aud={"essential": True, "value": address}, exp={"essential": True}, iat={"essential": True},
            jti={"essential": True},
        )  # fmt: skip
        try:
            registry.validate(claims)
        except (JoseError, TypeError, ValueError):
            raise _not_accepted() from None
        number, ends = claims["jti"], claims["exp"] + self._leeway
        if not isinstance(number, str) or ends - self._clock() > self._longest + 2 * self._leeway:
            raise _not_accepted()
        self._use_once((claims["iss"], number), ends)

    def _use_once(self, token: tuple[str, str], ends: float) -> None:
        if token in self._used:
            raise _not_accepted()
        if len(self._used) >= _MOST_TOKENS:
            now = self._clock()
            self._used = {key: end for key, end in self._used.items() if end > now}
            if len(self._used) >= _MOST_TOKENS:
                raise _not_accepted()  # forgetting a token would let it be used again
        self._used[token] = ends


def _header_holds(header: dict[str, Any], client: Client) -> bool:
    """Tell whether a header is one of CDS Hooks. An address of keys is compared, never followed."""
    typed = header.get("alg") in ALGORITHMS and header.get("typ") == "JWT" and isinstance(header.get("kid"), str)
    return typed and header.get("jku", client.jku) == client.jku


def _algorithm(key: Key) -> str:
    return "RS384" if isinstance(key, RSAKey) else "ES384"


def _client(entry: str) -> Client:
    parts = entry.split()
    if len(parts) not in _PARTS:
        raise WrongUsage(
            "an entry is not `issuer key-file` or `issuer key-file jku`", where=_WHERE, next="Spaces part the three."
        )
    issuer, file, *jku = parts
    if not issuer.isascii() or not issuer.isprintable():
        raise WrongUsage("the issuer is not plain text", where=_WHERE)
    client = Client(issuer=issuer, file=Path(file), jku=jku[0] if jku else "")
    _keys(client.file)
    return client


def _keys(file: Path) -> dict[str, Key]:
    """Read the keys of a record system. Raises `WrongUsage` for a file that holds none that can be used."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["keys"]
        found = [_key(entry) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError, JoseError):
        raise WrongUsage(
            "the keys of a record system cannot be read", where=f"{_WHERE}, {file}",
            next="Save its JSON Web Key Set (`{\"keys\": [...]}`) there.",
        ) from None  # fmt: skip
    keys = {key.kid: key for key in found if key is not None and key.kid}
    if not keys:
        raise WrongUsage(
            "the file holds no key that can be used", where=f"{_WHERE}, {file}",
            why="Signatures must be ES384 (P-384) or RS384 (2048 bits and more), and each key needs a `kid`.",
            next="Ask the record system for such a key.",
        )  # fmt: skip
    return keys


def _key(entry: dict[str, Any]) -> Key | None:
    """Read one public key; None for one of another kind or use."""
    if entry.get("use", "sig") != "sig":
        return None
    if entry.get("kty") == "EC" and entry.get("crv") == _CURVE:
        key: Key = ECKey.import_key(entry)
    elif entry.get("kty") == "RSA":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # a short key is left out below, without a warning
            key = RSAKey.import_key(entry)
        if key.public_key.key_size < _SMALLEST_RSA_BITS:
            return None
    else:
        return None
    return key if entry.get("alg", _algorithm(key)) == _algorithm(key) else None


def _not_accepted() -> Refused:
    return Refused(
        status=401,
        code="reall/sign-in-needed",
        what="this token of a record system is not accepted",
        next="It must be signed with ES384 or RS384 by a system of the settings, for this address, and used once.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )
