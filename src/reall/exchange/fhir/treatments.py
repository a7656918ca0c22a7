"""Medicines and procedures that were given: what that says of earlier treatment. Nothing is added up, and what is not
recorded is unknown, never "not given"."""

from __future__ import annotations

from reall.exchange.fhir.findings import Unused
from reall.exchange.fhir.mapping import CodeRow, Medicine
from reall.exchange.fhir.node import Concept, Resource
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.say import say
from reall.exchange.fhir.timeline import Timeline

GIVEN = ("MedicationAdministration", "MedicationStatement")


def read_treatments(record: Record, line: Timeline) -> None:
    """State earlier transplant, antibodies and CAR-T cells."""
    for one in record.of(*GIVEN):
        found, path = medicine_of(one, record)
        if found is None:
            _nothing(record, one, "its medicine is not one that a rule asks for, or its code names several")
            continue
        if found.anthracycline:
            words = (
                f"{found.agent} was given; a cumulative dose per square metre is not stated, and nothing is added up"
            )
            record.log.doubt("exposures", "not_stated", words, one.name, path)
        if found.fact:
            _had(one, found.fact, path, line, record, before=found.before_relapse)
        elif not found.anthracycline:
            _nothing(record, one, f"no rule asks whether {found.agent} was given")
    for one in record.of("Procedure"):
        row, path = _procedure(one, record)
        if row is None or not row.fact:
            _nothing(
                record, one, "no fact of a case is mapped to its code" if row is None else "it gives no fact itself"
            )
        else:
            _had(one, row.fact, path, line, record, before=row.before_relapse, row=row)
    for one in record.of("MedicationRequest"):
        _nothing(record, one, "an order does not say that it was given")


def _nothing(record: Record, one: Resource, why: str) -> None:
    record.log.unused.append(Unused(resource=one.name, elements=(), why=why))
    one.looked_at |= set(one.data)


def _had(
    one: Resource, fact: str, path: str, line: Timeline, record: Record, *, before: bool, row: CodeRow | None = None
) -> None:
    why = line.before(one) if before else ""
    if why:
        record.log.doubt(fact, "not_tied", why, one.name, path)
        one.find("warning", "not_tied", f"{fact} is not read from it: {why}", path)
    else:
        say(one, fact, True, path, row=row)


def medicine_of(one: Resource, record: Record) -> tuple[Medicine | None, str]:
    """Give the agent of a medicine resource with the path of its code; None where no code names exactly one agent."""
    if "medication" in one.data:
        words = "`medication` is R5; R4 has medicationCodeableConcept or medicationReference; it is not read"
        one.find("warning", "other_release", words, f"{one.kind}.medication")
    concept: Concept | None = one.root.concept("medicationCodeableConcept")
    if concept is None and (reference := one.root.reference("medicationReference")):
        found = record.referred(one, reference)
        concept = found.root.concept("code") if found is not None else None
    for coding in concept.codings if concept else ():
        named = record.codes.medicine_of.get(coding.key)
        if named is not None:
            return named, f"{coding.path}.code"
    return None, concept.path if concept else one.kind


def _procedure(one: Resource, record: Record) -> tuple[CodeRow | None, str]:
    code = one.root.concept("code")
    for coding in code.codings if code else ():
        row = record.codes.row("procedure", coding.key)
        if row is not None:
            return row, f"{coding.path}.code"
    return None, "Procedure.code"
