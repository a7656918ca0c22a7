"""The board page: a case in a form, and everything that the rules answer to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import UploadFile as StarletteFile

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.facts.mrd import KEYS as MRD_KEYS
from reall.library.knowledge import Knowledge
from reall.library.therapy import DEFAULT_COUNTRY
from reall.options.labels import countries
from reall.report.options_words import PURPOSE_WORDS, arm_words, effect_words, endpoint_words, label_words, shown, why
from reall.report.outcomes import source_words
from reall.report.published import outcome_words
from reall.report.words import fact_name, label
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages.board_answers import Bibliography, answers
from reall.service.pages.board_examples import examples
from reall.service.pages.board_reading import Reading, read_sheet
from reall.service.pages.board_sheet import EXPOSURE_KEYS, Row, Sheet, from_document, from_form
from reall.service.pages.board_what_if import changes_from_form
from reall.service.pages.forms import field_of, groups
from reall.service.pages.language import language_of, translations
from reall.service.pages.rendering import render
from reall.service.parts import Parts, PartsOf

router = APIRouter(include_in_schema=False, dependencies=[require(Operation.ASK)])
_PASTED = "pasted text"
_SHOWN_EVIDENCE = 1
"""Printed results of one option on the board page; the full list of options shows them all."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a request brings: the sheet, the what-if beside it, and how the answers are wanted.

    `text` is a case file that could not be taken into the form, with its `fault`. `shown` are the answers that the
    page showed before.
    """

    sheet: Sheet = field(default_factory=Sheet)
    changes: Mapping[str, str] = field(default_factory=dict)
    country: str = DEFAULT_COUNTRY
    shown: str = ""
    text: str = ""
    fault: UnusableCase | None = None


@dataclass(frozen=True, kw_only=True)
class Upload:
    """The form that loads a case: its text field, and the file with its name."""

    text: str
    name: str
    content: bytes


async def _form(request: Request) -> dict[str, str]:
    async with request.form() as form:
        return {key: text for key, text in form.multi_items() if isinstance(text, str)}


async def _upload(request: Request) -> Upload:
    async with request.form(max_files=1) as form:
        text, file = form.get("text"), form.get("file")
        text = text if isinstance(text, str) else ""
        if not isinstance(file, StarletteFile):
            return Upload(text=text, name="", content=b"")
        return Upload(text=text, name=file.filename or "", content=await file.read())


FormOf = Annotated[dict[str, str], Depends(_form)]


def asking(form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Read what a submitted form asks."""
    country = form.get("country", "")
    known = countries(knowledge.therapy.agents)
    return Asking(
        sheet=from_form(form, knowledge.vocabulary),
        changes=changes_from_form(form, knowledge),
        country=country if country in known else DEFAULT_COUNTRY,
        shown=form.get("shown", ""),
    )


@router.get("/board")
def empty(request: Request, parts: PartsOf) -> HTMLResponse:
    """Show the form with nothing in it."""
    return page_of(request, parts, Asking())


@router.post("/board")
def show(request: Request, parts: PartsOf, form: FormOf) -> HTMLResponse:
    """Do what the pressed button asks (an answer, a row more or less, a what-if) and show the whole page."""
    asked = asking(form, parts.knowledge)
    if "set" in form:
        asked = _answered(asked, form["set"], form, parts.knowledge)
    return page_of(request, parts, _done(asked, form.get("do", ""), form, parts.knowledge))


@router.post("/board/answers")
def live(request: Request, parts: PartsOf, form: FormOf) -> HTMLResponse:
    """Give the answers alone, and the faults of the fields, while the form is filled in."""
    return _rendered(request, "board_live.html.j2", parts, asking(form, parts.knowledge), form)


@router.post("/board/example")
def example(request: Request, parts: PartsOf, form: FormOf) -> HTMLResponse:
    """Load a worked example."""
    chosen = examples().get(form.get("example", ""))
    if chosen is None:
        return page_of(request, parts, Asking())
    return page_of(request, parts, _loaded(chosen.text, chosen.name, parts.knowledge))


@router.post("/board/load")
def load(request: Request, parts: PartsOf, given: Annotated[Upload, Depends(_upload)]) -> HTMLResponse:
    """Load a case file that was pasted or uploaded; one that cannot be read stays in the text field with its fault."""
    text = given.content.decode("utf-8-sig", errors="replace") if given.content else given.text
    return page_of(request, parts, _loaded(text, given.name, parts.knowledge))


def _loaded(text: str, name: str, knowledge: Knowledge) -> Asking:
    shown_name = name or _PASTED
    try:
        document = read_document(text, name=shown_name, error=UnusableCase)
        stem = name.rsplit(".", 1)[0] if name else ""
        return Asking(sheet=from_document(document, knowledge.vocabulary, name=stem))
    except UnusableCase as fault:
        return Asking(text=text, fault=fault)


def _answered(asked: Asking, pressed: str, form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Put an answer to the open question into its field; `NAME=` takes it from the text field of the question."""
    name, _, text = pressed.partition("=")
    if name not in knowledge.vocabulary.statable:
        return asked
    text = text or form.get("answer", "").strip()
    facts = {**asked.sheet.facts, name: text} if text else asked.sheet.facts
    return replace(asked, sheet=replace(asked.sheet, facts=facts))


def _done(asked: Asking, action: str, form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Add or remove a row or a what-if."""
    verb, _, what = action.partition(" ")
    sheet = asked.sheet
    if verb == "add" and what in {"mrd", "exposures"}:
        empty_row: Row = {}
        return replace(asked, sheet=replace(sheet, **{what: (*getattr(sheet, what), empty_row)}))
    if verb == "remove":
        part, _, number = what.partition(".")
        if part in {"mrd", "exposures"} and number.isdecimal():
            rows = getattr(sheet, part)
            kept = tuple(row for i, row in enumerate(rows) if i != int(number))
            return replace(asked, sheet=replace(sheet, **{part: kept}))
        return replace(asked, changes={name: text for name, text in asked.changes.items() if name != what})
    if verb == "change" and form.get("change", "") in knowledge.vocabulary.statable:
        return replace(asked, changes={**asked.changes, form["change"]: ""})
    if verb == "unchange":
        return replace(asked, changes={})
    return asked


def page_of(request: Request, parts: Parts, asked: Asking, *, status: int = 200) -> HTMLResponse:
    """Give the whole page."""
    return _rendered(request, "board.html.j2", parts, asked, {}, status=status)


def _rendered(
    request: Request, template: str, parts: Parts, asked: Asking, form: Mapping[str, str], *, status: int = 200
) -> HTMLResponse:
    # Words that the vocabulary and the report room give are looked up as they are, percent signs included.
    said = translations(language_of(request)).gettext
    return render(request, template, status=status, said=said, **_context(parts, asked, form))


def _context(parts: Parts, asked: Asking, form: Mapping[str, str]) -> dict[str, object]:
    knowledge = parts.knowledge
    vocabulary = knowledge.vocabulary
    reading = read_sheet(asked.sheet, knowledge)
    today = dt.datetime.now(tz=dt.UTC).date()
    found = answers(reading, knowledge, changes=asked.changes, shown=asked.shown, on=today, country=asked.country)
    return {
        "asked": asked,
        "sheet": asked.sheet,
        "reading": reading,
        "answers": found,
        "groups": groups(vocabulary, asked.sheet.facts),
        "changed_fields": [field_of(name, vocabulary, text) for name, text in asked.changes.items()],
        "statable": vocabulary.statable,
        "timepoints": vocabulary.timepoints,
        "mrd_rows": _rows(asked.sheet.mrd, MRD_KEYS),
        "exposure_rows": _rows(asked.sheet.exposures, EXPOSURE_KEYS),
        "examples": examples().values(),
        "countries": countries(knowledge.therapy.agents),
        "cleared": _cleared(reading, form),
        "knowledge": knowledge,
        "bibliography": Bibliography(knowledge),
        "today": today,
        "words": _WORDS,
        "purposes": PURPOSE_WORDS,
        "shown_evidence": _SHOWN_EVIDENCE,
    }


def _rows(rows: Sequence[Row], keys: Sequence[str]) -> list[dict[str, str]]:
    """Give the rows with a text for every field; where there is none, one empty row to fill in."""
    return [{key: row.get(key, "") for key in keys} for row in rows or [{}]]


def _cleared(reading: Reading, form: Mapping[str, str]) -> list[str]:
    """Name the fields whose fault, shown on the page, is gone."""
    return [place for place in form.get("faults", "").split() if place not in _marked(reading)]


def _marked(reading: Reading) -> set[str]:
    return {*reading.wrong, *(f"fact.{name}" for name in reading.contradicting)}


_WORDS = {
    "label": label, "fact_name": fact_name, "shown": shown, "why": why, "label_words": label_words,
    "arm": arm_words, "effect": effect_words, "endpoint": endpoint_words, "outcome": outcome_words,
    "source": source_words,
}  # fmt: skip
"""The words of the report room that the templates use."""
