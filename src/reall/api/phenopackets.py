"""Phenopackets in and out: a case as a Phenopacket, and a Phenopacket as a case."""

from __future__ import annotations

import datetime as dt

from reall.base.documents import Document
from reall.exchange.phenopackets.read import ReadPacket, case_of
from reall.exchange.phenopackets.write import Packet, phenopacket_of
from reall.facts.case import read_case
from reall.library.knowledge import Knowledge
from reall.library.ontology import load_terms


def is_phenopacket(document: Document) -> bool:
    """Tell a Phenopacket from a case: it has a subject and no facts."""
    return isinstance(document.data, dict) and "subject" in document.data and "facts" not in document.data


def to_phenopacket(document: Document, knowledge: Knowledge, created: dt.datetime) -> Packet:
    """Write a case as a Phenopacket. Raises `UnusableCase` when the case cannot be used."""
    read_case(document, knowledge.vocabulary)
    terms = load_terms(knowledge.vocabulary)
    return phenopacket_of(document.data, knowledge.vocabulary, terms, version=knowledge.version, created=created)


def from_phenopacket(document: Document, knowledge: Knowledge) -> ReadPacket:
    """Read a Phenopacket as a case that can be used. Raises `UnusableCase`."""
    read = case_of(document.data, knowledge.vocabulary, load_terms(knowledge.vocabulary))
    read_case(Document(read.case, {}, document.name), knowledge.vocabulary)
    return read
