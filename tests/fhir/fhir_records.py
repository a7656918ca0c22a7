"""Records for the tests: small ones written here, and the published mCODE example where it is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from oracles import NotInstalled, installed

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[2].parent / "shared")) / "data" / "fhir"
MCODE = SHARED / "mcode-stu4"
LOINC, SNOMED, CLINICAL = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://terminology.hl7.org/CodeSystem/condition-clinical",
)
RELAPSED = "2019-07-10"

Resource = dict[str, Any]


def brian() -> list[Resource]:
    """Give the resources of mCODE's paediatric patient, or skip."""
    folder = MCODE / "example-all-brian-l"
    if not folder.is_dir():
        pytest.skip(f"the mCODE examples are not at {MCODE}; set REALL_SHARED")
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def bundle(*resources: Any, kind: str = "collection") -> Resource:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}


def concept(system: str, code: str, display: str = "") -> Resource:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def patient(**more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "2010-02-03", **more}


def condition(id_: str, status: str, onset: str = "", code: str = "277571004", **more: Any) -> Resource:
    made: Resource = {
        "resourceType": "Condition", "id": id_, "subject": {"reference": "Patient/p"}, "code": concept(SNOMED, code),
        "clinicalStatus": concept(CLINICAL, status), **more,
    }  # fmt: skip
    return made | ({"onsetDateTime": onset} if onset else {})


def child(*more: Resource) -> list[Resource]:
    """Give a child with a leukaemia of 2016 and a relapse of 2019-07-10, and whatever else."""
    return [patient(), condition("first", "inactive", "2016-03-01"), condition("relapse", "relapse", RELAPSED), *more]


def observation(code: str, value: dict[str, Any], *, day: str = RELAPSED, id_: str = "o", **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "id": id_, "status": "final", "code": concept(LOINC, code),
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": day, **value, **more,
    }  # fmt: skip


def quantity(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit, **more}
    }


def faults_of(resources: Iterable[Resource], profiles: Iterable[Path] = ()) -> list[list[str]]:
    """Say what the outside validator finds wrong with each resource, or skip."""
    try:
        folder = installed()
    except NotInstalled as error:
        pytest.skip(f"the FHIR validator is not here: {error}")
    command = ["node", "run_fhir.mjs", *(str(path.resolve()) for path in profiles)]
    given = "\n".join(json.dumps(one) for one in resources)
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-1000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
