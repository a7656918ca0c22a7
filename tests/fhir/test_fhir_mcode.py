"""mCODE's paediatric patient Brian L.: what is read, and every error of the example by resource and element.

The list was made by reading the 27 resources of mCODE STU4 4.0.0 one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fhir_records import MCODE, Resource, brian, faults_of

from reall.exchange.fhir.findings import Reading

Read = Callable[..., Reading]

ERRORS = """
    before_diagnosis            | Observation/all-risk-assessment-standard-brian-l                      | Observation.effectiveDateTime | 2021-02-08, the leukaemia begins 2024-01-01
    risk_and_facts              | Observation/all-risk-assessment-standard-brian-l                      | Observation.valueCodeableConcept | standard, with 88,500 white cells
    wrong_sample                | Observation/us-core-lumbar-puncture-result-brian-l                    | Observation.code | a lumbar puncture coded as marrow report
    before_procedure            | Observation/us-core-lumbar-puncture-result-brian-l                    | Observation.effectiveDateTime | result of 7 January, puncture of 8 January
    copied_range                | Observation/white-blood-cell-brian-l                                  | Observation.referenceRange[0] | range of the haematocrit
    copied_range                | Observation/hematocrit-brian-l                                        | Observation.referenceRange[0] | the same, seen from the other side
    wrong_route                 | MedicationRequest/cancer-related-medication-request-prednisone-brian-l | MedicationRequest.dosageInstruction[0].route | prednisone into a vein
    wrong_route                 | MedicationAdministration/cancer-related-medication-admin-prednisone-brian-l | MedicationAdministration.dosage.route | prednisone into a vein
    amount_and_words            | MedicationRequest/cancer-related-medication-request-prednisone-brian-l | MedicationRequest.dosageInstruction[0].doseAndRate[0].doseQuantity | 36.01 mg/m2 in words, 36.01 mg as amount
    amount_and_words            | MedicationAdministration/cancer-related-medication-admin-prednisone-brian-l | MedicationAdministration.dosage.dose | the same
    basis_and_amount            | MedicationRequest/cancer-related-medication-request-vincristine-brian-l | MedicationRequest.dosageInstruction[0].doseAndRate[0].doseQuantity | by body surface, yet 2 mg flat
    basis_and_amount            | MedicationAdministration/cancer-related-medication-admin-vincristine-brian-l | MedicationAdministration.dosage.dose | the same
    basis_and_amount            | MedicationAdministration/cancer-related-medication-admin-idarubicin-brian-l | MedicationAdministration.dosage.dose | by body surface, no amount per m2 in it
    number_without_unit         | MedicationRequest/cancer-related-medication-request-vincristine-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod.numerator | "1" per week
    number_without_unit         | MedicationRequest/cancer-related-medication-request-idarubicin-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod.numerator | the same
    number_without_unit         | MedicationRequest/cancer-related-medication-request-prednisone-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod.numerator | the same
    number_without_unit         | MedicationRequest/cancer-related-medication-request-cyclophosphamide-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod.numerator | the same
    words_and_largest_dose      | MedicationRequest/cancer-related-medication-request-idarubicin-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod | days 1, 2, 3, yet one a week
    words_and_largest_dose      | MedicationRequest/cancer-related-medication-request-prednisone-brian-l | MedicationRequest.dosageInstruction.maxDosePerPeriod | days 1 to 7, yet one a week
    category_of_another_element | MedicationAdministration/cancer-related-medication-admin-vincristine-brian-l | MedicationAdministration.category | category of orders
    category_of_another_element | MedicationAdministration/cancer-related-medication-admin-idarubicin-brian-l | MedicationAdministration.category | the same
    category_of_another_element | MedicationAdministration/cancer-related-medication-admin-prednisone-brian-l | MedicationAdministration.category | the same
    not_specific                | Procedure/us-core-procedure-bone-marrow-biopsy-brian-l                | Procedure.code | a biopsy coded as sampling
    method_cannot_show          | Observation/gx-genomic-variant-fusion-ETV6-RUNX1-brian-l              | Observation.method | a cryptic fusion by karyotyping
    system_address              | Observation/gx-genomic-variant-fusion-ETV6-RUNX1-brian-l              | Observation.component[2].valueCodeableConcept.coding[0].system | Sequence Ontology with a stroke at its end
    display                     | Observation/gx-genomic-variant-fusion-ETV6-RUNX1-brian-l              | Observation.component[1].valueCodeableConcept.coding[0] | RUNx1
    not_a_disorder              | Condition/us-core-condition-atrial-septal-defect-brian-l              | Condition.code.coding[0] | a heart defect coded as murmur
    not_administered            | MedicationRequest/cancer-related-medication-request-cyclophosphamide-brian-l | MedicationRequest | ordered, no administration
    status_of_what              | Observation/cancer-disease-status-improved-brian-l                    | Observation.focus | improved, of which condition?
    range_for_whom              | Observation/hemoglobin-brian-l                                        | Observation.referenceRange | range of adult men
    range_for_whom              | Observation/hematocrit-brian-l                                        | Observation.referenceRange | range of adult men
    range_for_whom              | Observation/white-blood-cell-brian-l                                  | Observation.referenceRange | no age
    first_of_january            | Patient/cancer-patient-brian-l                                        | Patient.birthDate | 1 January
    first_of_january            | Condition/primary-cancer-condition-brian-l                            | Condition.onsetDateTime | 1 January
    free_text                   | Observation/immunophenotype-brian-l                                   | Observation.valueString | antigens in words
    active                      | Condition/primary-cancer-condition-brian-l                            | Condition.clinicalStatus | active, may be a relapse in R4
"""
ROWS = [tuple(part.strip() for part in line.split("|")[:3]) for line in ERRORS.strip().splitlines()]
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
    import json  # noqa: PLC0415

    path = MCODE / "example-other" / "Bundle-mcode-patient-bundle-jenny-m.json"
    if not path.exists():
        pytest.skip(f"the mCODE examples are not at {MCODE}; set REALL_SHARED")
    reading = read(json.loads(path.read_text(encoding="utf-8")))
    assert reading.case["facts"].keys() <= {"sex", "birth_date"}
    assert reading.condition == ""
