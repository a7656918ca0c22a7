"""mCODE's paediatric patient Brian L.: what is read, and every error of the example by resource and element.

The list, mcode_brian_errors.txt, was made by reading the 27 resources one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fhir_records import MCODE, Resource, brian, faults_of

from reall.exchange.fhir.findings import Reading

Read = Callable[..., Reading]

TABLE = (Path(__file__).parent / "mcode_brian_errors.txt").read_text(encoding="utf-8")
ROWS = [tuple(part.strip() for part in line.split("|")[:3]) for line in TABLE.splitlines() if line[:1] != "#"]
EXPECTED = {"identifies", "not_in_record", "not_tied"}
"""Findings that are no errors of the example."""


@pytest.fixture(scope="module")
def reading(read: Read) -> Reading:
    return read(*brian())


@pytest.fixture(scope="session")
def resources() -> list[Resource]:
    return brian()


@pytest.mark.parametrize(("code", "resource", "element"), ROWS)
def test_each_error_of_the_example_is_reported_with_resource_and_element(
    code: str, resource: str, element: str, reading: Reading
) -> None:
    assert (code, resource, element) in {(one.code, one.resource, one.element) for one in reading.findings}


def test_nothing_else_is_reported(reading: Reading) -> None:
    """So that a finding that appears anew is looked at by a human."""
    found = {(one.code, one.resource, one.element) for one in reading.findings if one.code not in EXPECTED}
    assert found == set(ROWS)


def test_the_facts_of_the_example_and_where_they_stand(reading: Reading) -> None:
    """Nothing is repaired: the wrong risk, range and puncture give no fact; relapse facts stay unknown."""
    assert reading.case["facts"] == {
        "sex": "male",
        "birth_date": "2021-01-01",
        "diagnosis_date": "2024-01-01",
        "lineage": "B",
        "genetics": ["ETV6::RUNX1"],
    }
    stands = {(one.fact, one.resource, one.element) for one in reading.provenance}
    assert stands == {
        ("sex", "Patient/cancer-patient-brian-l", "Patient.gender"),
        ("sex", "Patient/cancer-patient-brian-l", "Patient.extension[2].valueCode"),
        ("birth_date", "Patient/cancer-patient-brian-l", "Patient.birthDate"),
        ("diagnosis_date", "Condition/primary-cancer-condition-brian-l", "Condition.onsetDateTime"),
        ("lineage", "Condition/primary-cancer-condition-brian-l", "Condition.code.coding[0].code"),
        ("genetics", "Observation/gx-genomic-variant-fusion-ETV6-RUNX1-brian-l", "Observation.component"),
    }


def test_every_resource_and_element_is_used_found_or_listed(reading: Reading, resources: list[Resource]) -> None:
    """Nothing is dropped silently."""
    named = {one.resource for one in (*reading.provenance, *reading.findings, *reading.unused, *reading.unknown)}
    assert {f"{one['resourceType']}/{one['id']}" for one in resources} <= named


def test_the_name_of_the_child_is_nowhere_in_the_reading(reading: Reading) -> None:
    told = str(reading.to_json())
    for word in ("Main St", "Anytown", "123-456", "MRN5678"):
        assert word not in told


def test_the_validator_of_others_finds_the_example_valid_r4(resources: list[Resource]) -> None:
    """Form is not meaning: a validator passes what is reported above."""
    assert [faults for faults in faults_of(resources) if faults] == []


def test_the_bundle_of_an_adult_with_breast_cancer_gives_no_leukaemia(read: Read) -> None:
    path = MCODE / "example-other" / "Bundle-mcode-patient-bundle-jenny-m.json"
    if not path.exists():
        pytest.skip(f"the mCODE examples are not at {MCODE}; set REALL_SHARED")
    reading = read(json.loads(path.read_text(encoding="utf-8")))
    assert reading.case["facts"].keys() <= {"sex", "birth_date"}
    assert reading.condition == ""
