"""Pages for families: general, in plain words, never about one child."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from reall.library.therapy import GENERAL
from reall.library.therapy_rows import FamilyPage
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages.language import language_of
from reall.service.pages.rendering import render
from reall.service.parts import PartsOf

router = APIRouter(prefix="/families", dependencies=[require(Operation.READ_FAMILY_PAGES)], include_in_schema=False)


@router.get("")
def topics(request: Request, parts: PartsOf) -> HTMLResponse:
    """List the topics."""
    language = language_of(request)
    pages = {page.id: page.in_language(language) for page in parts.knowledge.therapy.pages.values()}
    return render(request, "families.html.j2", pages=pages, general=GENERAL)


@router.get("/{topic}")
def topic(request: Request, parts: PartsOf, topic: str) -> HTMLResponse:
    """Show one topic."""
    page: FamilyPage | None = parts.knowledge.therapy.pages.get(topic)
    if page is None:
        raise HTTPException(404)
    return render(
        request,
        "family.html.j2",
        page=page,
        text=page.in_language(language_of(request)),
        general=GENERAL,
        sources={key: parts.knowledge.sources[key] for key in page.sources},
        version=parts.knowledge.version,
    )
