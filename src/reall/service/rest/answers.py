"""Answers as they leave: JSON bytes made once, kept by nobody; and what OpenAPI says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reall.service.rest.problems import MEDIA_TYPE, NO_STORE
from reall.service.rest.requests import JSON

_SAYS = {
    HTTPStatus.BAD_REQUEST: "The body is not well-formed.",
    HTTPStatus.NOT_FOUND: "There is no such entry.",
    HTTPStatus.NOT_ACCEPTABLE: "Only JSON is answered.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a kind that is not read here.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was given cannot be used; the problem says what, where, why and what next.",
    HTTPStatus.SERVICE_UNAVAILABLE: "There is too much other work; ask again.",
    HTTPStatus.GATEWAY_TIMEOUT: "The work was stopped after the longest time that the site allows.",
}
OF_CASES = (400, 406, 413, 415, 422, 503, 504)
OF_ENTRIES = (404, 406, 422)


def answer(content: bytes) -> Response:
    """Give the bytes of an answer."""
    return Response(content, headers=NO_STORE, media_type=JSON)


def responses(schema: str, words: str, refusals: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a route (a named schema) and its refusals."""
    said: dict[int | str, dict[str, Any]] = {
        200: {"description": words, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    }
    said.update({status: _refusal(_SAYS[HTTPStatus(status)]) for status in refusals})
    said["default"] = _refusal("Any other refusal, such as a missing sign-in.")
    return said


def _refusal(words: str) -> dict[str, Any]:
    return {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def body(content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Describe a body by media type and schema."""
    return {
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in content.items()}}
    }


def query(name: str, schema: Mapping[str, Any], words: str) -> dict[str, Any]:
    """Describe a parameter of the address."""
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
