"""The record that came, read as a case."""

from __future__ import annotations

from dataclasses import dataclass

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.read import read_prefetch
from reall.facts.case import Case, read_case
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge
from reall.service.hooks.gather import Gathered
from reall.service.smart.record import KINDS
from reall.stratify.assess import case_masks

_OF_LEUKAEMIA = ("lineage", "relapse_number", "diagnosis_date", "relapse_date", "marrow_blasts_pct")
"""Facts that the reader takes from a record only where it speaks of acute lymphoblastic leukaemia."""
_NAME = "the record"


@dataclass(frozen=True, kw_only=True)
class Child:
    """One child. `case` is None where the record contradicts itself; `fault` says in what."""

    knowledge: Knowledge
    gathered: Gathered
    reading: Reading
    case: Case | None
    masks: tuple[int, ...] = ()
    fault: UnusableCase | None = None

    @property
    def has_leukaemia(self) -> bool:
        """Whether the record says anything of acute lymphoblastic leukaemia; else there is nothing to tell."""
        return any(name in self.reading.case["facts"] for name in _OF_LEUKAEMIA)


def read_child(gathered: Gathered, knowledge: Knowledge) -> Child:
    """Read what came. Raises `UnusableCase` where it is about several patients."""
    reading = read_prefetch(gathered.answers, KINDS, codes_of(knowledge), knowledge.vocabulary)
    try:
        case = read_case(Document(reading.case, {}, _NAME), knowledge.vocabulary, name=_NAME)
        masks = case_masks(case, knowledge)
    except UnusableCase as fault:
        return Child(knowledge=knowledge, gathered=gathered, reading=reading, case=None, fault=fault)
    return Child(knowledge=knowledge, gathered=gathered, reading=reading, case=case, masks=masks)
