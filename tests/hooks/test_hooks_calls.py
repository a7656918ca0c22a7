"""Calls of a record system: what is read, the three ways of not knowing, other children, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hooks_specification import faults, published
from hooks_support import HOME, ORDER_SIGN, PATIENT_VIEW, call, drug, prefetch_of, service
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reall.service.app import create_app
from reall.service.settings import Hooks, Settings, Smart
from reall.service.smart.record import outcome, searchset
from reall.service.store.store import open_store

CHILD: dict[str, Any] = {"facts": {"lineage": "B", "relapse_number": 1}}
OBSERVATION = {"resourceType": "Observation", "id": "o", "status": "final"}
MORE = [{"relation": "next", "url": "https://fhir.test/2"}]
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@published
def test_discovery_is_the_published_form() -> None:
    answer = service().get("/cds-services")
    assert answer.status_code == 200
    assert not faults("CDSHooksServices", answer.json())
    assert [one["hook"] for one in answer.json()["services"]] == ["patient-view", "order-sign"]
    for one in answer.json()["services"]:
        assert all("{{context.patientId}}" in template for template in one["prefetch"].values())


@published
@pytest.mark.parametrize("service_id", [PATIENT_VIEW, ORDER_SIGN])
def test_the_calls_of_these_tests_have_the_published_form(service_id: str) -> None:
    patient, prefetch = prefetch_of(CHILD)
    assert not faults("CDSHooksRequest", call(service_id, prefetch, patient, fhirServer="https://fhir.test"))


# prefetch of Observation → what the card says of it
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("left out", "not asked"),
        (None, "asked and none found"),
        (searchset([]), "asked and none found"),
        (ERROR, "error"),
        (searchset([outcome("timeout")]), "error"),
        ({**searchset([{"resource": OBSERVATION}]), "link": MORE}, "read, 1, not all pages"),
    ],
)  # fmt: skip
def test_not_asked_none_found_and_error_are_three_unknowns(answer: Any, state: str) -> None:
    patient, prefetch = prefetch_of(CHILD)
    prefetch.pop("Observation", None)
    card = _cards({**prefetch, **({} if answer == "left out" else {"Observation": answer})}, patient)[0]
    assert f"| Observation | {state} |" in card["detail"]
    assert card["indicator"] == ("warning" if state == "error" else "info")


def _cards(prefetch: Any, patient: str, **more: Any) -> Any:
    answer = service().post(f"/cds-services/{PATIENT_VIEW}", json=call(PATIENT_VIEW, prefetch, patient, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()["cards"]


def test_nothing_of_the_record_is_a_failed_precondition() -> None:
    for prefetch in ({}, None, {"Patient": ERROR}, {"something": {"resourceType": "Bundle"}}):
        answer = service().post(f"/cds-services/{PATIENT_VIEW}", json=call(PATIENT_VIEW, prefetch))
        assert answer.status_code == 412
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_another_childs_resources_are_not_read() -> None:
    patient, prefetch = prefetch_of(CHILD)
    _, other = prefetch_of({"case": "other", "facts": {"lineage": "T", "relapse_number": 2}})
    prefetch["Condition"]["entry"] += other["Condition"]["entry"]
    overview = _cards(prefetch, patient)[0]
    assert overview["summary"].startswith("First relapse, B-cell precursor ALL")
    assert overview["indicator"] == "warning"
    assert "- 2 about somebody else, not read" in overview["detail"]


def test_another_patient_than_that_of_the_context_is_refused() -> None:
    patient, prefetch = prefetch_of({**CHILD, "case": "child-17"})
    assert patient == "child-17"
    answer = service().post(f"/cds-services/{PATIENT_VIEW}", json=call(PATIENT_VIEW, prefetch, "another"))
    assert answer.status_code == 400
    assert patient not in answer.text


def test_a_record_that_contradicts_itself_is_told_and_not_assessed() -> None:
    patient, prefetch = prefetch_of(
        {"facts": {**CHILD["facts"], "age_at_diagnosis_years": 9, "age_at_relapse_years": 5}}
    )
    (card,) = _cards(prefetch, patient)
    assert card["summary"].startswith("The record contradicts itself")
    assert card["indicator"] == "warning"


SECRET = "Erika-Secret"
MEMBERS = st.sampled_from(
    ["resourceType", "id", "entry", "resource", "link", "type", "subject", "reference", "code", "coding", "system",
     "status", "issue", "severity", "medicationCodeableConcept", "medicationReference", "contained", "onsetDateTime"]
)  # fmt: skip
GOOD = call(ORDER_SIGN, {"Patient": {"resourceType": "Patient", "id": "child-1"}}, orders=[drug("x")])
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "reall"}


# change of a good call, and the place that the refusal names
@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"hook": "patient-view"}, "hook"),
        ({"hook": "order-dispatch"}, "hook"),
        ({"hookInstance": SECRET}, "hookInstance"),
        ({"hookInstance": None}, "hookInstance"),
        ({"context": None}, "context"),
        ({"context": {**GOOD["context"], "patientId": f"Patient/{SECRET}"}}, "context.patientId"),
        ({"context": {**GOOD["context"], "patientId": 7}}, "context.patientId"),
        ({"context": {**GOOD["context"], "userId": SECRET}}, "context.userId"),
        ({"context": {"userId": "Practitioner/a", "patientId": "child-1"}}, "context.draftOrders"),
        ({"context": {**GOOD["context"], "draftOrders": {"resourceType": SECRET}}}, "draftOrders.resourceType"),
        ({"context": {**GOOD["context"], "draftOrders": {"resourceType": "Bundle", "entry": [SECRET]}}}, "entry.0"),
        ({"prefetch": {SECRET: [SECRET]}}, "prefetch"),
        ({"fhirAuthorization": TOKEN}, "fhirAuthorization needs fhirServer"),  # cds-r-1
        ({"fhirServer": "https://fhir.test", "fhirAuthorization": {**TOKEN, "token_type": "mac"}}, "token_type"),
        ({"fhirServer": "https://fhir.test", "fhirAuthorization": {**TOKEN, "patient": SECRET}}, "another patient"),
        ({"fhirServer": f"file:///{SECRET}"}, "fhirServer"),
    ],
)
def test_a_call_of_another_form_is_refused_with_its_place_and_without_its_values(
    change: dict[str, Any], where: str
) -> None:
    body = {key: value for key, value in (GOOD | change).items() if value is not None}
    answer = service().post(f"/cds-services/{ORDER_SIGN}", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/fhir+json"
    assert where in answer.json()["issue"][0]["diagnostics"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"hook": NaN}', b'{"a": 1, "a": 2}', b"\xff", b"<x/>", b"7"])
def test_what_is_no_call_is_refused(content: bytes) -> None:
    answer = service().post(f"/cds-services/{PATIENT_VIEW}", content=content)
    assert answer.status_code == 400


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(MEMBERS, ANYTHING, max_size=6), st.sampled_from(["Condition", "Observation", "Patient"]))
def test_whatever_stands_in_a_resource_is_answered(data: dict[str, Any], kind: str) -> None:
    """Wrong types at every place: cards, or a refusal that says so, never an accident."""
    patient, prefetch = prefetch_of(CHILD)
    for sent in (data, {"resourceType": "Bundle", **data}, searchset([{"resource": {"resourceType": kind, **data}}])):
        order = {"resourceType": "MedicationRequest", **data}
        body = call(ORDER_SIGN, {**prefetch, kind: sent}, patient, orders=[order, drug(rxnorm="1597258")])
        assert service().post(f"/cds-services/{ORDER_SIGN}", json=body).status_code in (200, 400)


def test_what_later_versions_add_is_let_pass() -> None:
    """The ballot of 3.0 and extensions add members; they change nothing."""
    patient, prefetch = prefetch_of(CHILD)
    plain = _cards(prefetch, patient)
    extended = _cards(prefetch, patient, hookVersion="2.0", extension={"com.example.x": 1})
    assert [card["summary"] for card in plain] == [card["summary"] for card in extended]


def test_there_is_no_other_service() -> None:
    assert service().post("/cds-services/other", json=GOOD).status_code == 404
    assert service().post("/cds-services/other/feedback", json={"feedback": []}).status_code == 404


def test_a_card_opens_the_child_by_a_launch_where_that_is_set_up() -> None:
    settings = Settings(smart=Smart(client_id="reall", servers=("https://fhir.test/r4",)))
    patient, prefetch = prefetch_of(CHILD)
    client = TestClient(create_app(settings), base_url=HOME)
    card = client.post(f"/cds-services/{PATIENT_VIEW}", json=call(PATIENT_VIEW, prefetch, patient)).json()["cards"][0]
    assert {"label": "Open this child in ReALL", "url": f"{HOME}/smart/launch", "type": "smart"} in card["links"]


@pytest.fixture
def fhir() -> Iterator[tuple[str, list[str]]]:
    """Give a FHIR server that holds the record of a child, and the addresses that it was asked for."""
    _, prefetch = prefetch_of(CHILD)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            kind = self.path.split("?")[0].split("/")[2]
            allowed = self.headers["authorization"] == "Bearer t" and kind != "Procedure"
            found = prefetch.get(kind, searchset([])) if allowed else ERROR
            body = json.dumps(found).encode()
            self.send_response(200 if allowed else 403)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/r4", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("allowed", [True, False])
def test_what_was_not_sent_is_read_from_an_allowed_server_and_no_other(
    fhir: tuple[str, list[str]], allowed: bool
) -> None:
    address, asked = fhir
    client = TestClient(create_app(Settings(hooks=Hooks(servers=(address,) if allowed else ()))), base_url=HOME)
    patient, prefetch = prefetch_of(CHILD)
    lent = {"fhirServer": address, "fhirAuthorization": TOKEN}
    body = call(PATIENT_VIEW, {"Patient": prefetch["Patient"]}, patient, **lent)
    answer = client.post(f"/cds-services/{PATIENT_VIEW}", json=body).json()["cards"]
    if not allowed:
        assert (answer, asked) == ([], [])
        return
    assert answer[0]["summary"].startswith("First relapse, B-cell precursor ALL")
    assert "| Procedure | error |" in answer[0]["detail"]
    assert "| Specimen | asked and none found |" in answer[0]["detail"]
    assert not any(path.startswith("/r4/Patient") for path in asked), "what was sent is not asked for again"


CARD = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
OVERRIDDEN = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-11-21T10:05:31Z"}


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (OVERRIDDEN, 200),
        ({**OVERRIDDEN, "overrideReason": {"userComment": SECRET}}, 200),
        ({**OVERRIDDEN, "outcome": "accepted", "acceptedSuggestions": [{"id": CARD}]}, 200),
        ({**OVERRIDDEN, "outcome": "accepted"}, 400),  # cds-fb-2
        ({**OVERRIDDEN, "outcome": "ignored"}, 400),  # cds-fb-1
        ({**OVERRIDDEN, "overrideReason": {}}, 400),  # cds-fb-3
        ({**OVERRIDDEN, "card": SECRET}, 400),
        ({**OVERRIDDEN, "outcomeTimestamp": "yesterday"}, 400),
    ],
)
def test_feedback_keeps_the_published_invariants(entry: dict[str, Any], status: int) -> None:
    answer = service().post(f"/cds-services/{ORDER_SIGN}/feedback", json={"feedback": [entry]})
    assert answer.status_code == status
    assert SECRET not in answer.text


def test_feedback_is_counted_and_audited_without_its_comment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with TestClient(create_app(Settings(database_url=url)), base_url=HOME) as client:
        reason = {"code": "decided-otherwise", "system": "urn:reall:cds-hooks:override-reason"}
        foreign = {"code": SECRET, "system": "https://ehr.test"}
        told = [{**OVERRIDDEN, "overrideReason": {"reason": one, "userComment": SECRET}} for one in (reason, foreign)]
        assert client.post(f"/cds-services/{ORDER_SIGN}/feedback", json={"feedback": told}).status_code == 200
        figures = client.get("/metrics").text
    assert 'reall_hook_feedback_total{outcome="overridden",service="reall-order-sign"} 2.0' in figures
    with open_store(url) as store:
        entries = [entry for entry in store.audit_entries() if entry.action == "feedback.given"]
    assert [entry.detail["reason"] for entry in entries] == ["decided-otherwise", "other"]
    assert all(entry.target == CARD for entry in entries)
    assert SECRET not in str(entries)
