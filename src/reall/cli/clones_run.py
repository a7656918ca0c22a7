"""The work behind `reall clones`: read, tell, write; for one patient or for a folder of them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from reall.api.story import Telling, clones_answer, tell_clones
from reall.base.errors import ReallError, UnusableLaboratoryData, WrongUsage
from reall.clones.inputs import inputs_in
from reall.clones.many import map_patients
from reall.clones.roles import names_a_table
from reall.report.clones_words import one_line, signature_line, story_lines
from reall.report.to_json import dumps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One patient: everything a worker needs, all of it picklable."""

    path: Path
    params: Path | None
    roles: str | None
    sex: str
    format: str
    genome: str
    clusters: str
    seed: int
    trees: int | None
    wanted: str  # words, line, json or html
    signatures: Path | None = None
    contexts: Path | None = None


def tell_patient(path: Path, said: dict[str, Any], *, as_json: bool, html: Path | None) -> None:
    """Tell one patient's story: lines or JSON on standard output, a page where asked for."""
    wanted = "html" if html else "json" if as_json else "words"
    answer = _tell(_Job(path=path, wanted=wanted, **said))
    if html is not None:
        html.write_text(answer["html"], encoding="utf-8")
        click.echo(f"Wrote {html}.", err=True)
    if as_json:
        click.echo(dumps(answer["json"]))
    elif html is None:
        click.echo("\n".join(answer["lines"]))


def tell_folder(
    folder: Path, said: dict[str, Any], *, as_json: bool, html: Path | None, jobs: int, engine: str
) -> None:
    """Tell every patient of a folder; one that cannot be used is named and does not stop the others."""
    if said["params"] is not None:
        raise WrongUsage("--params names the file of one patient.", next="Keep X.params.json beside each X.ssm.")
    if html is not None:
        html.mkdir(parents=True, exist_ok=True)
    wanted = "html" if html else "json" if as_json else "line"
    patients = [_Job(path=path, wanted=wanted, **said) for path in inputs_in(folder)]
    answers = []
    for job, answer in zip(patients, map_patients(_tell_safely, patients, jobs=jobs, engine=engine), strict=True):
        answers.append(answer)
        if "error" in answer:
            click.echo(f"Error: {job.path.name}: {answer['error']['text']}", err=True)
        elif html is not None:
            (html / f"{job.path.name}.html").write_text(answer["html"], encoding="utf-8")
        if not as_json and "lines" in answer:
            click.echo("\n".join(answer["lines"]))
    if as_json:
        rows = [
            {"input": job.path.name, **(answer.get("json") or {"error": answer.get("error")})}
            for job, answer in zip(patients, answers, strict=True)
        ]
        click.echo(dumps({"schema": "reall.clones.many/1", "patients": rows}))
    failed = sum("error" in answer for answer in answers)
    if failed:
        raise UnusableLaboratoryData(
            f"{failed} of {len(patients)} inputs could not be used; the others are told above.", where=str(folder)
        )


def _tell_safely(job: _Job) -> dict[str, Any]:
    """Tell one of many: an input that cannot be used must not stop the others."""
    try:
        return _tell(job)
    except ReallError as error:
        return {"error": {**error.to_json(), "text": str(error)}}


def _tell(job: _Job) -> dict[str, Any]:
    telling, name = _told(job), job.path.name.split(".", 1)[0]
    story = telling.story
    answer: dict[str, Any] = {}
    more = [signature_line(sample, fit) for sample, fit in telling.signatures.items()]
    if job.wanted == "html":
        # Matplotlib and jinja are slow to import, so only when a page is asked for.
        plots = importlib.import_module("reall.plots.clone_pictures")
        page = importlib.import_module("reall.report.clones_page")
        answer["html"] = page.clones_page(story, name, pictures=plots.clone_pictures(story), more_lines=tuple(more))
    if job.wanted in {"json", "html"}:
        answer["json"] = clones_answer(telling, job.trees)
    if job.wanted == "line":
        answer["lines"] = [one_line(story, name)]
    if job.wanted == "words":
        answer["lines"] = [*story_lines(story, name), *more]
    return answer


def _told(job: _Job) -> Telling:
    table = job.roles is not None and names_a_table(job.roles)
    return tell_clones(
        job.path,
        params=job.params,
        clusters=job.clusters,
        seed=job.seed,
        roles=None if table else job.roles,
        roles_table=job.roles if table else None,
        sex=job.sex,
        format=job.format,
        genome=job.genome,
        signatures=job.signatures,
        contexts=job.contexts,
    )
