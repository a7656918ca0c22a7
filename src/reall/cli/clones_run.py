"""The work behind `reall clones`: read, tell, write; for one patient or for a folder of them."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from reall.base.errors import ReallError, UnusableLaboratoryData, WrongUsage
from reall.clones.contract import to_json
from reall.clones.copy_number import Sex
from reall.clones.inputs import Told, inputs_in, read_any
from reall.clones.many import map_patients
from reall.clones.model import Finding, Settings, Story
from reall.clones.resistance import find_resistance, name_genes
from reall.clones.roles import read_roles
from reall.clones.signatures import fit_signatures, read_spectra
from reall.clones.story import tell
from reall.library.resistance import load_resistance
from reall.report.clones_words import one_line, signature_line, story_lines


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
        click.echo(json.dumps(answer["json"], indent=1, allow_nan=False))
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
        click.echo(json.dumps({"schema": "reall.clones.many/1", "patients": rows}, indent=1, allow_nan=False))
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
    story, name = _story(job), job.path.name.split(".", 1)[0]
    answer: dict[str, Any] = {}
    signature = _signature(job)
    if job.wanted == "html":
        # Matplotlib and jinja are slow to import, so only when a page is asked for.
        plots = importlib.import_module("reall.plots.clone_pictures")
        page = importlib.import_module("reall.report.clones_page")
        more = tuple(signature["lines"]) if signature else ()
        answer["html"] = page.clones_page(story, name, pictures=plots.clone_pictures(story), more_lines=more)
    if job.wanted in {"json", "html"}:
        answer["json"] = to_json(story, trees=job.trees)
        if signature:
            answer["json"]["signature"] = signature["json"]
    if job.wanted == "line":
        answer["lines"] = [one_line(story, name)]
    if job.wanted == "words":
        answer["lines"] = [*story_lines(story, name), *(signature["lines"] if signature else ())]
    return answer


def _story(job: _Job) -> Story:
    roles = read_roles(job.roles) if job.roles else {}
    reads = read_any(job.path, Told(params=job.params, roles=roles, sex=Sex(job.sex), format=job.format))
    knowledge = load_resistance()
    if job.genome == knowledge.genome:
        variants, named = name_genes(reads.variants, knowledge)
        text = f"{named} variants without a gene were named by position, taken to be on {knowledge.genome}."
        note = (Finding("genes_by_position", "note", text, reads.source),) if named else ()
        reads = replace(reads, variants=variants, findings=(*reads.findings, *note))
    story = tell(reads, Settings(seed=job.seed, clusters=job.clusters))
    return replace(story, resistance=find_resistance(story, knowledge))


def _signature(job: _Job) -> dict[str, Any] | None:
    if job.signatures is None or job.contexts is None:
        return None
    reference, counts = read_spectra(job.signatures), read_spectra(job.contexts)
    fits = {name: fit_signatures(spectrum, reference) for name, spectrum in counts.items()}
    return {
        "lines": [signature_line(name, fit) for name, fit in fits.items()],
        "json": {
            name: {
                "signature": fit.signature,
                "mutations": fit.mutations,
                "share": fit.share.as_list(),
                "p_without": fit.without,
                "cosine": fit.cosine,
            }
            for name, fit in fits.items()
        },
    }
