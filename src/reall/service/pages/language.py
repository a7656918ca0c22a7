"""The reader's language: chosen on the page, else what the browser asks for, else English."""

from __future__ import annotations

import functools
import gettext
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request

LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "language"
_CATALOGUES = Path(__file__).parent.parent / "messages"


class Catalogue(gettext.NullTranslations):
    """One language's messages, read from `messages/<language>.po`; a message that is not in it stays English."""

    def __init__(self, messages: dict[str, str]) -> None:
        super().__init__()
        self._messages = messages

    def gettext(self, message: str) -> str:
        """Give the message in this language."""
        return self._messages.get(message) or message


@functools.cache
def translations(language: str) -> Catalogue:
    """Read the catalogue of a language once."""
    file = _CATALOGUES / f"{language}.po"
    if not file.is_file():
        return Catalogue({})
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    return Catalogue({str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy})


def language_of(request: Request) -> str:
    """Choose the language of a request."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wanted = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return negotiate_locale([w for w in wanted if w], LANGUAGES, sep="-") or "en"
