"""`reall clones`: where a relapse came from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reall.base.errors import ReallError, UnusableLaboratoryData, WrongUsage

if TYPE_CHECKING:
    from reall.clones.model import Story


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
    trees: int
    wanted: str  # words, line, json or html
    signatures: Path | None = None
    contexts: Path | None = None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("input_path", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.option("--params", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Params file of an .ssm.")
@click.option(
    "--clusters",
    type=click.Choice(["auto", "given", "infer"]),
    default="auto",
    show_default=True,
    help="Keep the clusters of the params file, or infer them; auto keeps them where there are any.",
)
@click.option("--trees", type=click.IntRange(min=1), default=10, show_default=True, help="Most trees to write.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same answer.")
@click.option("--roles", help="'D=diagnosis, R1=relapse 1 day=420 purity=0.9, X=xenograft of relapse', or a table.")
@click.option(
    "--sex",
    type=click.Choice(["female", "male", "unknown"]),
    default="unknown",
    show_default=True,
    help="Sets the copies of X and Y in VCF, MAF and CSV.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "ssm", "vcf", "maf", "csv"]),
    default="auto",
    show_default=True,
    help="Kind of the input.",
)
@click.option(
    "--genome",
    type=click.Choice(["hg19", "none"]),
    default="hg19",
    show_default=True,
    help="Genome on which variants without a gene name are placed; none leaves them unnamed.",
)
@click.option(
    "--signatures", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Reference signatures (96 rows)."
)
@click.option(
    "--contexts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trinucleotide counts (96 rows)."
)
@click.option("--json", "as_json", is_flag=True, help="Write reall.clones/1 to standard output.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page; for a folder of patients, a folder.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Patients at a time.")
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray", "dask"]),
    default="processes",
    show_default=True,
    help="Where a folder of patients is computed.",
)
def command(input_path: Path, *, as_json: bool, html: Path | None, jobs: int, engine: str, **said: Any) -> None:
    """Tell from read counts of diagnosis and relapse samples where the relapse came from.

    INPUT is an .ssm, VCF, MAF or CSV file of one patient, or a folder with one such file per patient.
    """
    said["format"] = said.pop("format_")
    if (said["signatures"] is None) != (said["contexts"] is None):
        raise WrongUsage("--signatures and --contexts belong together.", next="Give both, or neither.")
    if input_path.is_dir():
        _tell_many(input_path, said, as_json=as_json, html=html, jobs=jobs, engine=engine)
        return
    wanted = "html" if html else "json" if as_json else "words"
    answer = _tell(_Job(path=input_path, wanted=wanted, **said))
    if html is not None:
        html.write_text(answer["html"], encoding="utf-8")
        click.echo(f"Wrote {html}.", err=True)
    if as_json:
        click.echo(json.dumps(answer["json"], indent=1, allow_nan=False))
    elif html is None:
        click.echo("\n".join(answer["lines"]))


def _tell_many(folder: Path, said: dict[str, Any], *, as_json: bool, html: Path | None, jobs: int, engine: str) -> None:
    from reall.clones.inputs import inputs_in
    from reall.clones.many import map_patients

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
    from reall.report.clones_words import one_line, story_lines

    answer: dict[str, Any] = {}
    signature = _signature(job)
    if job.wanted == "html":
        from reall.report.clones_page import clones_page

        answer["html"] = clones_page(story, name, tuple(signature["lines"]) if signature else ())
    if job.wanted in {"json", "html"}:
        from reall.clones.contract import to_json

        answer["json"] = to_json(story, trees=job.trees)
        if signature:
            answer["json"]["signature"] = signature["json"]
    if job.wanted == "line":
        answer["lines"] = [one_line(story, name)]
    if job.wanted == "words":
        answer["lines"] = [*story_lines(story, name), *(signature["lines"] if signature else ())]
    return answer


def _story(job: _Job) -> Story:
    from reall.clones.copy_number import Sex
    from reall.clones.inputs import Told, read_any
    from reall.clones.model import Finding, Settings
    from reall.clones.resistance import find_resistance, name_genes
    from reall.clones.roles import read_roles
    from reall.clones.story import tell
    from reall.library.resistance import load_resistance

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
    from reall.clones.signatures import fit_signatures, read_spectra
    from reall.report.clones_words import signature_line

    reference, counts = read_spectra(job.signatures), read_spectra(job.contexts)
    fits = {name: fit_signatures(spectrum, reference) for name, spectrum in counts.items()}
    return {
        "lines": [signature_line(name, fit) for name, fit in fits.items()],
        "json": {
            name: {
                "signature": fit.signature,
                "mutations": fit.mutations,
                "share": fit.shares[fit.signature].as_list(),
                "p_without": fit.without,
                "cosine": fit.cosine,
            }
            for name, fit in fits.items()
        },
    }
