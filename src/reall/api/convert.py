"""Operations on records: FHIR to a case and back, bulk exports, and `$assess`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import Any

from reall.api.cases import assess
from reall.api.inputs import NAMELESS, CaseInput, File, Source, case_document
from reall.base.errors import UnusableCase, WrongUsage
from reall.exchange.fhir.bulk import read_bulk
from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.load import MAXIMUM_BYTES
from reall.exchange.fhir.read import read_bytes, read_resource
from reall.exchange.fhir.write import Resource, bundle, write_case
from reall.facts.case import read_case
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge, open_knowledge
from reall.report.fhir.assessment import About, assessment_resources, findings_outcome

NDJSON = ".ndjson"


def record(source: Source | bytes | Mapping[str, Any], knowledge: Knowledge | None = None) -> Reading:
    """Read the FHIR record of one patient. Raises `UnusableCase` with its path."""
    knowledge = knowledge or open_knowledge()
    codes = codes_of(knowledge)
    if isinstance(source, Mapping):
        return read_resource(source, codes, knowledge.vocabulary, name=NAMELESS)
    file = File("the record", source) if isinstance(source, bytes) else _file(source)
    return read_bytes(file.content, codes, knowledge.vocabulary, name=file.name)


def _file(source: Source) -> File:
    if isinstance(source, File):
        return source
    try:
        with Path(source).open("rb") as stream:
            return File(str(source), stream.read(MAXIMUM_BYTES + 1))
    except OSError as error:
        raise UnusableCase(
            f"the file cannot be read: {error.strerror}", where=str(source), next="Check the path and the permissions."
        ) from None


def records(sources: Iterable[Source], knowledge: Knowledge | None = None) -> Iterator[Reading]:
    """Read a bulk export, one reading for each patient. Raises `UnusableCase` with file and line."""
    knowledge = knowledge or open_knowledge()
    with ExitStack() as stack:
        opened = [(str(path), stack.enter_context(path.open("rb"))) for path in _paths(sources)]
        yield from read_bulk(opened, codes_of(knowledge), knowledge.vocabulary)


def _paths(sources: Iterable[Source]) -> Iterator[Path]:
    for source in sources:
        if isinstance(source, File):
            raise WrongUsage("a bulk export is read from files", next="Name its files or its folder.")
        path = Path(source)
        found = sorted(path.glob(f"*{NDJSON}")) if path.is_dir() else [path]
        if not found or not all(one.is_file() for one in found):
            raise UnusableCase("there is no file of an export", where=str(path), next=f"Name files ending in {NDJSON}.")
        yield from found


def to_fhir(case: CaseInput, knowledge: Knowledge | None = None, *, name: str = "") -> Resource:
    """Give a case as a Bundle of R4 resources. Raises `UnusableCase`."""
    knowledge = knowledge or open_knowledge()
    document = case_document(case)
    read_case(document, knowledge.vocabulary)
    return write_case(
        document.data, codes_of(knowledge), knowledge.vocabulary, name=name or PurePath(document.name).stem
    )


def assess_record(
    source: Source | bytes | Mapping[str, Any],
    knowledge: Knowledge | None = None,
    *,
    made: dt.datetime | None = None,
    link: str = "",
) -> Resource:
    """Assess the child of a FHIR record: a Bundle with the answers and, as OperationOutcome, what was odd in it.

    Raises `UnusableCase` where the record cannot be used.
    """
    knowledge = knowledge or open_knowledge()
    reading = record(source, knowledge)
    answer = assess(reading.case, knowledge=knowledge, name="record")
    return _bundle(answer, reading, knowledge, made=made, link=link)


def assess_case_to_fhir(
    case: CaseInput, knowledge: Knowledge | None = None, *, made: dt.datetime | None = None, link: str = ""
) -> Resource:
    """Assess a case, and give case and answers as one Bundle. Raises `UnusableCase`."""
    knowledge = knowledge or open_knowledge()
    written = to_fhir(case, knowledge)
    answered = assess_record(written, knowledge, made=made, link=link)
    return {**answered, "entry": [*written["entry"], *answered["entry"]]}


def _bundle(
    answer: dict[str, Any], reading: Reading, knowledge: Knowledge, *, made: dt.datetime | None, link: str
) -> Resource:
    about = About(
        patient=reading.patient or f"Patient/{answer['case']}",
        condition=reading.condition,
        made=made or dt.datetime.now(tz=dt.UTC),
        provenance=reading.provenance,
        titles={id_: table.title for id_, table in knowledge.base.tables.items()},
        given_by={
            fact: [name for name, entry in knowledge.vocabulary.inputs.items() if fact in entry.gives]
            for fact in knowledge.vocabulary.statable
        },
        link=link,
    )
    codes = codes_of(knowledge)
    resources = [*assessment_resources(answer, codes, about), findings_outcome(reading.findings)]
    stamp = about.made.isoformat(timespec="seconds")
    return {**bundle(resources, seed=f"{answer['case']}/{stamp}"), "timestamp": stamp}
