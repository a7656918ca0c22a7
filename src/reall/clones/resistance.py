"""Match the variants of a story to genes whose mutation is known to make leukaemic cells resist a drug.

This room does not open `knowledge/`: the rows come in as frozen values, read by `reall.library.resistance`. A
match says that a variant lies in a gene of the table and what was published about such changes; it never says
that this child's leukaemia resists the drug.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from reall.clones.model import ResistanceHit, Story, Variant

# Effects on the protein, as VCF annotators and MAF files name them, in lower case.
_SILENT = frozenset(
    {
        "silent",
        "synonymous",
        "synonymous_variant",
        "intron",
        "intron_variant",
        "igr",
        "intergenic_variant",
        "rna",
    }
    | {"3'utr", "5'utr", "3'flank", "5'flank", "3_prime_utr_variant", "5_prime_utr_variant"}
    | {"upstream_gene_variant", "downstream_gene_variant", "intergenic_variant"}
)
_DELETIONS = frozenset({"deletion", "copy_number_loss", "homozygous_deletion", "feature_ablation"})
_CODES = "AlaAArgRAsnNAspDCysCGlnQGluEGlyGHisHIleILeuLLysKMetMPheFProPSerSThrTTrpWTyrYValVTer*"
_THREE_TO_ONE = {_CODES[at : at + 3]: _CODES[at + 3] for at in range(0, len(_CODES), 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResistanceRow:
    """One published link from a gene's change to resistance; fields as in `knowledge/resistance`."""

    id: str
    gene: str
    variant_class: str
    drugs: tuple[str, ...]
    drug_class: str
    mechanism: str
    evidence: str
    evidence_kind: str
    source: str
    at: str
    status: str
    also_named: tuple[str, ...] = ()
    hotspots: tuple[str, ...] = ()
    sensitive_to: tuple[str, ...] = ()
    timing: str = ""
    outcome: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class GenePosition:
    """Where a gene lies: chromosome without `chr`, first and last base counted from 1, both included."""

    gene: str
    chromosome: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ResistanceKnowledge:
    """All rows, and the positions that name variants known only by chromosome and base."""

    rows: tuple[ResistanceRow, ...]
    positions: tuple[GenePosition, ...] = ()
    genome: str = ""
    positions_status: str = "draft"

    def gene_at(self, chromosome: str, position: int) -> str | None:
        """Name the gene of the table that covers a base, `None` where there is none."""
        chromosome = chromosome.removeprefix("chr")
        for place in self.positions:
            if place.chromosome == chromosome and place.first <= position <= place.last:
                return place.gene
        return None


def name_genes(variants: tuple[Variant, ...], knowledge: ResistanceKnowledge) -> tuple[tuple[Variant, ...], int]:
    """Give a gene to variants that have none but are named by position, and count them.

    A variant named `10_104857106` or with chromosome and position set gets the gene that covers it. The
    position is taken to be on the genome of `knowledge.genome`; the caller says so to the reader.
    """
    named, count = [], 0
    for variant in variants:
        place = _place(variant)
        gene = knowledge.gene_at(*place) if variant.gene is None and place is not None else None
        count += gene is not None
        named.append(replace(variant, gene=gene) if gene else variant)
    return tuple(named), count


def find_resistance(story: Story, knowledge: ResistanceKnowledge) -> tuple[ResistanceHit, ...]:
    """List every match of a clustered variant with a row, in order of cluster, then gene."""
    by_gene: dict[str, list[ResistanceRow]] = {}
    for row in knowledge.rows:
        for name in (row.gene, *row.also_named):
            by_gene.setdefault(name, []).append(row)
    first_seen = {sighting.cluster: sighting.first_seen for sighting in story.sightings}
    variants = {variant.id: variant for variant in story.reads.variants}
    hits = []
    for cluster in story.clusters:
        for key in cluster.mutations:
            variant = variants[key]
            rows = by_gene.get(variant.gene or "", [])
            hits += [_hit(variant, cluster.id, first_seen.get(cluster.id), row) for row in rows if _fits(variant, row)]
    return tuple(sorted(hits, key=lambda hit: (hit.cluster, hit.gene, hit.variant, not hit.drugs)))


def convergent_genes(hits: tuple[ResistanceHit, ...]) -> tuple[str, ...]:
    """Name the genes hit in more than one cluster: several subclones may have found the same way out."""
    clusters: dict[str, set[int]] = {}
    for hit in hits:
        clusters.setdefault(hit.gene, set()).add(hit.cluster)
    return tuple(sorted(gene for gene, found in clusters.items() if len(found) > 1))


def _hit(variant: Variant, cluster: int, first_seen: str | None, row: ResistanceRow) -> ResistanceHit:
    return ResistanceHit(
        gene=row.gene,
        variant=variant.id,
        cluster=cluster,
        drugs=row.drugs,
        mechanism=row.mechanism,
        evidence=row.evidence,
        source=row.source,
        at=row.at,
        status=row.status,
        first_seen=first_seen,
    )


def _fits(variant: Variant, row: ResistanceRow) -> bool:
    """Say whether a variant may be of the row's class; an unknown effect is refused by hot spots only."""
    effect = (variant.variant_class or "").lower()
    parts = frozenset(effect.split("&"))
    if parts and parts <= _SILENT:
        return False
    if row.variant_class == "hotspot":
        return one_letter_change(variant.protein_change) in row.hotspots
    if row.variant_class == "deletion":
        return bool(parts & _DELETIONS)
    return not (parts & _DELETIONS and row.variant_class in {"activating", "gain_of_function"})


def one_letter_change(protein_change: str | None) -> str | None:
    """Write a protein change in one-letter code without prefix.

    >>> one_letter_change("p.Arg248Gln"), one_letter_change("p.E1099K"), one_letter_change(None)
    ('R248Q', 'E1099K', None)
    """
    if not protein_change:
        return None
    text = protein_change.rsplit(":", 1)[-1].removeprefix("p.").strip("()")
    return re.sub("|".join(_THREE_TO_ONE), lambda found: _THREE_TO_ONE[found.group()], text)


def _place(variant: Variant) -> tuple[str, int] | None:
    if variant.chromosome is not None and variant.position is not None:
        return variant.chromosome, variant.position
    found = re.fullmatch(r"(?:chr)?([0-9]{1,2}|[XY])[_:]([0-9]+)(?:[_:].*)?", variant.name)
    return (found[1], int(found[2])) if found else None
