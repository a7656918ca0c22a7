"""Cases that the store keeps: the list, one case with its versions, decisions and kept assessments.

Every reading of a case is an entry in the audit log. An address holds the random id of a case, never a value of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from reall.base.errors import ReallError, UnusableCase
from reall.facts.reading import read_date
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation, Principal
from reall.service.pages.board_asking import Asking, FormOf, asking, loaded
from reall.service.pages.board_page import Kept, page_of, today
from reall.service.pages.board_reading import read_sheet
from reall.service.pages.board_sheet import as_yaml, to_data
from reall.service.pages.rendering import render
from reall.service.parts import Parts, PartsOf
from reall.service.store.errors import NotInStore, SavedMeanwhile
from reall.service.store.records import Action, AnswerTerms, CaseState, Detail
from reall.service.store.replay import answer
from reall.service.store.store import Store

router = APIRouter(include_in_schema=False)
_READ = [require(Operation.READ_CASES)]
_WRITE = [require(Operation.WRITE_CASES)]
_DECIDE = [require(Operation.RECORD_DECISIONS)]
_UNUSABLE, _CONFLICT, _NOT_FOUND, _NOT_NOW = 422, 409, 404, 503
_SEE_OTHER = 303
_LONGEST_NUMBER = 9


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Who asks what of which store."""

    request: Request
    parts: Parts
    store: Store
    principal: Principal


def _desk(request: Request, parts: PartsOf, principal: PrincipalOf) -> Desk:
    if parts.store is None:
        raise HTTPException(_NOT_FOUND, "this service keeps no cases: no store is configured")
    return Desk(request=request, parts=parts, store=parts.store, principal=principal)


DeskOf = Annotated[Desk, Depends(_desk)]


def kept_of(parts: Parts, principal: Principal, case_id: str) -> Kept | None:
    """Give what the store holds of a case; None without a store, without the right to read, or without the case."""
    if parts.store is None or not case_id or not principal.may(Operation.READ_CASES):
        return None
    try:
        history = parts.store.history(case_id)
    except NotInStore:
        return None
    return Kept(
        history=tuple(reversed(history)),
        decisions=parts.store.decisions(case_id),
        assessments=parts.store.assessments(case_id),
    )


@router.get("/cases", dependencies=_READ)
def listed(desk: DeskOf) -> HTMLResponse:
    """List the cases, the latest change first."""
    found = desk.store.cases(state=None)
    desk.store.record(Action.CASE_LISTED, by=desk.principal.id)
    return render(desk.request, "board_cases.html.j2", cases=found)


@router.get("/cases/{case_id}", dependencies=_READ)
def newest(desk: DeskOf, case_id: str) -> HTMLResponse:
    """Show the newest version of a case on the board page."""
    return _shown(desk, case_id, None)


@router.get("/cases/{case_id}/versions/{version}", dependencies=_READ)
def older(desk: DeskOf, case_id: str, version: int) -> HTMLResponse:
    """Show one version of a case on the board page."""
    return _shown(desk, case_id, version)


def _shown(desk: Desk, case_id: str, version: int | None) -> HTMLResponse:
    try:
        asked = _stored(desk, case_id, version)
    except NotInStore:
        raise HTTPException(_NOT_FOUND, "there is no such case or version") from None
    desk.store.record(Action.CASE_READ, by=desk.principal.id, target=case_id, detail={Detail.VERSION: asked.version})
    return _page(desk, asked)


def _stored(desk: Desk, case_id: str, version: int | None = None) -> Asking:
    """Take a stored version into the form; the withdrawal of a case holds nothing. Raises `NotInStore`."""
    found = desk.store.case(case_id, version)
    withdrawn = found.state is CaseState.WITHDRAWN
    asked = Asking() if withdrawn else loaded(found.document, "", desk.parts.knowledge)
    return replace(asked, case_id=case_id, version=found.version)


@router.post("/cases", dependencies=_WRITE)
def save(desk: DeskOf, form: FormOf) -> Response:
    """Keep the case on the page as a new case, or as the next version of the one that it was read from."""
    asked = asking(form, desk.parts.knowledge)
    if not read_sheet(asked.sheet, desk.parts.knowledge).usable:
        return _page(desk, asked, status=_UNUSABLE)
    document = as_yaml(to_data(asked.sheet, desk.parts.knowledge.vocabulary))
    try:
        saved = desk.store.save_case(
            asked.case_id or None, document, by=desk.principal.id, expected=asked.version if asked.case_id else None
        )
    except ReallError as problem:
        return _refused(desk, asked, problem)
    return _to(saved.case_id)


@router.post("/cases/{case_id}/withdrawal", dependencies=_WRITE)
def withdraw(desk: DeskOf, case_id: str, form: FormOf) -> Response:
    """Mark a case as withdrawn; its older versions stay readable."""
    try:
        desk.store.withdraw_case(case_id, by=desk.principal.id, expected=_number(form, "version"))
    except ReallError as problem:
        return _refused_at(desk, case_id, problem)
    return _to(case_id)


@router.post("/cases/{case_id}/assessments", dependencies=_WRITE)
def keep(desk: DeskOf, case_id: str, form: FormOf) -> Response:
    """Keep the assessment of a saved version, with the day and the country of its labels."""
    version = _number(form, "version")
    terms = AnswerTerms(on=today(), country=form.get("country", ""))
    try:
        content = answer(desk.store.case(case_id, version).document, desk.parts.knowledge, terms)
        desk.store.keep_assessment(case_id, version, content, desk.parts.knowledge, terms=terms, by=desk.principal.id)
    except ReallError as problem:
        return _refused_at(desk, case_id, problem)
    return _to(case_id)


@router.post("/cases/{case_id}/reruns", dependencies=_READ)
def rerun(desk: DeskOf, case_id: str, form: FormOf) -> Response:
    """Give a kept assessment again under its own knowledge, and say whether it is the same."""
    try:
        again = desk.store.rerun(form.get("assessment", ""), by=desk.principal.id)
        return _page(desk, replace(_stored(desk, case_id), done=again.in_words))
    except ReallError as problem:
        return _refused_at(desk, case_id, problem)


@router.post("/cases/{case_id}/decisions", dependencies=_DECIDE)
def decide(desk: DeskOf, case_id: str, form: FormOf) -> Response:
    """Record what a board decided, or amend a decision: who took part, on which day, what, and what follows."""
    said = {name: form.get(name, "") for name in ("who", "what", "follow_up")}
    try:
        when = _day(form.get("when", ""))
        if decision := form.get("decision"):
            desk.store.amend_decision(
                decision, **said, when=when, expected=_number(form, "expected"), by=desk.principal.id
            )
        else:
            desk.store.record_decision(
                case_id, **said, when=when, case_version=_number(form, "version"), by=desk.principal.id,
                assessment_id=form.get("assessment") or None,
            )  # fmt: skip
    except ReallError as problem:
        return _refused_at(desk, case_id, problem, entered={**said, "when": form.get("when", "")})
    return _to(case_id)


def _day(text: str) -> dt.date:
    try:
        return read_date(text)
    except UnusableCase as error:
        raise UnusableCase(f"the day of the decision: {error.what}", next=error.next) from None


def _number(form: FormOf, name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


def _to(case_id: str) -> Response:
    return RedirectResponse(f"/cases/{case_id}#kept", status_code=_SEE_OTHER)


def _page(desk: Desk, asked: Asking, *, status: int = 200) -> HTMLResponse:
    kept = kept_of(desk.parts, desk.principal, asked.case_id)
    return page_of(desk.request, desk.parts, desk.principal, asked, kept=kept, status=status)


def _refused(desk: Desk, asked: Asking, problem: ReallError) -> Response:
    """Say why nothing was kept; what stands in the form stays there."""
    known = {NotInStore: _NOT_FOUND, SavedMeanwhile: _CONFLICT, UnusableCase: _UNUSABLE}
    status = known.get(type(problem), _NOT_NOW)
    asked = replace(asked, problem=problem)
    return _page(desk, asked, status=status)


def _refused_at(desk: Desk, case_id: str, problem: ReallError, entered: Mapping[str, str] | None = None) -> Response:
    """Say why nothing was kept, beside the case as it is stored; `entered` stands in the form of a decision again."""
    try:
        asked = _stored(desk, case_id)
    except NotInStore:
        asked = Asking()
    return _refused(desk, replace(asked, entered=entered or {}), problem)
