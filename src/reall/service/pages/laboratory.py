"""Laboratory pages: raw files in, an audited result with its pictures out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from reall.api.inputs import File
from reall.api.output import written
from reall.base.errors import ReallError
from reall.mrd.bridge import to_case_entry
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation
from reall.service.pages.laboratory_forms import CHECK, FILE, FILES, FORMS, Field, Form
from reall.service.pages.laboratory_result import shown
from reall.service.pages.laboratory_work import Answer, Given, answer
from reall.service.pages.language import language_of
from reall.service.pages.rendering import render
from reall.service.pages.work import Task, files_in
from reall.service.parts import Parts, PartsOf

router = APIRouter(prefix="/laboratory", dependencies=[require(Operation.ASK)], include_in_schema=False)


@router.get("")
def overview(request: Request) -> HTMLResponse:
    """Show what can be worked on."""
    return render(request, "laboratory.html.j2", forms=FORMS.values())


def _form(kind: str) -> Form:
    if kind not in FORMS:
        raise HTTPException(404)
    return FORMS[kind]


FormOf = Annotated[Form, Depends(_form)]


@router.get("/{kind}")
def empty_form(request: Request, parts: PartsOf, form: FormOf) -> HTMLResponse:
    """Show an empty form."""
    return _form_page(request, parts, form, {})


@router.post("/{kind}")
async def send(request: Request, parts: PartsOf, principal: PrincipalOf, form: FormOf) -> Response:
    """Begin the work, and lead to the page that shows how it stands."""
    given = await _given(request, form)
    kept = parts.desk.find(str(given.pop("kept", "")), principal.id)
    if kept is not None:
        # A browser cannot fill in a file again, so that the files of the form before are taken where none is new.
        given = {f.name: kept.given.get(f.name) for f in form.every_field if f.kind in {FILE, FILES}} | given
    try:
        task = await run_in_threadpool(parts.desk.start, form.id, principal.id, given, partial(answer, form, given))
    except ReallError as error:
        return _form_page(request, parts, form, given, error=error)
    return RedirectResponse(f"/laboratory/results/{task.id}", status_code=303)


def _task(parts: PartsOf, principal: PrincipalOf, id_: str) -> Task:
    task = parts.desk.find(id_, principal.id)
    if task is None:
        raise HTTPException(404)
    return task


TaskOf = Annotated[Task, Depends(_task)]


def _finished(task: TaskOf) -> Answer:
    if not task.answer.done() or task.error():
        raise HTTPException(404)
    found: Answer = task.answer.result()
    return found


FinishedOf = Annotated[Answer, Depends(_finished)]


@router.get("/results/{id_}")
def result(request: Request, parts: PartsOf, task: TaskOf) -> HTMLResponse:
    """Show the result, the error beside the form as it was filled in, or that the work goes on."""
    form = FORMS[task.kind]
    if not task.answer.done():
        return render(request, "laboratory_working.html.j2", form=form, task=task)
    if error := task.error():
        return _form_page(request, parts, form, task.given, error=error, kept=task.id)
    found: Answer = task.answer.result()
    context = shown(found, language_of(request), f"/laboratory/results/{task.id}/pictures")
    return render(request, "laboratory_result.html.j2", form=form, task=task, case=_case_text(found), **context)


@router.get("/results/{id_}/pictures/{number}.svg")
def picture(number: int, found: FinishedOf) -> Response:
    """Give one picture of a result."""
    if not 0 <= number < len(found.all_drawings):
        raise HTTPException(404)
    svg = found.all_drawings[number].svg
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.get("/results/{id_}/result.json")
def document(task: TaskOf, found: FinishedOf) -> Response:
    """Give the result as the same bytes that every other door gives."""
    name = f'attachment; filename="{task.kind}.json"'
    return Response(
        written(found.document),
        media_type="application/json",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


async def _given(request: Request, form: Form) -> dict[str, Any]:
    """Read the fields of a form; those left empty, or at their first choice, are left out."""
    given: dict[str, Any] = {}
    async with request.form() as sent:
        for field in form.every_field:
            if field.kind in {FILE, FILES}:
                files = await files_in(sent, field.name)
                if files:
                    given[field.name] = files if field.kind == FILES else files[0]
            elif field.kind == CHECK:
                given[field.name] = field.name in sent
            elif (text := str(sent.get(field.name, "")).strip()) != (field.choices[0][0] if field.choices else ""):
                given[field.name] = text
        return given | {"kept": str(sent.get("kept", ""))}


def _form_page(
    request: Request, parts: Parts, form: Form, given: Given, *, error: ReallError | None = None, kept: str = ""
) -> HTMLResponse:
    return render(
        request,
        "laboratory_form.html.j2",
        status=200 if error is None else 422,
        form=form,
        given=given,
        file_names={f.name: _names(f, given) for f in form.every_field if f.kind in {FILE, FILES}} if kept else {},
        timepoints=parts.knowledge.vocabulary.timepoints,
        error=error,
        kept=kept,
    )


def _names(field: Field, given: Given) -> str:
    files = given.get(field.name) or ()
    return ", ".join(file.name for file in (files if field.kind == FILES else (files,)) if isinstance(file, File))


def _case_text(found: Answer) -> str:
    """Write the results that belong to a time point as the `mrd` list of a case; nothing where there is none."""
    entries = [to_case_entry(result) for result in found.results if _decides(result)]
    return (
        "\n".join(["mrd:", *(f"  - {json.dumps(entry, ensure_ascii=False)}" for entry in entries)]) if entries else ""
    )


def _decides(result: Mapping[str, Any]) -> bool:
    return bool(result.get("timepoint"))
