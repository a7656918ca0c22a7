"""Small records: which fact each says, and why what is not said stays unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fhir_records import CLINICAL, LOINC, RELAPSED, SNOMED, child, concept, condition, observation, patient, quantity

from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.read import read_prefetch
from reall.library.knowledge import Knowledge

Read = Callable[..., Reading]
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
NULL_FLAVOR = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def codes_found(reading: Reading) -> set[str]:
    return {one.code for one in reading.findings}


def why(reading: Reading, fact: str) -> set[str]:
    return {one.kind for one in reading.unknown if one.fact == fact}


def test_a_relapse_with_its_dates(read: Read) -> None:
    facts = read(*child()).case["facts"]
    assert facts == {
        "sex": "female", "birth_date": "2010-02-03", "diagnosis_date": "2016-03-01", "relapse_date": RELAPSED,
        "lineage": "B", "relapse_number": ">=1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "value", "fact", "expected"),
    [
        ("26464-8", quantity(88.5, "10*3/uL"), "blood_wbc_per_ul", 88500),
        ("26464-8", quantity(88.5, "10*9/L"), "blood_wbc_per_ul", 88500),
        ("26465-5", quantity(12, "/uL"), "csf_wbc_per_ul", 12),
        ("26465-5", quantity(12, "10*6/L"), "csf_wbc_per_ul", 12),
        ("26465-5", quantity(5, "/uL", comparator="<"), "csf_wbc_per_ul", "<5"),
        ("26464-8", quantity(5.1, "10*3/uL"), "blood_wbc_per_ul", 5100),
        ("26446-5", quantity(0, "%", comparator=">="), "blood_blasts", None),
        ("26446-5", quantity(0, "%", comparator=">"), "blood_blasts", True),
        ("26454-9", quantity(3, "/uL"), "csf_rbc_per_ul", 3),
        ("26446-5", quantity(4, "%"), "blood_blasts", True),
        ("26446-5", quantity(0, "%"), "blood_blasts", False),
        ("26446-5", quantity(1, "%", comparator="<"), "blood_blasts", None),
        ("26447-3", {"valueCodeableConcept": concept(LOINC, "LA9634-2")}, "csf_blasts", False),
        ("26465-5", quantity(80, "{cells}/uL"), "csf_wbc_per_ul", 80),
        ("26465-5", quantity(80, "mg/dL"), "csf_wbc_per_ul", None),
        ("26465-5", quantity(2_000_000, "/uL"), "csf_wbc_per_ul", None),
        ("26465-5", {"valueString": "many"}, "csf_wbc_per_ul", None),
        ("26465-5", {"valueQuantity": "80"}, "csf_wbc_per_ul", None),
    ],
)
def test_a_measurement_at_relapse(code: str, value: dict[str, Any], fact: str, expected: object, read: Read) -> None:
    """10*3/uL and 10*9/L are 1000 per microlitre; what cannot be read is unknown."""
    reading = read(*child(observation(code, value)))
    assert reading.case["facts"].get(fact) == expected
    assert bool(why(reading, fact)) == (expected is None)


@pytest.mark.parametrize(
    ("day", "used"),
    [
        ("2019-06-25", False), ("2019-06-26", True), ("2019-07-10", True), ("2019-07-24", True), ("2019-07-25", False),
        ("2019-07", False),
    ],
)  # fmt: skip
def test_a_result_belongs_to_the_relapse_within_14_days(day: str, used: bool, read: Read) -> None:
    """14 days: window_days of knowledge/fhir/codes.yaml, a convention of ReALL."""
    reading = read(*child(observation("26465-5", quantity(80, "/uL"), day=day)))
    assert ("csf_wbc_per_ul" in reading.case["facts"]) == used
    assert ("not_tied" in why(reading, "csf_wbc_per_ul")) != used


def test_a_focus_decides_before_a_date(read: Read) -> None:
    far = observation("26465-5", quantity(80, "/uL"), day="2018-01-01", focus=[{"reference": "Condition/relapse"}])
    other = observation("26454-9", quantity(7, "/uL"), id_="n", focus=[{"reference": "Condition/first"}])
    facts = read(*child(far, other)).case["facts"]
    assert facts["csf_wbc_per_ul"] == 80
    assert "csf_rbc_per_ul" not in facts


def test_results_that_contradict_each_other_leave_the_fact_unknown(read: Read) -> None:
    two = [observation("26465-5", quantity(value, "/uL"), id_=f"o{value}") for value in (4, 80)]
    reading = read(*child(*two))
    assert "csf_wbc_per_ul" not in reading.case["facts"]
    assert "contradicted" in why(reading, "csf_wbc_per_ul")
    told = next(one.words for one in reading.findings if one.code == "contradiction")
    assert "Observation/o4" in told
    assert "Observation/o80" in told


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"status": "preliminary"}, "not_used"),
        ({"status": "entered-in-error"}, "not_used"),
        ({"status": "cancelled"}, "not_used"),
        ({"modifierExtension": [{"url": "http://x.example/not", "valueBoolean": True}]}, "not_used"),
        ({"implicitRules": "http://x.example/rules"}, "not_used"),
        ({"code": concept(LOINC, "26465-5", "Leukocytes in Blood")}, "code_and_words"),
        ({"subject": {"reference": "Patient/somebody-else"}}, "other_patient"),
    ],
)
def test_what_may_not_be_used_is_not_used(more: dict[str, Any], found: str, read: Read) -> None:
    reading = read(*child({**observation("26465-5", quantity(80, "/uL")), **more}))
    assert "csf_wbc_per_ul" not in reading.case["facts"]
    assert found in codes_found(reading)


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ({"dataAbsentReason": concept(ABSENT, "not-performed")}, "not performed"),
        ({"dataAbsentReason": concept(ABSENT, "not-applicable")}, "does not apply"),
        ({"dataAbsentReason": concept(NULL_FLAVOR, "ASKU")}, "asked, and not known"),
        ({}, "no value and no reason"),
    ],
)  # fmt: skip
def test_why_a_value_is_absent_is_kept(absent: dict[str, Any], words: str, read: Read) -> None:
    reading = read(*child(observation("26465-5", absent)))
    (unknown,) = [one for one in reading.unknown if one.fact == "csf_wbc_per_ul"]
    assert (unknown.kind, unknown.reason) == ("absent", words)


def test_a_birth_date_withheld_says_so(read: Read) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    given = {**patient(), "_birthDate": {"extension": [{"url": url, "valueCode": "masked"}]}}
    del given["birthDate"]
    assert [one.reason for one in read(given).unknown if one.fact == "birth_date"] == ["masked"]


def test_three_kinds_of_not_knowing(knowledge: Knowledge, codes: CodeMap) -> None:
    """A missing key was not asked, an empty search found none, an OperationOutcome is an error."""
    error = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "timeout", "diagnostics": "late"}],
    }
    answers = {
        "patient": patient(),
        "marrow": {"resourceType": "Bundle", "type": "searchset", "total": 0},
        "medicines": error,
    }
    asked = ["patient", "marrow", "medicines", "procedures"]
    reading = read_prefetch(answers, asked, codes, knowledge.vocabulary)
    kinds = {one.fact: one.kind for one in reading.unknown}
    assert (kinds["marrow"], kinds["procedures"]) == ("none_found", "not_asked")
    assert ("record", "error", "late") in {(one.fact, one.kind, one.reason) for one in reading.unknown}
    assert "operation_outcome" in codes_found(reading)


@pytest.mark.parametrize(
    ("status", "code", "number"),
    [
        ("relapse", "277571004", ">=1"),
        ("recurrence", "277571004", ">=1"),
        ("active", "277571004", None),
        ("remission", "277571004", None),
    ],
)
def test_only_relapse_and_recurrence_say_relapse(status: str, code: str, number: object, read: Read) -> None:
    """In R4, active is the parent of relapse: an active disease may be a first one or a relapse."""
    assert read(patient(), condition("c", status, code=code)).case["facts"].get("relapse_number") == number


@pytest.mark.parametrize(("code", "number"), [("C91.00", None), ("C91.01", None), ("C91.02", ">=1")])
def test_the_codes_of_icd_10_cm(code: str, number: object, read: Read) -> None:
    """C91.00 not having achieved remission, C91.01 in remission, C91.02 in relapse; none says B or T."""
    given = {**condition("c", "active"), "code": concept("http://hl7.org/fhir/sid/icd-10-cm", code)}
    facts = read(patient(), given).case["facts"]
    assert facts.get("relapse_number") == number
    assert "lineage" not in facts


def test_the_onset_of_a_lone_relapse_entry_is_not_taken_for_its_date(read: Read) -> None:
    """One problem entry that was updated to relapse usually keeps the onset of the first disease."""
    reading = read(patient(), condition("c", "relapse", "2016-03-01"))
    assert not {"relapse_date", "diagnosis_date"} & set(reading.case["facts"])
    assert "ambiguous_onset" in codes_found(reading)


def test_two_relapses_and_the_latest_is_asked_about(read: Read) -> None:
    facts = read(*child(condition("second", "relapse", "2021-05-06"))).case["facts"]
    assert (facts["relapse_number"], facts["relapse_date"]) == (">=2", "2021-05-06")


def test_relapses_without_dates_leave_the_date_open(read: Read) -> None:
    reading = read(*child(condition("second", "relapse")))
    assert "relapse_date" not in reading.case["facts"]
    assert "which_relapse" in codes_found(reading)


def test_a_month_is_an_interval_and_not_a_day(read: Read) -> None:
    """March 2016 to 10 July 2019: 39 + 10/31 months from 31 March at the least, 40 + 9/31 from 1 March at the most."""
    facts = read(patient(), condition("a", "inactive", "2016-03"), condition("b", "relapse", RELAPSED)).case["facts"]
    low, high = (float(part) for part in facts["months_from_diagnosis"].split(".."))
    assert (round(low, 3), round(high, 3)) == (round(39 + 10 / 31, 3), round(40 + 9 / 31, 3))
    assert "diagnosis_date" not in facts


def test_a_relapse_before_the_diagnosis_leaves_both_open(read: Read) -> None:
    reading = read(patient(), condition("a", "inactive", "2020-01-01"), condition("b", "relapse", "2019-01-01"))
    assert not {"relapse_date", "diagnosis_date"} & set(reading.case["facts"])
    assert "contradiction" in codes_found(reading)


def test_references_by_the_addresses_of_a_transaction(read: Read) -> None:
    """In a transaction resources refer to each other by fullUrl, before they have an id."""
    address = {"Patient/p": "urn:uuid:p", "Condition/relapse": "urn:uuid:relapse", "Condition/first": "urn:uuid:first"}
    far = observation("26465-5", quantity(80, "/uL"), day="2018-01-01", focus=[{"reference": "Condition/relapse"}])
    entries = []
    for one in child(far):
        text = json.dumps({key: value for key, value in one.items() if key != "id"})
        for name, url in address.items():
            text = text.replace(name, url)
        url = address.get(f"{one['resourceType']}/{one['id']}", "urn:uuid:o")
        entries.append({"fullUrl": url, "resource": json.loads(text), "request": {"method": "POST", "url": "x"}})
    reading = read({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert reading.case["facts"]["csf_wbc_per_ul"] == 80
    assert (reading.patient, reading.condition) == ("urn:uuid:p", "urn:uuid:relapse")


def test_a_recorded_date_is_no_onset(read: Read) -> None:
    given = condition("a", "inactive", recordedDate="2016-04-01")
    assert "recorded_date" in codes_found(read(patient(), given))


@pytest.mark.parametrize(
    ("status", "said"), [("confirmed", True), ("refuted", False), ("provisional", None), ("unconfirmed", None)]
)
def test_down_syndrome(status: str, said: object, read: Read) -> None:
    given = {
        **condition("d", "active"), "code": concept("http://hl7.org/fhir/sid/icd-10-cm", "Q90.9"),
        "verificationStatus": concept(VERIFICATION, status),
    }  # fmt: skip
    assert read(*child(given)).case["facts"].get("down_syndrome") == said


def test_sites_are_named_and_not_taken_as_proven(read: Read) -> None:
    given = condition("relapse", "relapse", RELAPSED, bodySite=[concept(SNOMED, "40689003", "Testis structure")])
    reading = read(patient(), condition("first", "inactive", "2016-03-01"), given)
    assert "testis_biopsy_positive" not in reading.case["facts"]
    assert "site_not_proven" in codes_found(reading)


def _given(system: str, code: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration", "id": "m", "status": "completed",
        "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": concept(system, code),
        "effectiveDateTime": day, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "day", "fact", "said"),
    [
        ("L01FX07", "2018-01-01", "prior_blinatumomab", True),
        ("L01FX07", "2019-07-09", "prior_blinatumomab", True),
        ("L01FX07", "2019-07-10", "prior_blinatumomab", None),
        ("L01FX07", "2019-07", "prior_blinatumomab", None),
        ("L01FB01", "2020-01-01", "prior_inotuzumab", True),
        ("L01XL04", "2018-01-01", "prior_cd19_car_t", True),
    ],
)
def test_earlier_treatment(code: str, day: str, fact: str, said: object, read: Read) -> None:
    """Blinatumomab counts before this relapse; inotuzumab and CAR-T cells at any time. Nothing recorded is never no."""
    assert read(*child(_given(ATC, code, day))).case["facts"].get(fact) == said
    assert fact not in read(*child()).case["facts"]


def test_a_medicine_that_was_not_given_says_nothing(read: Read) -> None:
    assert "prior_inotuzumab" not in read(*child(_given(ATC, "L01FB01", "2018-01-01", status="not-done"))).case["facts"]


def test_a_medicine_by_reference(read: Read) -> None:
    """A contained Medication and one elsewhere in the record are both found; R5's `medication` is not read."""
    inside = {**_given(RXNORM, "x", "2018-01-01"), "medicationReference": {"reference": "#a"}}
    del inside["medicationCodeableConcept"]
    inside["contained"] = [{"resourceType": "Medication", "id": "a", "code": concept(RXNORM, "1597258")}]
    assert read(*child(inside)).case["facts"]["prior_blinatumomab"] is True
    later = {**inside, "medication": {"concept": concept(RXNORM, "1597258")}}
    del later["medicationReference"]
    assert "other_release" in codes_found(read(*child(later)))


def test_anthracyclines_are_never_added_up(read: Read) -> None:
    reading = read(*child(_given(ATC, "L01DB02", "2017-01-01", dosage={"dose": {"value": 30, "unit": "mg"}})))
    assert "exposures" not in reading.case
    assert "not_stated" in why(reading, "exposures")


def test_an_allogeneic_transplant_before_the_relapse(read: Read) -> None:
    given = {
        "resourceType": "Procedure", "id": "t", "status": "completed", "subject": {"reference": "Patient/p"},
        "code": concept(SNOMED, "58390007"), "performedDateTime": "2018-02-02",
    }  # fmt: skip
    assert read(*child(given)).case["facts"]["prior_allo_hsct"] is True
    assert "prior_allo_hsct" not in read(*child({**given, "performedDateTime": "2019-09-01"})).case["facts"]


def _variant(genes: list[str], answer: str | None) -> dict[str, Any]:
    parts = [
        {"code": concept(LOINC, "48018-6"), "valueCodeableConcept": concept("http://www.genenames.org", g)}
        for g in genes
    ]
    value = {"valueCodeableConcept": concept(LOINC, answer)} if answer else {}
    return observation("69548-6", value, component=parts)


@pytest.mark.parametrize(
    ("genes", "answer", "names"),
    [
        (["HGNC:3495", "HGNC:10471"], "LA9633-4", ["ETV6::RUNX1"]),
        (["HGNC:10471", "HGNC:3495"], "LA9633-4", ["ETV6::RUNX1"]),
        (["HGNC:3495", "HGNC:10471"], "LA9634-2", ["not ETV6::RUNX1"]),
        (["HGNC:3495", "HGNC:10471"], None, None),
        (["HGNC:3495"], "LA9633-4", None),
        (["HGNC:1014", "HGNC:76"], "LA9633-4", ["BCR::ABL1"]),
        (["HGNC:11998"], "LA9633-4", None),
    ],
)  # fmt: skip
def test_fusions(genes: list[str], answer: str | None, names: list[str] | None, read: Read) -> None:
    assert read(*child(_variant(genes, answer))).case["facts"].get("genetics") == names


def test_a_fusion_present_and_absent_is_unknown(read: Read) -> None:
    two = [{**_variant(["HGNC:3495", "HGNC:10471"], answer), "id": answer} for answer in ("LA9633-4", "LA9634-2")]
    assert "genetics" not in read(*child(*two)).case["facts"]


def test_status_written_as_in_stu3_is_read_with_a_finding(read: Read) -> None:
    given = {**condition("c", "relapse"), "clinicalStatus": "relapse"}
    reading = read(patient(), given)
    assert "other_release" in codes_found(reading)
    assert CLINICAL not in str(given)


def test_administrative_gender_and_birth_sex_that_differ_leave_the_sex_open(read: Read) -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
    given = patient(extension=[{"url": url, "valueCode": "M"}])
    assert "sex" not in read(given).case["facts"]
