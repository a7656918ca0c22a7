"""POST /api/v1/mrd/… and /api/v1/clones: raw laboratory data as a form with files; the work is done by workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from reall.api import clones as tell_story
from reall.api import mrd
from reall.api.output import written
from reall.service.access import operations
from reall.service.access.gate import require
from reall.service.parts import PartsOf
from reall.service.rest.answers import OF_CASES, answer, body, responses
from reall.service.rest.fields import Operation
from reall.service.rest.problems import PREFIX
from reall.service.rest.requests import FORM, form_of, refuse_other_answers, refuse_other_types, refuse_unknown_query

router = APIRouter(prefix=PREFIX, tags=["laboratory"])

OPERATIONS: dict[str, tuple[Operation, str, str]] = {
    "mrd/rqpcr": (Operation(mrd.rqpcr), "MrdResult", "MRD from a qPCR plate"),
    "mrd/ddpcr": (Operation(mrd.ddpcr), "MrdResult", "MRD from droplet counts"),
    "mrd/ngs": (Operation(mrd.ngs), "MrdResult", "Clonotypes over time from sequencing"),
    "mrd/flow": (Operation(mrd.flow), "MrdResult", "MRD from flow cytometry: declared gates, or counts"),
    "mrd/course": (Operation(mrd.course), "MrdCourse", "The results of one patient over time"),
    "clones": (Operation(tell_story), "Clones", "Where a relapse came from, from read counts"),
}
"""Address to operation, schema of its answer, and summary."""


def perform(name: str, arguments: dict[str, Any]) -> bytes:
    """Do an operation, in a worker or here, and give the bytes of its answer."""
    return written(OPERATIONS[name][0].function(**arguments))


def _route(name: str, operation: Operation) -> Callable[[Request, PartsOf], Awaitable[Response]]:
    async def post(request: Request, parts: PartsOf) -> Response:
        refuse_other_answers(request)
        refuse_other_types(request, (FORM,))
        refuse_unknown_query(request, ())
        form = await form_of(request, texts=operation.texts, files=operation.files)
        arguments = operation.from_form(form.texts, form.files)
        return answer(await parts.workers.run(perform, name, arguments))

    post.__doc__ = operation.function.__doc__
    return post


for _name, (_operation, _schema, _summary) in OPERATIONS.items():
    router.add_api_route(
        f"/{_name}",
        _route(_name, _operation),
        methods=["POST"],
        name=_name,
        operation_id=_name.replace("/", "_"),
        dependencies=[require(operations.Operation.ASK)],
        summary=_summary,
        responses=responses(_schema, f"`reall.{_name.partition('/')[0]}/1`", OF_CASES),
        openapi_extra=body({FORM: _operation.form_schema}),
        response_class=Response,
    )
