"""The reader's language: chosen on the page, else what the browser asks for, else English."""

from __future__ import annotations

import functools
import gettext
import io
from pathlib import Path
from typing import Annotated

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from reall.service.access.gate import require
from reall.service.access.operations import Operation

LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "language"
_ONE_YEAR = 365 * 24 * 3600
_CATALOGUES = Path(__file__).parent.parent / "messages"

router = APIRouter()


@functools.cache
def translations(language: str) -> gettext.NullTranslations:
    """Read `messages/<language>.po` once; a message that is not in it stays English."""
    file = _CATALOGUES / f"{language}.po"
    if not file.is_file():
        return gettext.NullTranslations()
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(request: Request) -> str:
    """Choose the language of a request: the one it asks for itself, the one chosen before, or the browser's."""
    for chosen in (request.query_params.get(COOKIE, ""), request.cookies.get(COOKIE, "")):
        if chosen in LANGUAGES:
            return chosen
    wanted = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return negotiate_locale([w for w in wanted if w], LANGUAGES, sep="-") or "en"


@router.post("/language", dependencies=[require(Operation.OPEN)], include_in_schema=False)
def choose(request: Request, language: Annotated[str, Form()], page: Annotated[str, Form()] = "/") -> RedirectResponse:
    """Remember the language and go back to the page, which is always one of ours."""
    answer = RedirectResponse(page if _is_ours(page) else "/", status_code=303)
    remember(language, request, answer)
    return answer


def remember(language: str, request: Request, answer: Response) -> None:
    """Keep a language in the reader's browser; any other word is ignored."""
    if language in LANGUAGES:
        https = request.url.scheme == "https"
        answer.set_cookie(COOKIE, language, max_age=_ONE_YEAR, httponly=True, secure=https, samesite="lax")


def _is_ours(page: str) -> bool:
    """Tell a path of this service from another address.

    >>> [_is_ours(p) for p in ("/knowledge?q=time", "//elsewhere", "/\\\\elsewhere", "https://elsewhere", "/a\\nb")]
    [True, False, False, False, False]
    """
    return page.startswith("/") and not page.startswith(("//", "/\\")) and page.isprintable()
