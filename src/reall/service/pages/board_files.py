"""What can be taken away from the board page: the case, the assessment, the board's report on paper, all options."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

from fastapi import APIRouter, Request, Response

from reall.library.therapy import DEFAULT_COUNTRY
from reall.options.board import board
from reall.options.eligibility import answer_options
from reall.report import assessment_page, options_page
from reall.report.options_json import option_json
from reall.report.to_json import assessment_json, dumps
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages.board import Asking, FormOf, asking, page_of
from reall.service.pages.board_reading import read_sheet
from reall.service.pages.board_sheet import to_data
from reall.service.parts import Parts, PartsOf
from reall.stratify.assess import Assessment

router = APIRouter(include_in_schema=False, dependencies=[require(Operation.ASK)])
_UNUSABLE = 422
_JSON, _YAML, _HTML, _PDF = "application/json", "application/yaml", "text/html", "application/pdf"


@router.post("/board/case.yaml")
def case_yaml(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give the case as a YAML file, also one that cannot be used yet."""
    asked = asking(form, parts.knowledge)
    return _file(as_yaml(to_data(asked.sheet, parts.knowledge.vocabulary)), _YAML, asked, "yaml")


@router.post("/board/case.json")
def case_json(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give the case as a JSON file, also one that cannot be used yet."""
    asked = asking(form, parts.knowledge)
    return _file(dumps(to_data(asked.sheet, parts.knowledge.vocabulary)) + "\n", _JSON, asked, "json")


@router.post("/board/assessment.json")
def assessment(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give the assessment, byte for byte what `reall assess CASE --json` writes for the case file."""
    asked, found = _assessed(parts, form)
    if found is None:
        return page_of(request, parts, asked, status=_UNUSABLE)
    return _file(assessment_bytes(found), _JSON, asked, "assessment.json")


@router.post("/board/report")
def report(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give the board's report as a page: one A4 sheet first, explanations after it."""
    asked, found = _assessed(parts, form)
    if found is None:
        return page_of(request, parts, asked, status=_UNUSABLE)
    return _alone(_report(found))


@router.post("/board/report.pdf")
def report_pdf(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give the board's report as a tagged PDF."""
    asked, found = _assessed(parts, form)
    if found is None:
        return page_of(request, parts, asked, status=_UNUSABLE)
    return _file(assessment_page.as_pdf(_report(found), tagged=True), _PDF, asked, "pdf")


@router.post("/board/options")
def options(request: Request, parts: PartsOf, form: FormOf) -> Response:
    """Give every option with all its criteria, cautions, evidence and regimens as a page."""
    asked, found = _assessed(parts, form)
    if found is None:
        return page_of(request, parts, asked, status=_UNUSABLE)
    answered = board(found.case, found.masks, found.knowledge, on=_today(), country=asked.country)
    return _alone(options_page.page(answered, found.outcomes, ""))


def _assessed(parts: Parts, form: dict[str, str]) -> tuple[Asking, Assessment | None]:
    """Read the form; no assessment where a field is wrong, because paper would not show that it was left out."""
    asked = asking(form, parts.knowledge)
    reading = read_sheet(asked.sheet, parts.knowledge)
    return asked, reading.assessment if reading.usable else None


def assessment_bytes(found: Assessment) -> str:
    """Write an assessment as the command line does."""
    answers = answer_options(found.case, found.masks, found.knowledge, on=_today(), country=DEFAULT_COUNTRY)
    return dumps(assessment_json(found, [option_json(answer) for answer in answers])) + "\n"


def _report(found: Assessment) -> str:
    return assessment_page.page([assessment_page.report(found)])


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def as_yaml(data: dict[str, Any]) -> str:
    """Write plain data as YAML 1.2."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to load, and only wanted here

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


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
