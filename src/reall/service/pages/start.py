"""The first page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages.rendering import render
from reall.service.parts import PartsOf

router = APIRouter()


@router.get("/", dependencies=[require(Operation.OPEN)], include_in_schema=False)
def start(request: Request, parts: PartsOf) -> HTMLResponse:
    """Show what there is."""
    return render(request, "start.html.j2", version=parts.knowledge.version)
