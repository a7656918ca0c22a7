"""SMART App Launch 2 against a stub record system: both ways in, every lie, and what is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from access_provider import CLIENT, SECRET, Provider
from access_support import browser, settings_with
from fastapi import FastAPI
from fastapi.testclient import TestClient

from reall.base.errors import WrongUsage
from reall.exchange.fhir.write import write_case
from reall.library.fhir import codes_of
from reall.library.knowledge import open_knowledge
from reall.service.app import create_app
from reall.service.settings import Settings, Smart
from reall.service.smart.record import searchset

GRANTED: dict[str, Any] = {"patient": "child-1", "scope": "launch openid fhirUser patient/*.rs"}


@pytest.fixture
def server(provider: Provider) -> str:
    """Give a FHIR server with one patient: two conditions on two pages, no procedure, observations refused."""
    base = f"{provider.issuer}/fhir"

    def bundle(handler: Any, *resources: dict[str, Any], then: str = "") -> dict[str, Any]:
        assert handler.headers["authorization"] == "Bearer opaque"
        links = [{"relation": "next", "url": then}] if then else []
        return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources], "link": links}

    def conditions(handler: Any) -> dict[str, Any]:
        query = parse_qs(urlsplit(handler.path).query)
        assert query["patient"] == ["child-1"]
        if "page" in query:
            return bundle(handler, {"resourceType": "Condition", "id": "second"})
        return bundle(
            handler, {"resourceType": "Condition", "id": "first"}, then=f"{base}/Condition?patient=child-1&page=2"
        )

    outside = "http://127.0.0.1:1/MedicationStatement?page=2"
    provider.routes |= {
        "/fhir/.well-known/smart-configuration": lambda _: {
            **provider.described(),
            "code_challenge_methods_supported": ["S256"],
        },
        "/fhir/Patient/child-1": lambda h: bundle(h) and {"resourceType": "Patient", "id": "child-1"},
        "/fhir/Condition": conditions,
        "/fhir/Procedure": bundle,
        "/fhir/DiagnosticReport": lambda _: {"resourceType": "OperationOutcome"},
        "/fhir/MedicationStatement": lambda h: bundle(
            h, {"resourceType": "MedicationStatement", "id": "m"}, then=outside
        ),
        "/fhir/MedicationRequest": bundle,
        "/fhir/MedicationAdministration": lambda _: ["no", "resource"],
    }
    provider.extra = dict(GRANTED)
    return base


def smart(server: str) -> Smart:
    return Smart(client_id=CLIENT, client_secret=SECRET, servers=(server,))


@pytest.fixture
def local(server: str) -> FastAPI:
    """Give a service on this computer that may be launched by the server."""
    return create_app(Settings(smart=smart(server)))


def test_a_record_system_opens_its_patient(local: FastAPI, provider: Provider, server: str) -> None:
    client = browser(local)
    away = client.get("/smart/launch", params={"iss": server, "launch": "opaque-launch"})
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["aud"] == [server]
    assert asked["launch"] == ["opaque-launch"]
    assert asked["scope"] == ["launch openid fhirUser patient/*.rs"]
    back = client.get(provider.approve(away.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (303, "/smart/patient")
    assert "child-1" not in str(back.headers)
    assert "opaque" not in str(back.headers), "the token stays on the server"
    page = client.get("/smart/patient").text
    for row in ("Patient</th>\n      <td>1", "Condition</th>\n      <td>2", "Procedure</th>\n      <td>0"):
        assert row in page
    assert "the server refused (404)" in page  # observations
    assert "did not answer with a resource" in page  # an error, and something that is no resource
    assert "the next page lies on another server" in page
    client.post("/smart/end")
    assert client.get("/smart/patient").status_code == 400


def test_a_patient_can_be_opened_from_here(local: FastAPI, provider: Provider, server: str) -> None:
    client = browser(local)
    assert server in client.get("/smart").text
    away = client.get("/smart/standalone", params={"server": server})
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["scope"] == ["launch/patient openid fhirUser patient/*.rs"]
    assert "launch" not in asked
    assert client.get(provider.approve(away.headers["location"])).status_code == 303


@pytest.mark.parametrize("iss", ["https://elsewhere.test/fhir", "", "http://127.0.0.1:1/fhir", "file:///etc"])
def test_no_other_server_is_contacted(local: FastAPI, provider: Provider, iss: str) -> None:
    answer = browser(local).get("/smart/launch", params={"iss": iss, "launch": "x"})
    assert answer.status_code == 400
    assert not provider.asked


LIES: dict[str, dict[str, Any]] = {
    "no patient": {"patient": None},
    "a patient that is a path": {"patient": "../Patient"},
    "no right to read": {"scope": "launch openid"},
    "identity granted and not given": {"id_token": None},
    "another kind of token": {"token_type": "mac"},
    "no token": {"access_token": None},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_does_not_hold_opens_nothing(local: FastAPI, provider: Provider, lie: str) -> None:
    provider.extra = {**GRANTED, **LIES[lie]}
    assert _launch(local, provider).status_code == 400


@pytest.mark.parametrize(
    "changed", [{"aud": "another"}, {"iss": "https://elsewhere.test"}, {"exp": 1}, {"nonce": "another"}]
)
def test_a_false_identity_opens_nothing(local: FastAPI, provider: Provider, changed: dict[str, Any]) -> None:
    provider.change = lambda claims: {**claims, **changed}
    assert _launch(local, provider).status_code == 400


def _launch(app: FastAPI, provider: Provider, client: TestClient | None = None) -> Any:
    client = client or browser(app)
    away = client.get("/smart/launch", params={"iss": f"{provider.issuer}/fhir", "launch": "x"})
    return client.get(provider.approve(away.headers["location"]))


def test_state_and_browser_must_be_those_that_left(local: FastAPI, provider: Provider, server: str) -> None:
    client = browser(local)
    away = client.get("/smart/launch", params={"iss": server, "launch": "x"})
    address = provider.approve(away.headers["location"])
    assert browser(local).get(address).status_code == 400, "another browser"
    assert client.get(address).status_code == 400, "and the state is used up"


def test_a_launch_gives_no_role_and_belongs_to_its_account(
    provider: Provider, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(replace(settings_with(provider), smart=smart(server)))
    stranger = browser(app)
    asked = stranger.get("/smart/launch", params={"iss": server, "launch": "x"})
    assert asked.headers["location"].startswith("/sign-in?next=/smart/launch%3Fiss%3D")
    reader, curator, other = browser(app), browser(app), browser(app)
    for client, role, account in ((reader, "reader", "a"), (curator, "curator", "b"), (other, "reader", "c")):
        provider.roles = [role]
        provider.change = _of_account(account)
        client.get(provider.approve(client.get("/sign-in").headers["location"]))
    assert curator.get("/smart/launch", params={"iss": server, "launch": "x"}).status_code == 403
    assert _launch(app, provider, reader).status_code == 303
    assert reader.get("/smart/patient").status_code == 200
    other.cookies.set("reall-launch", reader.cookies["reall-launch"])
    assert other.get("/smart/patient").status_code == 400


def _of_account(account: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {**claims, "sub": account}


def test_the_number_of_resources_is_bounded(provider: Provider, server: str) -> None:
    app = create_app(Settings(smart=replace(smart(server), most_resources=2)))
    client = browser(app)
    _launch(app, provider, client)
    assert "more resources than are read" in client.get("/smart/patient").text


def test_a_server_without_https_is_refused_at_the_start() -> None:
    with pytest.raises(WrongUsage):
        create_app(Settings(smart=Smart(client_id="x", servers=("http://fhir.test",))))


def test_without_settings_there_is_no_launch() -> None:
    client = browser(create_app(Settings()))
    assert "No record system is set up" in client.get("/smart").text
    assert client.get("/smart/launch", params={"iss": "https://fhir.test", "launch": "x"}).status_code == 400


@pytest.fixture
def relapsed(provider: Provider, server: str) -> str:
    """Let the FHIR server hold a child with a first relapse, nine years old."""
    knowledge = open_knowledge()
    facts = {"lineage": "B", "relapse_number": 1, "age_at_relapse_years": 9, "months_from_diagnosis": 40}
    written = write_case({"case": "child-1", "facts": facts}, codes_of(knowledge), knowledge.vocabulary)
    of_kind: dict[str, list[dict[str, Any]]] = {}
    for entry in written["entry"]:
        of_kind.setdefault(entry["resource"]["resourceType"], []).append(entry)
    provider.routes["/fhir/Patient/child-1"] = lambda _: of_kind["Patient"][0]["resource"]
    for kind in ("Condition", "Observation"):
        provider.routes[f"/fhir/{kind}"] = lambda _, kind=kind: searchset(of_kind[kind])
    return server


def test_the_board_opens_with_the_facts_of_the_record(local: FastAPI, provider: Provider, relapsed: str) -> None:
    client = browser(local)
    _launch(local, provider, client)
    shown = client.get("/smart/patient").text
    assert 'action="/smart/board"' in shown
    assert "number of the relapse</th><td>1</td>" in shown
    page = client.post("/smart/board")
    assert page.status_code == 200
    assert "child-1" not in str(page.url)
    for name, value in (("relapse_number", "1"), ("age_at_relapse_years", "9"), ("months_from_diagnosis", "40")):
        assert re.search(rf'name="fact\.{name}"[^>]*value="{value}"', page.text), name
    assert "late" in page.text


def test_the_board_opens_for_nobody_without_a_launch(local: FastAPI) -> None:
    assert browser(local).post("/smart/board").status_code == 400


def test_resources_about_several_patients_are_refused(local: FastAPI, provider: Provider, relapsed: str) -> None:
    other = {"resourceType": "Patient", "id": "child-2"}
    provider.routes["/fhir/Procedure"] = lambda _: searchset([{"resource": other}])
    client = browser(local)
    _launch(local, provider, client)
    assert client.get("/smart/patient").status_code == 502
    assert client.post("/smart/board").status_code == 502
