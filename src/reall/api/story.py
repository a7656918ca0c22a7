"""The clonal story: where a relapse came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge

from reall.api.inputs import Source, all_on_disk, on_disk
from reall.api.parameters import one_of
from reall.base.errors import WrongUsage
from reall.clones.contract import to_json
from reall.clones.copy_number import Sex
from reall.clones.inputs import FORMATS, Told, read_any
from reall.clones.model import Finding, Sample, Settings, Story
from reall.clones.resistance import find_resistance, name_genes
from reall.clones.roles import roles_in_table, roles_in_words
from reall.clones.signatures import SignatureFit, fit_signatures, read_spectra
from reall.clones.story import tell
from reall.library.resistance import load_resistance

CLUSTERS = ("auto", "given", "infer")
SEXES = ("female", "male", "unknown")
GENOMES = ("hg19", "none")


@dataclass(frozen=True, kw_only=True)
class Telling:
    """The story, and the fitted signature of each set of trinucleotide counts where there were any."""

    story: Story
    signatures: Mapping[str, SignatureFit]


def clones(
    file: Source,
    *,
    params: Source | None = None,
    clusters: Literal["auto", "given", "infer"] = "auto",
    trees: Annotated[int, Ge(1)] | None = None,
    seed: Annotated[int, Ge(0)] = 1,
    roles: str | None = None,
    roles_table: Source | None = None,
    sex: Literal["female", "male", "unknown"] = "unknown",
    format: Literal["auto", "ssm", "vcf", "maf", "csv"] = "auto",  # noqa: A002 - as on the command line
    genome: Literal["hg19", "none"] = "hg19",
    signatures: Source | None = None,
    contexts: Source | None = None,
) -> dict[str, Any]:
    """Tell from read counts (.ssm, VCF, MAF, CSV) where a relapse came from, as `reall.clones/1`.

    The parameters are those of `reall clones`, described in docs/how-to/clones.md. The same seed gives the same
    answer. Raises `UnusableLaboratoryData` and `WrongUsage`.
    """
    telling = tell_clones(
        file,
        params=params,
        clusters=clusters,
        seed=seed,
        roles=roles,
        roles_table=roles_table,
        sex=sex,
        format=format,
        genome=genome,
        signatures=signatures,
        contexts=contexts,
    )
    if trees is not None and trees < 1:
        raise WrongUsage(f"{trees} trees cannot be written", where="--trees", next="Write 1 or more.")
    return clones_answer(telling, trees)


def clones_answer(telling: Telling, trees: int | None) -> dict[str, Any]:
    """Give a story as `reall.clones/1`, with at most `trees` trees."""
    answer = to_json(telling.story, trees=trees)
    if telling.signatures:
        answer["signature"] = {name: _fit(fit) for name, fit in telling.signatures.items()}
    return answer


def tell_clones(
    file: Source,
    *,
    params: Source | None,
    clusters: str,
    seed: int,
    roles: str | None,
    roles_table: Source | None,
    sex: str,
    format: str,  # noqa: A002 - as on the command line
    genome: str,
    signatures: Source | None,
    contexts: Source | None,
) -> Telling:
    """Give the story itself, for a caller that puts it into words. Raises as `clones` does."""
    one_of("clusters", clusters, CLUSTERS)
    one_of("sex", sex, SEXES)
    one_of("format", format, ("auto", *FORMATS))
    one_of("genome", genome, GENOMES)
    if seed < 0:
        raise WrongUsage(f"{seed} is not a seed", where="--seed", next="Write 0 or more.")
    if (signatures is None) != (contexts is None):
        raise WrongUsage("--signatures and --contexts belong together.", next="Give both, or neither.")
    with all_on_disk([params]) as [params_path], on_disk(file) as path:
        told = Told(params=params_path, roles=_roles(roles, roles_table), sex=Sex(sex), format=format)
        reads = read_any(path, told)
    knowledge = load_resistance()
    if genome == knowledge.genome:
        variants, named = name_genes(reads.variants, knowledge)
        text = f"{named} variants without a gene were named by position, taken to be on {knowledge.genome}."
        note = (Finding("genes_by_position", "note", text, reads.source),) if named else ()
        reads = replace(reads, variants=variants, findings=(*reads.findings, *note))
    story = tell(reads, Settings(seed=seed, clusters=clusters))
    return Telling(
        story=replace(story, resistance=find_resistance(story, knowledge)), signatures=_fits(signatures, contexts)
    )


def _roles(roles: str | None, table: Source | None) -> Mapping[str, Sample]:
    if roles is not None and table is not None:
        raise WrongUsage("Give the roles or a table of roles, not both.", where="--roles")
    if table is None:
        return roles_in_words(roles) if roles else {}
    with on_disk(table) as path:
        return roles_in_table(path)


def _fits(signatures: Source | None, contexts: Source | None) -> dict[str, SignatureFit]:
    with all_on_disk([signatures, contexts]) as [reference, counts]:
        if reference is None or counts is None:
            return {}
        known = read_spectra(reference)
        return {name: fit_signatures(spectrum, known) for name, spectrum in read_spectra(counts).items()}


def _fit(fit: SignatureFit) -> dict[str, Any]:
    return {
        "signature": fit.signature,
        "mutations": fit.mutations,
        "share": fit.share.as_list(),
        "p_without": fit.without,
        "cosine": fit.cosine,
    }
