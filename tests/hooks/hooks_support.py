"""What the tests of CDS Hooks share: a service, the record of a worked example as a prefetch, and a call."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.exchange.fhir.write import write_case
from reall.library.fhir import codes_of
from reall.library.knowledge import open_knowledge
from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.smart.record import searchset

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
HOME = "http://127.0.0.1:8765"
PATIENT_VIEW, ORDER_SIGN = "reall-patient-view", "reall-order-sign"
HOOK_OF = {PATIENT_VIEW: "patient-view", ORDER_SIGN: "order-sign"}


@cache
def service() -> TestClient:
    """Give a service on this computer, without sign-in."""
    return TestClient(create_app(Settings()), base_url=HOME)


def example(name: str) -> dict[str, Any]:
    """Give a worked example as plain data."""
    path = next(EXAMPLES.glob(f"{name}.*"))
    return dict(read_document(path.read_text(encoding="utf-8"), name=name, error=UnusableCase).data)


def prefetch_of(case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Write a case as FHIR and give the patient's id, and the resources as a record system would prefetch them."""
    knowledge = open_knowledge()
    written = write_case(case, codes_of(knowledge), knowledge.vocabulary)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for entry in written["entry"]:
        resource = entry["resource"]
        by_kind.setdefault(resource["resourceType"], []).append({"resource": resource})
    patient = by_kind.pop("Patient")[0]["resource"]
    return patient["id"], {"Patient": patient, **{kind: searchset(entries) for kind, entries in by_kind.items()}}


def call(
    service_id: str, prefetch: Any, patient: str = "child-1", *, orders: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    """Give the body of a call."""
    draft = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": o} for o in orders]}} if orders else {}
    return {
        "hook": HOOK_OF[service_id],
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/clinician-1", "patientId": patient, **draft},
        "prefetch": prefetch,
        **more,
    }


def cards_of(service_id: str, case: dict[str, Any], orders: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Give the cards for a case whose whole record is prefetched."""
    patient, prefetch = prefetch_of(case)
    mine = [{"subject": {"reference": f"Patient/{patient}"}, **order} for order in orders or []] or None
    answer = service().post(f"/cds-services/{service_id}", json=call(service_id, prefetch, patient, orders=mine))
    assert answer.status_code == 200, answer.text
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


def drug(text: str = "", rxnorm: str = "", **more: Any) -> dict[str, Any]:
    """Give a draft order of a drug, by name or by code."""
    code = [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": rxnorm}] if rxnorm else []
    concept = {**({"coding": code} if code else {}), **({"text": text} if text else {})}
    kind = {"resourceType": "MedicationRequest", "status": "draft", "intent": "order"}
    return {**kind, "medicationCodeableConcept": concept, **more}
