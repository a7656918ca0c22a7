"""What a request brings: a case as JSON or YAML, or a form with files; both closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from reall.api.inputs import File
from reall.base.documents import MAXIMUM_BYTES
from reall.base.errors import ReallError, WrongUsage
from reall.facts.vocabulary import nearest
from reall.service.access.gate import form_limits
from reall.service.rest.problems import Refused

JSON = "application/json"
YAML = "application/yaml"
FORM = "multipart/form-data"
CASE_TYPES = (JSON, YAML, "application/x-yaml", "text/yaml")
MOST_FILES = 16
"""Most files in one field of a form; the settings of the site limit the whole form."""
MOST_FILES_OF_TWO = 8
"""The same where a form has two fields that take several."""
MOST_CASES = 1_000
"""More cases than this are for `reall cohort assign`."""


class UnsupportedMediaType(ReallError):
    """The body is of a kind that this address does not read."""

    code = "reall/unsupported-media-type"


class NotAcceptable(ReallError):
    """The caller asks for a kind of answer that there is not."""

    code = "reall/not-acceptable"


class TooLarge(ReallError):
    """The body is longer than what is read here."""

    code = "reall/too-large"


class MalformedRequest(ReallError):
    """The body is not what its media type says."""

    code = "reall/malformed-request"


@dataclass(frozen=True)
class Form:
    """A form: its texts by field, in order, and its files by field."""

    texts: Mapping[str, list[str]]
    files: Mapping[str, list[File]]


def media_type(request: Request) -> str:
    """Give the media type of the body in lower case, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_other_types(request: Request, allowed: Collection[str]) -> None:
    """Refuse a body of another media type with 415."""
    given = media_type(request)
    if given not in allowed:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            UnsupportedMediaType(
                f"a body of type {given or 'not stated'} is not read here",
                where="Content-Type",
                next=f"Send {' or '.join(allowed)}.",
            ),
            {"Accept": ", ".join(allowed)},
        )


def refuse_other_answers(request: Request) -> None:
    """Refuse with 406 a caller that takes no JSON."""
    wanted = request.headers.get("accept", "")
    kinds = {
        part.partition(";")[0].strip().lower() for part in wanted.split(",") if "q=0" not in part.replace(" ", "")[-3:]
    }
    if wanted.strip() and not kinds & {"*/*", "application/*", JSON}:
        raise Refused(
            HTTPStatus.NOT_ACCEPTABLE,
            NotAcceptable("answers are JSON", where="Accept", next=f"Ask for {JSON}."),
        )


def refuse_unknown_query(request: Request, known: Collection[str]) -> None:
    """Refuse a parameter that would otherwise be passed over in silence."""
    for name in request.query_params:
        if name not in known:
            raise WrongUsage(
                f"there is no parameter {name!r}",
                where="query",
                next=nearest(name, known) or (f"Known are {', '.join(known)}." if known else "Leave it out."),
            )


async def text_of(request: Request) -> bytes:
    """Read the body, no further than a case may be long."""
    pieces, length = [], 0
    async for piece in request.stream():
        length += len(piece)
        if length > MAXIMUM_BYTES:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                TooLarge("the body is too long", where="body", why=f"Up to {MAXIMUM_BYTES:,} bytes are read."),
            )
        pieces.append(piece)
    return b"".join(pieces)


async def form_of(request: Request, *, texts: Collection[str], files: Collection[str], most: int = MOST_FILES) -> Form:
    """Read a form. Raises `WrongUsage` for a field that is not known, of the wrong kind, or with too many files."""
    try:
        async with request.form(**form_limits(request.app.state.settings)) as form:
            read = await _read_form(form, texts, files)
    except HTTPException as error:
        raise Refused(
            HTTPStatus.BAD_REQUEST, MalformedRequest("the form cannot be read", why=str(error.detail), where="body")
        ) from None

    for name, given in read.files.items():
        if len(given) > most:
            raise WrongUsage(f"{name} has {len(given)} files", where=name, why=f"At most {most} are read.")
    return read


async def _read_form(form: FormData, texts: Collection[str], files: Collection[str]) -> Form:
    given_texts: dict[str, list[str]] = {}
    given_files: dict[str, list[File]] = {}
    known = sorted({*texts, *files})
    for name, value in form.multi_items():
        if name not in known:
            raise WrongUsage(
                f"there is no field {name!r}", where="form", next=nearest(name, known) or f"Use {', '.join(known)}."
            )
        if isinstance(value, str) and name not in texts:
            raise WrongUsage(f"{name} is a text where a file is needed", where=name, next="Send it with a file name.")
        if isinstance(value, str):
            given_texts.setdefault(name, []).append(value)
        elif name in files:
            given_files.setdefault(name, []).append(File(value.filename or name, await value.read()))
        else:
            raise WrongUsage(f"{name} is a text, not a file", where=name)
    return Form(given_texts, given_files)
