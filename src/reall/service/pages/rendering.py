"""Templates to pages, in the reader's language."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from babel.numbers import format_decimal, get_decimal_symbol
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from reall.base.written import percent
from reall.report.clones_page import unbroken
from reall.report.mrd_words import fraction_in_words
from reall.report.speech import Speech
from reall.service.access.form_token import TOKEN_FIELD, TOKEN_HEADER, form_token
from reall.service.pages.language import COOKIE, LANGUAGES, language_of, remember, translations

_LOADER = jinja2.ChoiceLoader(
    [
        jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        jinja2.PrefixLoader({"report": jinja2.PackageLoader("reall.report", "templates")}),
    ]
)


@functools.cache
def speech_of(language: str) -> Speech:
    """Give the words of a language for sentences that the report room makes."""
    return Speech(translate=translations(language).gettext, decimal_mark=get_decimal_symbol(language))


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=_LOADER,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(language=language, languages=LANGUAGES)
    speech = speech_of(language)
    environment.filters |= {
        "number": functools.partial(format_decimal, locale=language),
        "whole": functools.partial(format_decimal, locale=language),
        "decimal": speech.number,
        "percent": lambda share: speech.number(percent(share)),
        "unbroken": unbroken,
        "fraction": functools.partial(fraction_in_words, speech=speech),
        "said": functools.partial(_said, language),
    }
    return environment


def _said(language: str, text: object) -> Markup:
    """Show words that stay English; on a page in another language they say so to a screen reader."""
    return Markup("{}" if language == "en" else '<span lang="en">{}</span>').format(text)


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
    answer = HTMLResponse(page, status_code=status)
    remember(request.query_params.get(COOKIE, ""), request, answer)
    return answer
