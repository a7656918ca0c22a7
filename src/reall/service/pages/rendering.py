"""Templates to pages, in the reader's language."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from reall.service.access.form_token import TOKEN_FIELD, TOKEN_HEADER, form_token
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
    return environment


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Give the page `template` in the language of the request."""
    token = form_token(request)
    page = (
        _environment(language_of(request))
        .get_template(template)
        .render(
            request=request,
            form_token=token,
            form_field=Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, token) if token else "",
            token_header=TOKEN_HEADER,
            **context,
        )
    )
    return HTMLResponse(page, status_code=status)
