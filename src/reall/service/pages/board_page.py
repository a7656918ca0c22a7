"""Writes the board page, or its answers alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse

from reall.facts.mrd import KEYS as MRD_KEYS
from reall.options.labels import countries
from reall.report.options_words import (
    PURPOSE_WORDS,
    STATUS_WORDS,
    arm_words,
    effect_words,
    endpoint_words,
    label_words,
    shown,
    why,
)
from reall.report.published import outcome_words
from reall.report.words import fact_name, label
from reall.service.access.gate import PrincipalOf
from reall.service.access.operations import Operation
from reall.service.pages.board_answers import Bibliography, answers
from reall.service.pages.board_asking import Asking
from reall.service.pages.board_examples import examples
from reall.service.pages.board_reading import Reading, read_sheet
from reall.service.pages.board_sheet import EXPOSURE_KEYS, Row
from reall.service.pages.forms import field_of, groups
from reall.service.pages.language import language_of, translations
from reall.service.pages.rendering import render
from reall.service.parts import Parts
from reall.service.store.records import CaseVersion, Decision, KeptAssessment

_SHOWN_EVIDENCE = 1
"""Printed results of one option on the board page; the full list of options shows them all."""
_WORDS = {
    "label": label, "fact_name": fact_name, "shown": shown, "why": why, "label_words": label_words,
    "arm": arm_words, "effect": effect_words, "endpoint": endpoint_words, "outcome": outcome_words,
}  # fmt: skip
"""The words of the report room that the templates use."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the store holds of the case on the page, the newest version first."""

    history: tuple[CaseVersion, ...]
    decisions: tuple[Decision, ...]
    assessments: tuple[KeptAssessment, ...]


def today() -> dt.date:
    """Give the day in universal time, under which labels are read."""
    return dt.datetime.now(tz=dt.UTC).date()


def page_of(
    request: Request,
    parts: Parts,
    principal: PrincipalOf,
    asked: Asking,
    *,
    kept: Kept | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Give the whole page; `kept` is what the store holds of this case."""
    around = {
        "timepoints": parts.knowledge.vocabulary.timepoints,
        "mrd_rows": _rows(asked.sheet.mrd, MRD_KEYS),
        "exposure_rows": _rows(asked.sheet.exposures, EXPOSURE_KEYS),
        "groups": groups(parts.knowledge.vocabulary, asked.sheet.facts),
        "changed_fields": [field_of(n, parts.knowledge.vocabulary, text) for n, text in asked.changes.items()],
        "statable": parts.knowledge.vocabulary.statable,
        "examples": examples().values(),
        "countries": countries(parts.knowledge.therapy.agents),
        "kept": kept,
        "store": parts.store,
        "may_write": principal.may(Operation.WRITE_CASES),
        "may_decide": principal.may(Operation.RECORD_DECISIONS),
        "principal": principal,
    }
    return _rendered(request, "board.html.j2", parts, asked, around, status=status)


def answers_of(request: Request, parts: Parts, asked: Asking, marked_before: str) -> HTMLResponse:
    """Give the answers alone, and the faults of fields that came or went; `marked_before` are the places with one."""
    return _rendered(request, "board_live.html.j2", parts, asked, {"marked_before": marked_before.split()})


def _rendered(
    request: Request, template: str, parts: Parts, asked: Asking, around: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    knowledge = parts.knowledge
    reading = read_sheet(asked.sheet, knowledge)
    day = today()
    found = answers(reading, knowledge, changes=asked.changes, shown=asked.shown, on=day, country=asked.country)
    return render(
        request,
        template,
        status=status,
        # Words that the vocabulary and the report room give are looked up as they are, percent signs included.
        said=translations(language_of(request)).gettext,
        asked=asked,
        sheet=asked.sheet,
        reading=reading,
        marked=_marked(reading),
        answers=found,
        knowledge=knowledge,
        bibliography=Bibliography(knowledge),
        today=day,
        words=_WORDS,
        purposes=PURPOSE_WORDS,
        statuses=STATUS_WORDS,
        shown_evidence=_SHOWN_EVIDENCE,
        **around,
    )


def _marked(reading: Reading) -> list[str]:
    """Name the places at which a fault stands."""
    return [*reading.wrong, *(f"fact.{name}" for name in reading.contradicting)]


def _rows(rows: Sequence[Row], keys: Sequence[str]) -> list[dict[str, str]]:
    """Give the rows with a text for every field; where there is none, one empty row to fill in."""
    return [{key: row.get(key, "") for key in keys} for row in rows or [{}]]
