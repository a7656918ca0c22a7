"""Operations on Phenopackets: a case as a Phenopacket, and a Phenopacket as a case."""

from __future__ import annotations

import datetime as dt

from reall.api.inputs import CaseInput, case_document
from reall.base.documents import Document
from reall.exchange.phenopackets.read import ReadPacket, case_of
from reall.exchange.phenopackets.write import Packet, phenopacket_of
from reall.facts.case import read_case
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.ontology import load_terms


def is_phenopacket(source: CaseInput) -> bool:
    """Tell a Phenopacket from a case: it has a subject and no facts."""
    data = case_document(source).data
    return isinstance(data, dict) and "subject" in data and "facts" not in data


def to_phenopacket(case: CaseInput, knowledge: Knowledge | None = None, *, made: dt.datetime | None = None) -> Packet:
    """Write a case as a Phenopacket. Raises `UnusableCase` when the case cannot be used."""
    knowledge = knowledge or open_knowledge()
    document = case_document(case)
    read_case(document, knowledge.vocabulary)
    return phenopacket_of(
        document.data,
        knowledge.vocabulary,
        load_terms(knowledge.vocabulary),
        version=knowledge.version,
        created=made or dt.datetime.now(tz=dt.UTC),
    )


def from_phenopacket(source: CaseInput, knowledge: Knowledge | None = None) -> ReadPacket:
    """Read a Phenopacket as a case that can be used. Raises `UnusableCase`."""
    knowledge = knowledge or open_knowledge()
    document = case_document(source)
    read = case_of(document.data, knowledge.vocabulary, load_terms(knowledge.vocabulary))
    read_case(Document(read.case, {}, document.name), knowledge.vocabulary)
    return read
