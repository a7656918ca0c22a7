"""The record that came, read as a case and assessed."""

from __future__ import annotations

from dataclasses import dataclass

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.read import read_prefetch
from reall.facts.case import read_case
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge
from reall.service.hooks.gather import Gathered
from reall.service.smart.record import KINDS
from reall.stratify.assess import Assessment, assess

_OF_LEUKAEMIA = ("lineage", "relapse_number", "diagnosis_date", "relapse_date", "marrow_blasts_pct")
"""Facts that the reader takes from a record only where it speaks of acute lymphoblastic leukaemia."""
_NAME = "the record"


@dataclass(frozen=True, kw_only=True)
class Child:
    """One child: what was read and assessed; `fault` says why a record that contradicts itself was not."""

    gathered: Gathered
    reading: Reading
    assessment: Assessment | None
    fault: UnusableCase | None = None

    @property
    def has_leukaemia(self) -> bool:
        """Whether the record says anything of acute lymphoblastic leukaemia; else there is nothing to tell."""
        return any(name in self.reading.case["facts"] for name in _OF_LEUKAEMIA)


def read_child(gathered: Gathered, knowledge: Knowledge) -> Child:
    """Read and assess. Raises `UnusableCase` where what came is about several patients."""
    reading = read_prefetch(gathered.answers, KINDS, codes_of(knowledge), knowledge.vocabulary)
    try:
        case = read_case(Document(reading.case, {}, _NAME), knowledge.vocabulary, name=_NAME)
        return Child(gathered=gathered, reading=reading, assessment=assess(case, knowledge))
    except UnusableCase as fault:
        return Child(gathered=gathered, reading=reading, assessment=None, fault=fault)
