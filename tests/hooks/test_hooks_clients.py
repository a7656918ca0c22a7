"""Who may ask: tokens of record systems, every way in which one may be wrong, and pages of other sites."""

from __future__ import annotations

import base64
import json
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hooks_support import HOME, PATIENT_VIEW, call, prefetch_of
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from reall.base.errors import WrongUsage
from reall.service.access.clients import Clients
from reall.service.access.operations import MAY, Operation
from reall.service.app import create_app
from reall.service.settings import Hooks, Limits, Oidc, Settings

ISSUER, JKU = "https://ehr.test", "https://ehr.test/keys"
ADDRESS = f"{HOME}/cds-services/{PATIENT_VIEW}"
EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library warns of what is made here on purpose
    SMALL = RSAKey.generate_key(1024, {"kid": "small"})
    WEAK_SECRET = OctKey.import_key("secret")
    PUBLIC_AS_SECRET = OctKey.import_key(json.dumps(EC.as_dict(private=False)))
OTHER = ECKey.generate_key("P-384", {"kid": "ec"})
P256 = ECKey.generate_key("P-256", {"kid": "p256"})


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a record system's public keys."""
    file = tmp_path_factory.mktemp("keys") / "ehr.json"
    published = [key.as_dict(private=False) for key in (EC, RSA, SMALL, P256)]
    file.write_text(json.dumps({"keys": published}), encoding="utf-8")
    return file


def settings_with(keys: Path, **more: Any) -> Settings:
    hooks = Hooks(clients=(f"{ISSUER} {keys} {JKU}",))
    return Settings(hooks=hooks, oidc=Oidc(leeway_seconds=5, **more), limits=Limits(anonymous_per_minute=0))


@pytest.fixture(scope="module")
def client(keys: Path) -> TestClient:
    """Give a service that asks record systems for a token."""
    return TestClient(create_app(settings_with(keys)), base_url=HOME)


def token(header: dict[str, Any] | None = None, key: Any = EC, **claims: Any) -> str:
    """Sign a good token; changes come in, None leaves out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": ADDRESS, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    said = {name: value for name, value in {**good, **claims}.items() if value is not None}
    algorithm = {"EC": "ES384", "RSA": "RS384", "oct": "HS384"}[key.key_type]
    if key is P256:
        algorithm = "ES256"
    head = {"alg": algorithm, "typ": "JWT", "kid": key.kid or "ec", "jku": JKU, **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, said, key, algorithms=[head["alg"]])


def ask(client: TestClient, given: str | None, path: str = f"/cds-services/{PATIENT_VIEW}") -> int:
    patient, prefetch = prefetch_of({"facts": {"lineage": "B", "relapse_number": 1}})
    headers = {"authorization": f"Bearer {given}"} if given is not None else {}
    return client.post(path, json=call(PATIENT_VIEW, prefetch, patient), headers=headers).status_code


GOOD: dict[str, dict[str, Any]] = {
    "ES384": {},
    "RS384": {"key": RSA},
    "without jku": {"header": {"jku": None}},
    "several audiences": {"aud": ["https://elsewhere.test", ADDRESS]},
    "a tenant": {"tenant": "x"},
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_lets_in(client: TestClient, name: str) -> None:
    assert ask(client, token(**GOOD[name])) == 200


NOW = int(time.time())
BAD: dict[str, dict[str, Any]] = {
    "an unknown issuer": {"iss": "https://elsewhere.test"},
    "no issuer": {"iss": None},
    "another address": {"aud": f"{HOME}/cds-services/reall-order-sign"},
    "the base address": {"aud": HOME},
    "an address with a slash": {"aud": f"{ADDRESS}/"},
    "no address": {"aud": None},
    "an end in the past": {"exp": NOW - 60},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "an end in years": {"exp": NOW + 10**8},
    "an end without end": {"exp": float("1e300")},
    "issued in the future": {"iat": NOW + 3600},
    "no time of issue": {"iat": None},
    "no number": {"jti": None},
    "a number that is none": {"jti": 7},
    "another key under its name": {"key": OTHER},
    "a short RSA key": {"key": SMALL},
    "another curve": {"key": P256},
    "another name of the key": {"header": {"kid": "x"}},
    "no name of the key": {"header": {"kid": None}},
    "another type": {"header": {"typ": "at+jwt"}},
    "keys elsewhere": {"header": {"jku": "https://elsewhere.test/keys"}},
    "a shared secret": {"key": WEAK_SECRET},
    "the public key as a shared secret": {"key": PUBLIC_AS_SECRET},
    "another RSA algorithm": {"key": RSA, "header": {"alg": "RS256"}},
}


@pytest.mark.parametrize("name", BAD)
def test_any_other_token_is_refused(client: TestClient, name: str) -> None:
    assert ask(client, token(**BAD[name])) == 401


def _part(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


UNSIGNED = f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': 'ec'})}.{_part({'iss': ISSUER, 'aud': ADDRESS})}."
GARBAGE = [
    None,
    "",
    "x",
    "a.b.c",
    UNSIGNED,
    "x" * 20_000,
    f"{_part([])}.{_part([])}.x",
    f"{_part({'alg': ['ES384']})}..x",
]


@pytest.mark.parametrize("given", GARBAGE)
def test_what_is_no_token_is_refused(client: TestClient, given: str | None) -> None:
    assert ask(client, given) == 401


def test_a_token_counts_once(client: TestClient) -> None:
    given = token()
    assert [ask(client, given), ask(client, given)] == [200, 401]


def test_an_altered_token_is_refused(client: TestClient) -> None:
    head, body, signature = token().split(".")
    other = token(jti="other").split(".")[1]
    assert ask(client, f"{head}.{other}.{signature}") == 401
    assert ask(client, f"{head}.{body}.{signature[:-4]}AAAA") == 401


def test_keys_can_be_exchanged_while_the_service_runs(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [EC.as_dict(private=False)]}), encoding="utf-8")
    client = TestClient(create_app(settings_with(file)), base_url=HOME)
    assert ask(client, token()) == 200
    file.write_text(json.dumps({"keys": [OTHER.as_dict(private=False), RSA.as_dict(private=False)]}), encoding="utf-8")
    assert [ask(client, token()), ask(client, token(key=OTHER))] == [401, 200]
    file.unlink()
    assert ask(client, token(key=OTHER)) == 401, "keys that may have been taken back are not used"


@pytest.mark.parametrize("entry", ["https://ehr.test", "a b c d", "https://ehr.test /there/is/none"])
def test_a_record_system_without_keys_stops_the_start(entry: str) -> None:
    with pytest.raises(WrongUsage, match=r"\[hooks\] clients"):
        create_app(Settings(hooks=Hooks(clients=(entry,))))


@pytest.mark.parametrize("key", [SMALL, P256])
def test_keys_that_are_too_weak_stop_the_start(tmp_path: Path, key: Any) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    with pytest.raises(WrongUsage, match="no key that can be used"):
        Clients(settings_with(file))


def test_with_sign_in_only_named_record_systems_may_ask(keys: Path) -> None:
    """No role of a person opens the hooks, and a service for which no system is named shows none."""
    assert not any(Operation.ANSWER_HOOKS in operations for operations in MAY.values())
    behind = {"issuer": "https://sign-in.test", "client_id": "reall"}
    named = TestClient(create_app(settings_with(keys, **behind)), base_url=HOME)
    assert [ask(named, None), ask(named, token())] == [401, 200]
    assert len(named.get("/cds-services").json()["services"]) == 2
    closed = TestClient(create_app(Settings(oidc=Oidc(**behind))), base_url=HOME)
    assert ask(closed, token()) == 401
    assert closed.get("/cds-services").json() == {"services": []}


def test_a_token_of_a_record_system_opens_nothing_else(client: TestClient, keys: Path) -> None:
    behind = settings_with(keys, issuer="https://sign-in.test", client_id="reall")
    service = TestClient(create_app(behind), base_url=HOME)
    headers = {"authorization": f"Bearer {token(aud=f'{HOME}/board')}"}
    assert service.get("/board", headers=headers).status_code == 401


PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


@pytest.mark.parametrize(("origin", "allowed"), [("https://ehr.test", True), ("https://elsewhere.test", False)])
def test_only_pages_of_named_sites_may_ask(keys: Path, origin: str, allowed: bool) -> None:
    settings = Settings(other_origins=("https://ehr.test",))
    client = TestClient(create_app(settings), base_url=HOME, headers={"origin": origin, "sec-fetch-site": "cross-site"})
    preflight = client.options(f"/cds-services/{PATIENT_VIEW}", headers=PREFLIGHT)
    assert (preflight.status_code == 200) is allowed
    asked = client.get("/cds-services")
    assert (asked.status_code == 200) is allowed
    assert asked.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert "access-control-allow-credentials" not in asked.headers
    assert client.get("/board").headers.get("access-control-allow-origin") is None, "other addresses are not shared"
