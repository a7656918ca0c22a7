"""POST /api/v1/assess and /api/v1/options: one child, or several."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from reall.api.cases import assess, assess_many, options
from reall.api.inputs import File, case_document, cases_in
from reall.api.output import written
from reall.base.documents import Document
from reall.base.errors import UnusableCase, WrongUsage
from reall.library.therapy import DEFAULT_COUNTRY
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.parts import PartsOf
from reall.service.rest.answers import OF_CASES, answer, body, query, responses
from reall.service.rest.problems import PREFIX, Refused
from reall.service.rest.requests import (
    CASE_TYPES,
    FORM,
    JSON,
    MOST_CASES,
    MOST_FILES_OF_TWO,
    Form,
    form_of,
    media_type,
    refuse_other_answers,
    refuse_other_types,
    refuse_unknown_query,
    text_of,
)

router = APIRouter(prefix=PREFIX, tags=["cases"])

LONG_BYTES = 32_768
"""A body longer than this is read by a worker; a case has one or two kilobytes."""
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MOST_FILES_OF_TWO}
_CASE = {"$ref": "#/components/schemas/Case"}
_SYSTEM = {"type": "array", "items": {"type": "string"}}
_SYSTEM_WORDS = "Only this system (may be repeated)."
_ON = {"type": "string", "format": "date"}
_ON_WORDS = "Labels as they were on this day; default: today."
_COUNTRY = {"type": "string"}
_COUNTRY_WORDS = "Labels of this country (US, EU)."


def _form(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": ["case"], "additionalProperties": False}


_ASSESS_BODY = body(
    {kind: {"oneOf": [_CASE, {"$ref": "#/components/schemas/Cases"}]} for kind in CASE_TYPES[:2]}
    | {FORM: _form(case=_FILES | {"minItems": 1}, mrd=_FILES, system=_SYSTEM)}
)
_OPTIONS_BODY = body(
    dict.fromkeys(CASE_TYPES[:2], _CASE)
    | {FORM: _form(case={"type": "string", "format": "binary"}, study=_FILES, ctml=_FILES, on=_ON, country=_COUNTRY)}
)


@router.post(
    "/assess",
    dependencies=[require(Operation.ASK)],
    summary="Everything the published rules say about one child, or about several",
    responses=responses("AssessAnswer", "`reall.assessment/1`; for several cases a list.", OF_CASES),
    openapi_extra={**_ASSESS_BODY, "parameters": [query("system", _SYSTEM, _SYSTEM_WORDS)]},
    response_class=Response,
)
async def post_assess(request: Request, parts: PartsOf) -> Response:
    """Assess a case (JSON or YAML), a list of cases, or files of a form; `mrd` are results of the laboratory.

    In a list, a case that cannot be used is answered with its error and does not hide the others.
    """
    _look_at(request, {"system"})
    systems = request.query_params.getlist("system")
    if media_type(request) == FORM:
        form = await form_of(request, texts={"system"}, files={"case", "mrd"}, most=MOST_FILES_OF_TWO)
        return answer(await parts.workers.run(_assess_form, form, systems))
    text = await text_of(request)
    if len(text) > LONG_BYTES:
        return answer(await parts.workers.run(_assess_text, text, media_type(request), systems))
    document = _well_formed(text, media_type(request))
    if isinstance(document.data, list):
        return answer(await parts.workers.run(_assess_list, document, systems))
    return answer(parts.answers.assess(document, systems=systems))


def _look_at(request: Request, known: set[str]) -> None:
    refuse_other_answers(request)
    refuse_other_types(request, (*CASE_TYPES, FORM))
    refuse_unknown_query(request, known)


def _well_formed(text: bytes, kind: str) -> Document:
    """Read a body; what is not well-formed is refused with 400, while what says something impossible gets 422."""
    try:
        document = case_document(text)
        if kind == JSON and document.lines:
            raise UnusableCase("this is YAML, not JSON", where=document.name, next=f"Send it as {CASE_TYPES[1]}.")
    except UnusableCase as error:
        raise Refused(HTTPStatus.BAD_REQUEST, error) from None
    return document


def _assess_text(text: bytes, kind: str, systems: list[str]) -> bytes:
    document = _well_formed(text, kind)
    if isinstance(document.data, list):
        return _assess_list(document, systems)
    return written(assess(document, systems=systems))


def _assess_list(document: Document, systems: list[str]) -> bytes:
    cases = cases_in(document)
    if len(cases) > MOST_CASES:
        raise WrongUsage(
            f"these are {len(cases):,} cases", why=f"At most {MOST_CASES:,} are answered at a time.",
            next="Send fewer, or assign a registry with `reall cohort assign`.",
        )  # fmt: skip
    return written(assess_many(cases, systems=systems))


def _assess_form(form: Form, systems: list[str]) -> bytes:
    cases, mrd = form.files.get("case", []), form.files.get("mrd", [])
    systems = [*systems, *form.texts.get("system", [])]
    if len(cases) > 1 and mrd:
        raise WrongUsage("mrd goes with one case only", why="It would not be clear whose result it is.", where="mrd")
    if len(cases) > 1:
        return written(assess_many({file.name: file for file in cases}, systems=systems))
    case = _one(cases)
    return written(assess(case, systems=systems, mrd=mrd))


def _one(cases: list[File]) -> File:
    if len(cases) != 1:
        raise WrongUsage(f"the form has {len(cases)} files `case`", where="case", next="Send one.")
    return cases[0]


@router.post(
    "/options",
    dependencies=[require(Operation.ASK)],
    summary="What can be given, what forbids it, and which missing fact decides; never ranked",
    responses=responses("Options", "`reall.options/1`", OF_CASES),
    openapi_extra={
        **_OPTIONS_BODY,
        "parameters": [query("on", _ON, _ON_WORDS), query("country", _COUNTRY, _COUNTRY_WORDS)],
    },
    response_class=Response,
)
async def post_options(request: Request, parts: PartsOf) -> Response:
    """List the options for a case (JSON or YAML), or for a form with the case and descriptions of trials."""
    _look_at(request, {"on", "country"})
    labels = {name: values for name in ("on", "country") if (values := request.query_params.getlist(name))}
    if media_type(request) == FORM:
        files = {"case", "study", "ctml"}
        form = await form_of(request, texts={"on", "country"}, files=files, most=MOST_FILES_OF_TWO)
        return answer(await parts.workers.run(_options_form, form, labels))
    text, once = await text_of(request), _once(labels)
    if len(text) > LONG_BYTES:
        return answer(await parts.workers.run(_options_text, text, media_type(request), once))
    return answer(parts.answers.options(_well_formed(text, media_type(request)), **once))


def _once(texts: dict[str, list[str]]) -> dict[str, Any]:
    twice = next((name for name, values in texts.items() if len(values) > 1), None)
    if twice:
        raise WrongUsage(f"{twice} is given {len(texts[twice])} times", where=twice, next="Keep one.")
    return {"country": DEFAULT_COUNTRY, **{name: values[0] for name, values in texts.items()}}


def _options_text(text: bytes, kind: str, labels: dict[str, Any]) -> bytes:
    return written(options(_well_formed(text, kind), **labels))


def _options_form(form: Form, labels: dict[str, list[str]]) -> bytes:
    texts = {name: [*labels.get(name, []), *form.texts.get(name, [])] for name in {*labels, *form.texts}}
    case = _one(form.files.get("case", []))
    study, ctml = form.files.get("study", []), form.files.get("ctml", [])
    return written(options(case, studies=study, ctml=ctml, **_once(texts)))
