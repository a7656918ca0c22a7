"""Signing in: the good way once, and every way in which an answer can be forged, old, foreign or used twice."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from access_provider import AUDIENCE, CLIENT, Provider
from access_support import browser, settings_with
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc.jwk import ECKey, RSAKey

from reall.service.app import create_app
from reall.service.settings import Sessions

pytestmark = pytest.mark.filterwarnings("ignore:.*key size.*")
STRANGER = RSAKey.generate_key(2048, {"kid": "first"})
NOW = int(time.time())


def test_who_signs_in_gets_a_session_and_the_page_that_was_wanted(app: FastAPI, provider: Provider) -> None:
    client = browser(app)
    refused = client.get("/board")
    assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in?next=/board")
    away = client.get(refused.headers["location"])
    back = client.get(provider.approve(away.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (303, "/board")
    cookie = next(c for c in back.headers.get_list("set-cookie") if c.startswith("reall-session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Sign out" in client.get("/").text


def test_behind_https_the_cookie_is_bound_to_host_and_https(provider: Provider) -> None:
    app = create_app(settings_with(provider, public_url="https://reall.test"))
    client = TestClient(app, base_url="https://reall.test", follow_redirects=False)
    away = client.get("/sign-in")
    back = client.get(provider.approve(away.headers["location"]))
    cookie = next(c for c in back.headers.get_list("set-cookie") if "session" in c)
    assert cookie.startswith("__Host-reall-session=")
    assert "Secure" in cookie
    assert back.headers["strict-transport-security"].startswith("max-age=31536000")


def test_signing_in_again_changes_the_number_of_the_session(
    app: FastAPI, provider: Provider, signed_in: Callable[..., TestClient]
) -> None:
    client = signed_in("reader")
    first = client.cookies["reall-session"]
    client.get(provider.approve(client.get("/sign-in").headers["location"]))
    assert client.cookies["reall-session"] != first
    old = browser(app)
    old.cookies.set("reall-session", first)
    assert old.get("/board").status_code == 303


def test_signing_out_ends_the_session_on_the_server(app: FastAPI, signed_in: Callable[..., TestClient]) -> None:
    client = signed_in("reader")
    number = client.cookies["reall-session"]
    token = _form_token(client)
    out = client.post("/sign-out", data={"form_token": token})
    assert out.status_code == 200
    assert "/end" in out.text
    client.cookies.set("reall-session", number)
    assert client.get("/board").status_code == 303


def _form_token(client: TestClient) -> str:
    return client.get("/").text.split('name="form_token" value="')[1].split('"')[0]


def unsigned(claims: dict[str, Any]) -> str:
    """Give a token that says that it needs no signature."""
    return _joined({"alg": "none", "kid": "first"}, claims) + "."


def by_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """Sign with HS256, the public key taken for a shared secret: everybody could. (joserfc refuses to make one.)"""
    text = _joined({"alg": "HS256", "kid": provider.key.kid}, claims)
    signature = hmac.digest(provider.key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{_base64(signature)}"


def _joined(*parts: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in parts)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# What is wrong: (claims or header changed, how it is made). The same table is used for both kinds of token.
LIES: dict[str, Callable[[Provider, dict[str, Any]], str]] = {
    "signed by a stranger under our key's name": lambda p, c: p.sign(c, key=STRANGER),
    "alg: none": lambda _, c: unsigned(c),
    "HS256 with the public key": by_public_key,
    "a key nobody published": lambda p, c: p.sign(c, key=STRANGER, kid="unknown"),
    "PS256, which we do not accept": lambda p, c: p.sign(c, algorithm="PS256"),
    "RS512, which we do not accept": lambda p, c: p.sign(c, algorithm="RS512"),
    "claims changed after signing": lambda p, c: _changed(p.sign(c)),
    "expired": lambda p, c: p.sign({**c, "exp": NOW - 60}),
    "without expiry": lambda p, c: p.sign({k: v for k, v in c.items() if k != "exp"}),
    "expiry that is no number": lambda p, c: p.sign({**c, "exp": "tomorrow"}),
    "not yet valid": lambda p, c: p.sign({**c, "nbf": NOW + 600}),
    "issued in the future": lambda p, c: p.sign({**c, "iat": NOW + 600}),
    "for another audience": lambda p, c: p.sign({**c, "aud": "somebody-else"}),
    "for another audience, in a list": lambda p, c: p.sign({**c, "aud": ["somebody-else"]}),
    "without audience": lambda p, c: p.sign({k: v for k, v in c.items() if k != "aud"}),
    "of another issuer": lambda p, c: p.sign({**c, "iss": "https://elsewhere.test"}),
    "without issuer": lambda p, c: p.sign({k: v for k, v in c.items() if k != "iss"}),
    "without subject": lambda p, c: p.sign({k: v for k, v in c.items() if k != "sub"}),
    "no token at all": lambda *_: "not.a.token",
    "empty": lambda *_: "",
    "far too long": lambda p, c: p.sign({**c, "filler": "x" * 20_000}),
}


def _changed(token: str) -> str:
    head, claims, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    read["roles"] = ["auditor"]
    return f"{head}.{_joined(read)}.{signature}"


@pytest.mark.parametrize("lie", LIES)
def test_a_false_id_token_signs_nobody_in(app: FastAPI, provider: Provider, lie: str) -> None:
    told: list[str] = []

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        told.append(LIES[lie](provider, claims) or "-")
        return {"__token": told[0]}

    provider.change = change
    client = browser(app)
    back = client.get(provider.approve(client.get("/sign-in").headers["location"]))
    assert told, "the provider could not tell the lie"
    assert back.status_code == 400
    assert "reall-session" not in client.cookies
    assert client.get("/board").status_code == 303


@pytest.mark.parametrize("lie", LIES)
def test_a_false_access_token_opens_nothing(app: FastAPI, provider: Provider, lie: str) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:8765")
    token = LIES[lie](provider, provider.claims())
    answer = client.get("/api/v1/anything", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "reall/sign-in-needed"


def test_a_true_access_token_opens_what_its_role_may(app: FastAPI, provider: Provider) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:8765")
    answer = client.get("/api/v1/anything", headers={"authorization": f"Bearer {provider.sign(provider.claims())}"})
    assert answer.status_code == 404  # past the door; there is no such address


def test_an_id_token_is_no_access_token(app: FastAPI, provider: Provider) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:8765")
    token = provider.sign(provider.claims(aud=CLIENT))
    assert client.get("/api/v1/anything", headers={"authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("lie", ["another nonce", "no nonce", "for a second party as well", "other access token"])
def test_an_id_token_of_another_sign_in_is_refused(app: FastAPI, provider: Provider, lie: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "another nonce": {"nonce": "of-yesterday"},
        "no nonce": {"nonce": ""},
        "for a second party as well": {"aud": [CLIENT, "somebody-else"]},  # without azp (OpenID Connect 3.1.3.7)
        "other access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    }
    provider.change = lambda claims: {**claims, **changes[lie]}
    client = browser(app)
    back = client.get(provider.approve(client.get("/sign-in").headers["location"]))
    assert back.status_code == 400
    assert "reall-session" not in client.cookies


def test_state_and_code_count_once_and_for_one_browser(app: FastAPI, provider: Provider) -> None:
    client = browser(app)
    address = provider.approve(client.get("/sign-in").headers["location"])
    held = dict(client.cookies)
    assert browser(app).get(address).status_code == 400, "another browser brings the answer"
    address = provider.approve(client.get("/sign-in").headers["location"])
    held = dict(client.cookies)
    assert client.get(address).status_code == 303
    client.cookies.update(held)
    assert client.get(address).status_code == 400, "the same state comes twice"
    code = address.split("code=")[1].split("&")[0]
    again = client.get("/sign-in").headers["location"]
    state = again.split("state=")[1].split("&")[0]
    assert client.get(f"/sign-in/back?code={code}&state={state}").status_code == 400, "the same code comes twice"
    assert client.get("/sign-in/back?code=x&state=made-up").status_code == 400


def test_an_answer_that_names_another_provider_is_refused(app: FastAPI, provider: Provider) -> None:
    client = browser(app)
    address = provider.approve(client.get("/sign-in").headers["location"])
    assert client.get(address + "&iss=https://elsewhere.test").status_code == 400


def test_a_new_key_of_the_provider_is_asked_for_once(app: FastAPI, provider: Provider) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:8765")

    def status(token: str) -> int:
        return client.get("/api/v1/anything", headers={"authorization": f"Bearer {token}"}).status_code

    authority = app.state.access.authority
    clock = [1000.0]
    authority._clock = lambda: clock[0]
    assert status(provider.sign(provider.claims())) == 404
    provider.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert status(provider.sign(provider.claims())) == 401, "asked less than half a minute ago"
    clock[0] += 31
    assert status(provider.sign(provider.claims())) == 404
    asked = provider.asked.count("/keys")
    for _ in range(5):
        assert status(provider.sign(provider.claims(), kid="flood")) == 401
    assert provider.asked.count("/keys") == asked, "unknown keys must not make us flood the provider"


def test_es256_is_accepted_and_weak_or_foreign_keys_are_not(app: FastAPI, provider: Provider) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    weak = RSAKey.import_key(_weak_pem(), {"kid": "weak"})
    encrypting = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    provider.published = [curve, weak, encrypting]
    client = TestClient(app, base_url="http://127.0.0.1:8765")

    def status(key: Any, algorithm: str) -> int:
        token = provider.sign(provider.claims(), key=key, algorithm=algorithm, kid=key.kid)
        return client.get("/api/v1/anything", headers={"authorization": f"Bearer {token}"}).status_code

    assert status(curve, "ES256") == 404
    assert status(weak, "RS256") == 401
    signing = RSAKey.import_key(encrypting.as_pem(private=True), {"kid": "enc"})
    assert status(signing, "RS256") == 401


def _weak_pem() -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(65537, 1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("wanted", ["https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", "board"])
def test_after_sign_in_nobody_is_sent_to_another_site(app: FastAPI, provider: Provider, wanted: str) -> None:
    client = browser(app)
    away = client.get("/sign-in", params={"next": wanted})
    assert client.get(provider.approve(away.headers["location"])).headers["location"] == "/"


@pytest.mark.parametrize(
    ("minutes_between", "minutes_in_all", "still_in"),
    [(29.9, 29.9, True), (30, 30, False), (29, 719, True), (29, 720, False)],
)
def test_a_session_ends_when_unused_and_in_any_case(
    provider: Provider, minutes_between: float, minutes_in_all: float, still_in: bool
) -> None:
    """Idle 30 minutes, absolute 12 hours: at the limit the session is over."""
    from reall.service.access.operations import LOCAL  # noqa: PLC0415
    from reall.service.access.sessions import SessionTable  # noqa: PLC0415

    now = [0.0]
    settings = replace(settings_with(provider), sessions=Sessions(idle_minutes=30, absolute_hours=12))
    table = SessionTable(settings, clock=lambda: now[0])
    number = table.open(LOCAL)
    while now[0] < (minutes_in_all - minutes_between) * 60:
        now[0] = min(now[0] + minutes_between * 60, (minutes_in_all - minutes_between) * 60)
        assert table.find(number)
    now[0] = minutes_in_all * 60
    assert (table.find(number) is not None) is still_in


def test_sessions_do_not_grow_without_end(provider: Provider) -> None:
    from reall.service.access.operations import LOCAL  # noqa: PLC0415
    from reall.service.access.sessions import SessionTable  # noqa: PLC0415

    table = SessionTable(replace(settings_with(provider), sessions=Sessions(most=3)))
    numbers = [table.open(LOCAL) for _ in range(5)]
    assert [table.find(number) is not None for number in numbers] == [False, False, True, True, True]


def test_a_provider_that_does_not_answer_is_said_so(provider: Provider) -> None:
    settings = settings_with(provider)
    app = create_app(replace(settings, oidc=replace(settings.oidc, issuer="http://127.0.0.1:9")))
    answer = browser(app).get("/sign-in")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


def test_the_audience_of_tokens_is_the_one_of_the_settings(provider: Provider) -> None:
    """Without `api_audience` no bearer token opens anything."""
    settings = settings_with(provider)
    app = create_app(replace(settings, oidc=replace(settings.oidc, api_audience="")))
    client = TestClient(app, base_url="http://127.0.0.1:8765")
    token = provider.sign(provider.claims(aud=AUDIENCE))
    assert client.get("/api/v1/x", headers={"authorization": f"Bearer {token}"}).status_code == 401
