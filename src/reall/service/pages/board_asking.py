"""What a request to the board page brings: the fields of its form, the what-if beside them, a file to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from reall.base.documents import read_document
from reall.base.errors import ReallError, UnusableCase
from reall.library.knowledge import Knowledge
from reall.library.therapy import DEFAULT_COUNTRY
from reall.options.labels import countries
from reall.service.access.gate import form_limits
from reall.service.pages.board_sheet import Sheet, from_document, from_form
from reall.service.pages.board_what_if import changes_from_form

_PASTED = "pasted text"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The sheet, the what-if beside it, and how the answers are wanted.

    `text` is a case file that could not be taken into the form, with its `fault`. `shown` are the answers that the
    page showed before. `case_id` and `version` name the stored case that the sheet was read from. `problem` is why
    something asked of the store was not done, `done` says in words what was, `entered` is a decision not recorded.
    """

    sheet: Sheet = field(default_factory=Sheet)
    changes: Mapping[str, str] = field(default_factory=dict)
    country: str = DEFAULT_COUNTRY
    shown: str = ""
    text: str = ""
    fault: UnusableCase | None = None
    case_id: str = ""
    version: int = 0
    problem: ReallError | None = None
    done: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """The form that loads a case: its text field, and the file with its name."""

    text: str
    name: str
    content: bytes


async def _form(request: Request) -> dict[str, str]:
    async with request.form(**form_limits(request.app.state.settings)) as form:
        return {key: text for key, text in form.multi_items() if isinstance(text, str)}


async def _upload(request: Request) -> Upload:
    async with request.form(**form_limits(request.app.state.settings)) as form:
        text, file = form.get("text"), form.get("file")
        text = text if isinstance(text, str) else ""
        if not isinstance(file, UploadFile):
            return Upload(text=text, name="", content=b"")
        return Upload(text=text, name=file.filename or "", content=await file.read())


FormOf = Annotated[dict[str, str], Depends(_form)]
UploadOf = Annotated[Upload, Depends(_upload)]


def asking(form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Read what a submitted form asks."""
    country, version = form.get("country", ""), form.get("version", "")
    known = countries(knowledge.therapy.agents)
    return Asking(
        sheet=from_form(form, knowledge.vocabulary),
        changes=changes_from_form(form, knowledge),
        country=country if country in known else DEFAULT_COUNTRY,
        shown=form.get("shown", ""),
        case_id=form.get("case_id", ""),
        version=int(version) if version.isdecimal() else 0,
    )


def loaded(text: str, name: str, knowledge: Knowledge) -> Asking:
    """Take a case file into the form; one that cannot be taken stays a text, with its fault."""
    try:
        document = read_document(text, name=name or _PASTED, error=UnusableCase)
        return Asking(sheet=from_document(document, knowledge.vocabulary, name=name.rsplit(".", 1)[0]))
    except UnusableCase as fault:
        return Asking(text=text, fault=fault)


def answered(asked: Asking, pressed: str, form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Put an answer to the open question into its field; `NAME=` takes it from the text field of the question."""
    name, _, text = pressed.partition("=")
    if name not in knowledge.vocabulary.statable:
        return asked
    text = text or form.get("answer", "").strip()
    facts = {**asked.sheet.facts, name: text} if text else asked.sheet.facts
    return replace(asked, sheet=replace(asked.sheet, facts=facts))


def done(asked: Asking, action: str, form: Mapping[str, str], knowledge: Knowledge) -> Asking:
    """Add or remove a row or a what-if."""
    verb, _, what = action.partition(" ")
    sheet = asked.sheet
    if verb == "add" and what in {"mrd", "exposures"}:
        return replace(asked, sheet=sheet.with_rows(what, (*sheet.rows(what), {})))
    if verb == "remove":
        part, _, number = what.partition(".")
        if part in {"mrd", "exposures"}:
            kept = tuple(row for i, row in enumerate(sheet.rows(part)) if str(i) != number)
            return replace(asked, sheet=sheet.with_rows(part, kept))
        return replace(asked, changes={name: text for name, text in asked.changes.items() if name != what})
    if verb == "change" and form.get("change", "") in knowledge.vocabulary.statable:
        return replace(asked, changes={**asked.changes, form["change"]: ""})
    return asked
