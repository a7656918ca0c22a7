"""What changed between two versions of the knowledge, and which worked cases get another answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from reall.api.inputs import File
from reall.base.errors import ReallError, WrongUsage
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation
from reall.service.pages.knowledge_versions import AT_WORK, UPLOADED, compare, versions
from reall.service.pages.rendering import render
from reall.service.pages.work import files_in
from reall.service.parts import Parts, PartsOf

router = APIRouter(
    prefix="/knowledge/compare", dependencies=[require(Operation.COMPARE_KNOWLEDGE)], include_in_schema=False
)
_KIND = "compare"


@router.get("")
def choose(request: Request, parts: PartsOf) -> HTMLResponse:
    """Ask which versions."""
    return _form(request, parts)


@router.post("")
async def begin(request: Request, parts: PartsOf, principal: PrincipalOf) -> Response:
    """Begin to compare, and lead to the page that shows how it stands."""
    async with request.form() as sent:
        files = await files_in(sent, "file")
        names = [str(sent.get(name, "")) for name in ("old", "new")]
    known = versions(parts.settings.knowledge_folder)
    try:
        old, new = (_version(name, known, files[0] if files else None) for name in names)
        task = await run_in_threadpool(parts.desk.start, _KIND, principal.id, {}, partial(compare, old, new))
    except ReallError as error:
        return _form(request, parts, error)
    return RedirectResponse(f"/knowledge/compare/{task.id}", status_code=303)


@router.get("/{id_}")
def result(request: Request, parts: PartsOf, principal: PrincipalOf, id_: str) -> HTMLResponse:
    """Show what changed, the error, or that the work goes on."""
    task = parts.desk.find(id_, principal.id)
    if task is None or task.kind != _KIND:
        raise HTTPException(404)
    if not task.answer.done():
        return render(request, "knowledge_comparing.html.j2", task=task, knowledge=parts.knowledge)
    if error := task.error():
        return _form(request, parts, error)
    return render(request, "knowledge_changes.html.j2", found=task.answer.result(), knowledge=parts.knowledge)


def _version(name: str, known: dict[str, Path], file: File | None) -> Path | File:
    if name in known:
        return known[name]
    if name == UPLOADED and file is not None:
        return file
    raise WrongUsage("No version was chosen, or no archive was uploaded.", next="Choose two versions.")


def _form(request: Request, parts: Parts, error: ReallError | None = None) -> HTMLResponse:
    return render(
        request,
        "knowledge_compare.html.j2",
        status=200 if error is None else 422,
        known=versions(parts.settings.knowledge_folder),
        at_work=AT_WORK,
        uploaded=UPLOADED,
        knowledge=parts.knowledge,
        error=error,
    )
