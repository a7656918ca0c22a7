"""A record to a case: the doors of this room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.fhir.conditions import read_conditions, read_patient
from reall.exchange.fhir.findings import Log, Reading, Statement
from reall.exchange.fhir.load import MAXIMUM_BYTES, Loaded, load, parse
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.observations import read_observations
from reall.exchange.fhir.own import EXPOSURE, MRD, Entry
from reall.exchange.fhir.quality import check
from reall.exchange.fhir.record import Record, by_patient
from reall.exchange.fhir.rules import ask_rules
from reall.exchange.fhir.say import merge
from reall.exchange.fhir.timeline import say_times
from reall.exchange.fhir.treatments import read_treatments
from reall.facts.vocabulary import Vocabulary


def read_bytes(content: bytes, codes: CodeMap, vocabulary: Vocabulary, *, name: str) -> Reading:
    """Read a Bundle or a single resource of one patient.

    Raises `UnusableCase` with its path where it is not FHIR, too long, or about several patients.
    """
    return read_resource(parse(content, name=name, most=MAXIMUM_BYTES), codes, vocabulary, name=name)


def read_resource(data: Any, codes: CodeMap, vocabulary: Vocabulary, *, name: str) -> Reading:
    """Read a Bundle or a single resource, as plain data. Raises as `read_bytes` does."""
    log = Log()
    groups = by_patient(load(data, log, name=name), log)
    if len(groups) > 1:
        raise UnusableCase(
            f"the Bundle is about {len(groups)} patients", where=name, why="A case is one child.",
            next="Send one Bundle for each child, or convert a bulk export with `reall convert`.",
        )  # fmt: skip
    return read_record(groups[0] if groups else [], codes, vocabulary, log=log)


def read_resources(resources: Iterable[Mapping[str, Any]], codes: CodeMap, vocabulary: Vocabulary) -> Reading:
    """Read resources of one patient that came one by one."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return read_resource(bundle, codes, vocabulary, name="the record")


def read_prefetch(answers: Mapping[str, Any], asked: Iterable[str], codes: CodeMap, vocabulary: Vocabulary) -> Reading:
    """Read what a record system gave for the keys that it was asked for.

    A key that is missing was not asked, an empty search found none, and an OperationOutcome is an error: three
    different unknowns, each noted under its key.
    """
    log = Log()
    loaded: list[Loaded] = []
    for key in asked:
        answer = answers.get(key)
        if answer is None:
            log.doubt(key, "not_asked", "the record system did not give this key")
            continue
        try:
            found = load(answer, log, name=f"prefetch.{key}")
        except UnusableCase as error:
            log.doubt(key, "error", str(error))
            continue
        if not found:
            log.doubt(key, "none_found", "the record system searched and found none")
        loaded += found
    groups = by_patient(loaded, log)
    if len(groups) > 1:
        raise UnusableCase(f"what was prefetched is about {len(groups)} patients", why="A case is one child.")
    return read_record(groups[0] if groups else [], codes, vocabulary, log=log)


def read_record(loaded: list[Loaded], codes: CodeMap, vocabulary: Vocabulary, *, log: Log) -> Reading:
    """Read the resources of one patient."""
    record = Record(loaded, codes, log)
    _outcomes(record)
    name, birth = read_patient(record)
    line = read_conditions(record, birth)
    say_times(line)
    found = read_observations(record, line)
    read_treatments(record, line)
    check(record, line)
    ask_rules(record)
    record.unresolved()
    record.leftovers()
    facts, kept = merge(log, vocabulary)
    case: dict[str, Any] = {"schema": "reall.case/1", **({"case": name} if name else {}), "facts": facts}
    for kind, key in ((MRD, "mrd"), (EXPOSURE, "exposures")):
        entries = [one for one in found if one.kind == kind]
        if entries:
            case[key] = [one.content for one in entries]
            kept += [_stated(f"{key}[{at}]", one) for at, one in enumerate(entries)]
    about = line.relapse or next(iter(line.primary), None)
    return Reading(
        case=case, patient=_patient(record), condition=about.name if about else "", provenance=tuple(kept),
        unknown=tuple(one for one in log.unknown if one.fact not in facts), findings=tuple(log.findings),
        unused=tuple(log.unused),
    )  # fmt: skip


def _patient(record: Record) -> str:
    """Give the reference to the patient: the resource, or what others say that they are about."""
    found = next((one.name for one in record.every if one.kind == "Patient"), "")
    return found or next((about for one in record.every if (about := one.root.reference("subject"))), "")


def _stated(fact: str, one: Entry) -> Statement:
    here = one.resource
    return Statement(
        fact=fact, value=one.content, resource=here.name, element="Observation.component", place=here.place, own=True
    )


def _outcomes(record: Record) -> None:
    """Note what a record system could not give."""
    for one in record.every:
        if one.kind == "OperationOutcome":
            for issue in one.root.nodes("issue"):
                words = issue.text("diagnostics") or issue.text("code") or "no reason given"
                one.find("error", "operation_outcome", f"the record system answered with an error: {words}", issue.path)
                record.log.doubt("record", "error", words, one.name, issue.path)
