"""Templates to pages, in the reader's language."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse

from reall.service.pages.language import LANGUAGES, language_of, translations


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(language=language, languages=LANGUAGES)
    environment.filters["number"] = functools.partial(format_decimal, locale=language)
    return environment


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Give the page `template` in the language of the request."""
    page = _environment(language_of(request)).get_template(template).render(request=request, **context)
    return HTMLResponse(page, status_code=status)
