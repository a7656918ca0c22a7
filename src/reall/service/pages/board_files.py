"""What can be taken away from the board page: the case, the assessment, the board's report on paper, all options."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from reall.library.therapy import DEFAULT_COUNTRY
from reall.options.board import board
from reall.options.eligibility import answer_options
from reall.report import assessment_page, options_page
from reall.report.options_json import option_json
from reall.report.to_json import assessment_json, dumps
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation, Principal
from reall.service.pages.board_asking import Asking, FormOf, asking
from reall.service.pages.board_kept import kept_of
from reall.service.pages.board_page import page_of, today
from reall.service.pages.board_reading import read_sheet
from reall.service.pages.board_sheet import as_yaml, to_data
from reall.service.parts import Parts, PartsOf
from reall.service.store.records import Action, Detail
from reall.stratify.assess import Assessment

router = APIRouter(include_in_schema=False, dependencies=[require(Operation.ASK)])
_UNUSABLE = 422
_JSON, _YAML, _HTML, _PDF = "application/json", "application/yaml", "text/html", "application/pdf"


@router.post("/board/case.yaml")
def case_yaml(parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give the case as a YAML file, also one that cannot be used yet."""
    asked = asking(form, parts.knowledge)
    _record(parts, principal, Action.CASE_EXPORTED, asked)
    return _file(as_yaml(to_data(asked.sheet, parts.knowledge.vocabulary)), _YAML, asked, "yaml")


@router.post("/board/case.json")
def case_json(parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give the case as a JSON file, also one that cannot be used yet."""
    asked = asking(form, parts.knowledge)
    _record(parts, principal, Action.CASE_EXPORTED, asked)
    return _file(dumps(to_data(asked.sheet, parts.knowledge.vocabulary)) + "\n", _JSON, asked, "json")


@router.post("/board/assessment.json")
def assessment(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give the assessment, byte for byte what `reall assess CASE --json` writes for the case file."""
    asked, found = _assessed(parts, form)
    if found is None:
        return _refused(request, parts, principal, asked)
    _record(parts, principal, Action.CASE_EXPORTED, asked)
    return _file(assessment_bytes(found), _JSON, asked, "assessment.json")


@router.post("/board/report")
def report(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give the board's report as a page: one A4 sheet first, explanations after it."""
    asked, found = _assessed(parts, form)
    if found is None:
        return _refused(request, parts, principal, asked)
    return _alone(_report(found, parts, principal, asked))


@router.post("/board/report.pdf")
def report_pdf(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give the board's report as a tagged PDF."""
    asked, found = _assessed(parts, form)
    if found is None:
        return _refused(request, parts, principal, asked)
    return _file(assessment_page.as_pdf(_report(found, parts, principal, asked), tagged=True), _PDF, asked, "pdf")


@router.post("/board/options")
def options(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Give every option with all its criteria, cautions, evidence and regimens as a page."""
    asked, found = _assessed(parts, form)
    if found is None:
        return _refused(request, parts, principal, asked)
    answered = board(found.case, found.masks, found.knowledge, on=today(), country=asked.country)
    return _alone(options_page.page(answered, found.outcomes))


def _assessed(parts: Parts, form: FormOf) -> tuple[Asking, Assessment | None]:
    """Read the form; no assessment where a field is wrong, because paper would not show that it was left out."""
    asked = asking(form, parts.knowledge)
    reading = read_sheet(asked.sheet, parts.knowledge)
    return asked, reading.assessment if reading.usable else None


def _refused(request: Request, parts: Parts, principal: Principal, asked: Asking) -> Response:
    """Show the page with what is wrong in place of the file."""
    kept = kept_of(parts, principal, asked.case_id)
    return page_of(request, parts, principal, asked, kept=kept, status=_UNUSABLE)


def _record(parts: Parts, principal: Principal, action: Action, asked: Asking) -> None:
    """Say in the audit log that something of a stored case was taken away."""
    if parts.store is not None and asked.case_id:
        parts.store.record(action, by=principal.id, target=asked.case_id, detail={Detail.VERSION: asked.version})


def assessment_bytes(found: Assessment) -> str:
    """Write an assessment as the command line does."""
    answers = answer_options(found.case, found.masks, found.knowledge, on=today(), country=DEFAULT_COUNTRY)
    return dumps(assessment_json(found, [option_json(answer) for answer in answers])) + "\n"


def _report(found: Assessment, parts: Parts, principal: Principal, asked: Asking) -> str:
    """Write the report; where there is a store, under the newest entry of its audit log."""
    _record(parts, principal, Action.REPORT_PRINTED, asked)
    head = str(parts.store.audit_head()) if parts.store is not None else ""
    return assessment_page.page([assessment_page.report(found)], audit_head=head)


def _file(content: str | bytes, media: str, asked: Asking, ending: str) -> Response:
    """Give a file to keep, named after the pseudonym as far as a file name may hold it."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", asked.sheet.case).strip("-")[:60] or "case"
    return Response(
        content, media_type=media, headers={"content-disposition": f'attachment; filename="{name}.{ending}"'}
    )


def _alone(html: str) -> Response:
    """Give a self-contained page under the policy that it carries itself."""
    own = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    headers = {"content-security-policy": own[1].replace("&#39;", "'")} if own else {}
    return Response(html, media_type=_HTML, headers=headers)
