"""What a launch read, as a case: for the page that shows it, and for the board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Reading
from reall.exchange.fhir.read import read_prefetch
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge
from reall.report.options_words import shown
from reall.report.words import spoken
from reall.service.access.refusal import Refused
from reall.service.pages.board_asking import Asking
from reall.service.pages.board_sheet import from_document
from reall.service.smart.record import KINDS, PatientRecord

_NAME = "the record"


def case_of(record: PatientRecord, knowledge: Knowledge) -> Reading:
    """Read the facts of a case. Raises `Refused` where the record system sent several patients."""
    try:
        return read_prefetch(record.answers, KINDS, codes_of(knowledge), knowledge.vocabulary)
    except UnusableCase:
        raise Refused(
            status=502,
            code="reall/launch-failed",
            what="the record system sent resources about several patients",
            next="Tell who runs it; nothing was read.",
        ) from None


def asking_of(reading: Reading, knowledge: Knowledge) -> Asking:
    """Take a case into the form of the board; one that does not fit is shown with its fault."""
    try:
        return Asking(sheet=from_document(Document(reading.case, {}, _NAME), knowledge.vocabulary, name=_NAME))
    except UnusableCase as fault:
        return Asking(fault=fault)


def value_words(value: Any) -> str:
    """Say a value as the reader gives it: one value, a list, or the members of an MRD result.

    >>> value_words([]), value_words({"assay_sensitivity_fraction": 0.0001})
    ('none', 'assay sensitivity fraction: 0.0001')
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{spoken(name)}: {shown(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "none"
    return shown(value)
