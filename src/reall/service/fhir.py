"""The FHIR door: `POST /fhir/$assess` and `GET /fhir/metadata`. Refusals are OperationOutcomes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from reall.api.convert import assess_record
from reall.api.output import written
from reall.base.errors import ReallError, UnusableCase
from reall.library.fhir import codes_of
from reall.report.fhir.capability import capability_statement
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.parts import PartsOf

router = APIRouter(prefix="/fhir", include_in_schema=False)

MEDIA_TYPE = "application/fhir+json"
_READ = (MEDIA_TYPE, "application/json", "application/json+fhir")
_NO_STORE = {"Cache-Control": "no-store"}
_KINDS = {HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported", HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-costly"}


@router.get("/metadata", dependencies=[require(Operation.OPEN)])
async def metadata(parts: PartsOf) -> Response:
    """Describe this door."""
    return _answer(capability_statement(codes_of(parts.knowledge)))


@router.post("/$assess", dependencies=[require(Operation.ASK)])
async def assess(request: Request, parts: PartsOf) -> Response:
    """Assess the child whose Bundle is sent; the answer is a Bundle, and nothing is kept."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _READ:
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return refusal(
            status, UnusableCase(f"a body of type {given or 'not stated'} is not read", next=f"Send {MEDIA_TYPE}.")
        )
    content = await request.body()
    try:
        return Response(await parts.workers.run(_assess, content), headers=_NO_STORE, media_type=MEDIA_TYPE)
    except UnusableCase as error:
        return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error)


def _assess(content: bytes) -> bytes:
    return written(assess_record(content))


def _answer(resource: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(written(resource), status, _NO_STORE, MEDIA_TYPE)


def refusal(status: HTTPStatus, error: ReallError) -> Response:
    """Say no with an OperationOutcome, as every door of FHIR does."""
    issue = {
        "severity": "error", "code": _KINDS.get(status, "processing"), "details": {"text": error.code},
        "diagnostics": str(error), **({"expression": [error.where]} if error.where.startswith("Bundle") else {}),
    }  # fmt: skip
    return _answer({"resourceType": "OperationOutcome", "issue": [issue]}, status)
