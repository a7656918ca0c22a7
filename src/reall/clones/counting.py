"""Gather counts that arrive one variant and one sample at a time, as in VCF, MAF and CSV, into `Reads`.

A variant without an entry in a sample has an unknown count there: it enters as 0 of 0 reads, which says
nothing, and a finding names it. It is never taken as "no variant read seen".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from reall.base.errors import UnusableLaboratoryData
from reall.clones.copy_number import Copies, Sex, normal_copies, variant_read_probability
from reall.clones.model import Finding, Reads, Sample, Variant

_MOST_READS = 10**9  # no sequencer reads a position more often
_MOST_NAMED = 5  # ids named in one finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Reads of one variant in one sample. `reads` is `None` where not measured."""

    sample: str
    variant: Variant
    reads: tuple[int, int] | None
    line: int
    copies: Copies | None = None
    purity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the reader of a file was told beside it."""

    source: str
    samples: Mapping[str, Sample] = field(default_factory=dict)
    sex: Sex = Sex.UNKNOWN


def gather(counts: Iterable[Count], order: list[str], context: Context) -> Reads:
    """Build `Reads` from counts; `order` names the samples in the order of the file.

    Raises `UnusableLaboratoryData` for a variant counted twice in a sample, variant reads above total,
    negative counts and a purity outside (0, 1].
    """
    variants: dict[str, Variant] = {}
    entries: dict[tuple[str, str], Count] = {}
    for count in counts:
        variants.setdefault(count.variant.id, count.variant)
        key = (count.variant.id, count.sample)
        if key in entries:
            raise _unusable(
                context, count.line, f"Variant {count.variant.id} is counted twice in sample {count.sample}."
            )
        _check(count, context)
        entries[key] = count
    if not variants:
        raise UnusableLaboratoryData(
            "No variant was found.", where=context.source, next="Check the file and its filters."
        )
    return _assemble(list(variants.values()), order, entries, context)


def _check(count: Count, context: Context) -> None:
    if count.reads is not None:
        variant, total = count.reads
        if variant < 0 or total < 0:
            raise _unusable(context, count.line, f"Variant {count.variant.id} has a negative count in {count.sample}.")
        if total > _MOST_READS:
            raise _unusable(context, count.line, f"Variant {count.variant.id} has {total} reads in {count.sample}.")
        if variant > total:
            raise _unusable(
                context,
                count.line,
                f"Variant {count.variant.id} has {variant} variant reads of {total} in {count.sample}.",
            )
    if count.purity is not None and not 0 < count.purity <= 1:
        raise _unusable(context, count.line, f"Purity {count.purity:g} of {count.sample} is not in (0, 1].")


def _assemble(
    variants: list[Variant], order: list[str], entries: dict[tuple[str, str], Count], context: Context
) -> Reads:
    shape = (len(variants), len(order))
    variant_reads, total_reads = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    probability = np.full(shape, 0.5)
    purities = _purities(order, entries, context)
    missing: dict[str, list[str]] = {}
    lost: list[str] = []
    sexless: list[str] = []
    for row, variant in enumerate(variants):
        normal = normal_copies(variant.chromosome, context.sex)
        if normal is None:
            sexless.append(variant.id)
        for column, name in enumerate(order):
            count = entries.get((variant.id, name))
            if count is None or count.reads is None:
                missing.setdefault(name, []).append(variant.id)
            else:
                variant_reads[row, column], total_reads[row, column] = count.reads
            given = count.copies if count is not None else None
            copies = given or Copies(tumour=max(1, normal or 2), normal=max(1, normal or 2))
            if copies.lost:
                lost.append(variant.id)
            else:
                probability[row, column] = variant_read_probability(copies, purities[name])
    findings = _findings(missing, lost, sexless, purities)
    samples = tuple(_sample(name, purities[name], context) for name in order)
    return Reads(
        samples=samples,
        variants=tuple(variants),
        variant_reads=variant_reads,
        total_reads=total_reads,
        read_probability=probability,
        garbage=tuple(dict.fromkeys([*lost, *sexless])),
        source=context.source,
        findings=findings,
    )


def _purities(order: list[str], entries: dict[tuple[str, str], Count], context: Context) -> dict[str, float | None]:
    """Take purity from the roles given, else from the file, where it must be the same on all lines."""
    found: dict[str, float | None] = {}
    for name in order:
        known = context.samples.get(name)
        found[name] = known.purity if known is not None else None
    told = {name for name, purity in found.items() if purity is not None}
    for count in entries.values():
        if count.purity is None or count.sample in told:
            continue
        if found[count.sample] not in (None, count.purity):
            raise _unusable(context, count.line, f"Purity of {count.sample} differs from line to line.")
        found[count.sample] = count.purity
    return found


def _sample(name: str, purity: float | None, context: Context) -> Sample:
    known = context.samples[name]
    return Sample(name, known.role, known.number, known.grown_from, known.day, purity)


def _findings(
    missing: dict[str, list[str]], lost: list[str], sexless: list[str], purities: dict[str, float | None]
) -> tuple[Finding, ...]:
    found = [
        Finding(
            "counts_missing",
            "warning",
            f"{len(ids)} variants have no count in {name} ({_some(ids)}): unknown there, not zero. "
            "Count every variant in every sample to settle it.",
            name,
        )
        for name, ids in missing.items()
    ]
    if lost:
        ids = _some(list(dict.fromkeys(lost)))
        text = f"Left out: {ids}. Copy number leaves no mutated copy in a sample, so missing reads say nothing."
        found.append(Finding("lost_to_copy_number", "warning", text))
    if sexless:
        text = f"Left out: {_some(sexless)} on X or Y, as the number of copies depends on the sex. State it."
        found.append(Finding("sex_unknown", "warning", text))
    unknown = ", ".join(name for name, purity in purities.items() if purity is None)
    if unknown:
        text = f"Purity of {unknown} is not known: fractions there are of all cells in the sample."
        found.append(Finding("purity_unknown", "note", text))
    return tuple(found)


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return ", ".join(ids[:_MOST_NAMED]) + more


def _unusable(context: Context, line: int, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=f"{context.source}, line {line}",
        why="Cell fractions rest on these counts.",
        next="Correct the line, or take the variant out of the file.",
    )
