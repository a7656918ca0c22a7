"""A small OpenID Connect provider on loopback, which can be told to lie in every way that must be noticed."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET, AUDIENCE = "reall-test", "a shared secret", "reall-rest"
Key = RSAKey | ECKey


@dataclass
class Grant:
    """What a code stands for."""

    nonce: str
    challenge: str
    redirect_uri: str


@dataclass
class Provider:
    """Keys, codes and what is said about who signs in."""

    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    algorithm: str = "RS256"
    roles: list[str] = field(default_factory=lambda: ["editor"])
    published: list[Key] | None = None
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    extra: dict[str, Any] = field(default_factory=dict)
    """Further members of a token answer (SMART's patient context)."""
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    routes: dict[str, Callable[[BaseHTTPRequestHandler], Any]] = field(default_factory=dict)
    """Further addresses, answered with JSON."""
    issuer: str = ""

    def start(self) -> ThreadingHTTPServer:
        """Listen on a free port of loopback."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.issuer = f"http://127.0.0.1:{server.server_port}"
        return server

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Give the claims of a good token; None leaves a claim out."""
        now = int(time.time())
        good = {"iss": self.issuer, "sub": "account-1", "aud": AUDIENCE, "iat": now, "exp": now + 300}
        claims = {**good, "roles": self.roles, **changed}
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], *, key: Key | None = None, algorithm: str = "", **header: Any) -> str:
        """Sign with our key, or another one under our key's name."""
        head = {"alg": algorithm or self.algorithm, "kid": self.key.kid, **header}
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, claims, key or self.key, algorithms=[head["alg"]])

    def approve(self, address: str) -> str:
        """Do what the browser and the user do at the provider: give the address to which the browser is sent back."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        code = secrets.token_urlsafe()
        self.grants[code] = Grant(asked["nonce"], asked["code_challenge"], asked["redirect_uri"])
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def exchange(self, form: dict[str, str], credentials: str) -> tuple[int, dict[str, Any]]:
        """Give tokens for a code, once."""
        grant = self.grants.pop(form.get("code", ""), None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if grant is None or digest.rstrip(b"=").decode() != grant.challenge or credentials != expected:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != grant.redirect_uri:
            return 400, {"error": "invalid_grant"}
        claims = self.change(self.claims(aud=CLIENT, nonce=grant.nonce))
        token = claims.pop("__token", None) or self.sign(claims)
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token} | self.extra
        return 200, {name: value for name, value in answer.items() if value is not None}

    def described(self) -> dict[str, Any]:
        """Say where everything is."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
        }

    def keys(self) -> dict[str, Any]:
        """Publish the public keys."""
        return {"keys": [key.as_dict(private=False) for key in self.published or [self.key]]}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            if path == "/authorize":
                self.send_response(302)
                self.send_header("location", provider.approve(self.path))
                self.send_header("content-length", "0")
                self.end_headers()
            elif path in provider.routes:
                self._send(200, provider.routes[path](self))
            elif path in ("/.well-known/openid-configuration", "/.well-known/smart-configuration"):
                self._send(200, provider.described())
            elif path == "/keys":
                self._send(200, provider.keys())
            else:
                self._send(404, {})

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            form = {name: value[0] for name, value in parse_qs(self.rfile.read(length).decode()).items()}
            self._send(*provider.exchange(form, self.headers.get("authorization", "")))

        def _send(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
