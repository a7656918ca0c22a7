"""How long a record system waits for its cards: real calls over loopback, one after another, as one chart opens.

Run: python -m benchmarks.hook_latency
"""

from __future__ import annotations

import http.client
import json
import platform
import socket
import statistics
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import uvicorn

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.exchange.fhir.write import write_case
from reall.library.fhir import codes_of
from reall.library.knowledge import open_knowledge
from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.smart.record import searchset

ROUNDS = 100
CASES = Path(__file__).parents[1] / "examples" / "cases"
NEARLY_NOTHING = {"facts": {"relapse_number": 1, "lineage": "B"}}
"""The hardest to answer: every system is open, and each missing fact has to be weighed."""
BLINATUMOMAB = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1597258"}]
    },
}


def _call(case: dict[str, Any], hook: str) -> bytes:
    knowledge = open_knowledge()
    resources = [entry["resource"] for entry in write_case(case, codes_of(knowledge), knowledge.vocabulary)["entry"]]
    patient = next(one for one in resources if one["resourceType"] == "Patient")
    kinds = {one["resourceType"] for one in resources} - {"Patient"}
    prefetch = {kind: searchset([{"resource": r} for r in resources if r["resourceType"] == kind]) for kind in kinds}
    context: dict[str, Any] = {"userId": "Practitioner/clinician-1", "patientId": patient["id"]}
    if hook == "order-sign":
        order = BLINATUMOMAB | {"subject": {"reference": f"Patient/{patient['id']}"}}
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    call = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
    return json.dumps({**call, "prefetch": {"Patient": patient, **prefetch}}).encode()


def _milliseconds(port: int, service: str, body: bytes) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    for _ in range(ROUNDS + 3):
        began = time.perf_counter()
        connection.request("POST", f"/cds-services/{service}", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        cards = json.loads(answer.read())["cards"]
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200
        assert cards
    return taken[3:]


def main() -> None:
    """Print machine, input and, for each hook and record, the median and the 95th of a hundred calls."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create_app(Settings(port=port)), host="127.0.0.1", port=port, log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    print(f"{platform.machine()} {platform.python_version()}; {ROUNDS} calls each over loopback, one client")
    named = {
        path.stem: dict(read_document(path.read_text(encoding="utf-8"), name=path.stem, error=UnusableCase).data)
        for path in sorted(CASES.iterdir())
        if path.suffix in {".yaml", ".json"}
    }
    for hook in ("patient-view", "order-sign"):
        for name, case in {**named, "(nearly nothing known)": NEARLY_NOTHING}.items():
            if case["facts"].get("relapse_number") == 0:
                continue
            body = _call(case, hook)
            taken = _milliseconds(port, f"reall-{hook}", body)
            p95 = statistics.quantiles(taken, n=20)[-1]
            print(
                f"{hook:13} {name:36} {len(body):6} bytes: median {statistics.median(taken):6.1f} ms, p95 {p95:6.1f} ms"
            )
    server.should_exit = True
    thread.join()


if __name__ == "__main__":
    main()
