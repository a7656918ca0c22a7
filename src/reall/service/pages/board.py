"""The board page: a case in a form, and everything that the rules answer to it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation
from reall.service.pages.board_asking import Asking, FormOf, UploadOf, answered, asking, done, loaded
from reall.service.pages.board_examples import examples
from reall.service.pages.board_kept import kept_of
from reall.service.pages.board_page import answers_of, page_of
from reall.service.parts import PartsOf

router = APIRouter(include_in_schema=False, dependencies=[require(Operation.ASK)])


@router.get("/board")
def empty(request: Request, parts: PartsOf, principal: PrincipalOf) -> HTMLResponse:
    """Show the form with nothing in it."""
    return page_of(request, parts, principal, Asking())


@router.post("/board")
def show(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> HTMLResponse:
    """Do what the pressed button asks (an answer, a row more or less, a what-if) and show the whole page."""
    asked = asking(form, parts.knowledge)
    if "set" in form:
        asked = answered(asked, form["set"], form, parts.knowledge)
    asked = done(asked, form.get("do", ""), form, parts.knowledge)
    return page_of(request, parts, principal, asked, kept=kept_of(parts, principal, asked.case_id))


@router.post("/board/answers")
def live(request: Request, parts: PartsOf, form: FormOf) -> HTMLResponse:
    """Give the answers alone, and the faults of the fields, while the form is filled in."""
    return answers_of(request, parts, asking(form, parts.knowledge), form.get("faults", ""))


@router.post("/board/example")
def example(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> HTMLResponse:
    """Load a worked example."""
    chosen = examples().get(form.get("example", ""))
    asked = Asking() if chosen is None else loaded(chosen.text, chosen.name, parts.knowledge)
    return page_of(request, parts, principal, asked)


@router.post("/board/load")
def load(request: Request, parts: PartsOf, principal: PrincipalOf, given: UploadOf) -> HTMLResponse:
    """Load a case file that was pasted or uploaded; one that cannot be read stays in the text field with its fault."""
    text = given.content.decode("utf-8-sig", errors="replace") if given.content else given.text
    return page_of(request, parts, principal, loaded(text, given.name, parts.knowledge))
