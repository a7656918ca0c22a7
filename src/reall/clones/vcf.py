"""Read a multi-sample VCF, plain or gzipped: counts from AD, AO and RO, or AD and RD; genes from ANN or CSQ.

Each alternate allele is a variant of its own; its total is the depth at the position (DP, else the sum of the
alleles). Variants that a filter has marked are left out. A sample without a count is unknown there, not zero.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from reall.base.errors import UnusableLaboratoryData
from reall.clones.counting import Context, Count
from reall.clones.model import Finding, Variant

_FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]


def read_vcf(path: Path, context: Context) -> tuple[list[Count], list[str], tuple[Finding, ...]]:
    """Read every count of a VCF; gives counts, samples in file order, and what was left out."""
    with _opened(path) as handle:
        samples, annotation, start = _header(handle, path)
        counts: list[Count] = []
        filtered = 0
        for line, text in enumerate(handle, start=start):
            if not text.strip():
                continue
            fields = text.rstrip("\r\n").split("\t")
            if len(fields) != len(_FIXED) + len(samples):
                raise _unusable(path, line, f"{len(fields)} fields, expected {len(_FIXED) + len(samples)}.")
            if fields[6] not in {"PASS", ".", ""}:
                filtered += 1
                continue
            counts += _record(fields, samples, annotation, line, path)
    found = (
        (Finding("filtered", "note", f"{filtered} variants marked by a filter were left out.", context.source),)
        if filtered
        else ()
    )
    return counts, samples, found


def _opened(path: Path) -> IO[str]:
    if path.suffix in {".gz", ".bgz"}:
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _header(handle: IO[str], path: Path) -> tuple[list[str], dict[str, list[str]], int]:
    """Read to the column line; gives samples, the field names of CSQ and ANN, and the number of the next line."""
    annotation: dict[str, list[str]] = {}
    for line, text in enumerate(handle, start=1):
        if text.startswith("##INFO=<ID=CSQ") and "Format: " in text:
            names = text.split("Format: ", 1)[1].split('"', 1)[0]
            annotation["CSQ"] = names.split("|")
        if text.startswith("#CHROM"):
            columns = text.rstrip("\r\n").split("\t")
            if columns[: len(_FIXED)] != _FIXED or len(columns) == len(_FIXED):
                raise _unusable(path, line, "The column line names no FORMAT and no sample.")
            samples = columns[len(_FIXED) :]
            if len(set(samples)) != len(samples):
                raise _unusable(path, line, "Two samples have the same name.")
            return samples, annotation, line + 1
        if not text.startswith("##"):
            break
    raise _unusable(path, 1, "This is not a VCF: the line that begins with #CHROM was not found.")


def _record(
    fields: list[str], samples: list[str], annotation: dict[str, list[str]], line: int, path: Path
) -> Iterator[Count]:
    chromosome, reference, info = fields[0], fields[3], fields[7]
    try:
        position = int(fields[1])
    except ValueError:
        raise _unusable(path, line, f"POS is {fields[1]!r}, not a number.") from None
    keys = fields[8].split(":")
    alternates = fields[4].split(",")
    for index, alternate in enumerate(alternates):
        if alternate in {".", "*"} or alternate.startswith("<"):
            continue
        gene, change, effect = _annotated(info, alternate, annotation)
        name = f"{chromosome.removeprefix('chr')}_{position}_{reference}>{alternate}"
        known = fields[2] if fields[2] not in {".", ""} and len(alternates) == 1 else name
        variant = Variant(
            known, name, gene, change, effect, chromosome.removeprefix("chr"), position, reference, alternate
        )
        for sample, cell in zip(samples, fields[len(_FIXED) :], strict=True):
            values = dict(zip(keys, cell.split(":"), strict=False))
            try:
                reads = _allele_reads(values, index)
            except ValueError:
                raise _unusable(path, line, f"Sample {sample} has counts that are not numbers: {cell}.") from None
            yield Count(sample=sample, variant=variant, reads=reads, line=line)


def _allele_reads(values: dict[str, str], index: int) -> tuple[int, int] | None:
    """Give (variant, total) reads of alternate allele `index`, `None` where the caller gave none."""
    depths = values.get("AD", ".").split(",")
    if len(depths) > 1 and "." not in depths:
        numbers = [int(depth) for depth in depths]
        if index + 1 >= len(numbers):
            return None
        total = values.get("DP", ".")
        counted = sum(numbers)
        # Callers count DP with or without filtered reads; reads assigned to an allele are a lower bound.
        return numbers[index + 1], max(counted, int(total)) if total not in {".", ""} else counted
    for reference_key, alternate_key in (("RO", "AO"), ("RD", "AD")):
        reference, alternate = values.get(reference_key, "."), values.get(alternate_key, ".").split(",")
        if reference != "." and index < len(alternate) and alternate[index] != ".":
            others = [int(depth) for depth in alternate if depth != "."]
            return int(alternate[index]), int(reference) + sum(others)
    return None


def _annotated(
    info: str, alternate: str, annotation: dict[str, list[str]]
) -> tuple[str | None, str | None, str | None]:
    """Give gene, protein change and effect of the first annotation of an allele (SnpEff ANN or VEP CSQ)."""
    for entry in info.split(";"):
        name, _, value = entry.partition("=")
        if name == "ANN":
            for one in value.split(","):
                parts = one.split("|")
                if len(parts) > 10 and parts[0] in {alternate, ""}:
                    return parts[3] or None, parts[10] or None, parts[1] or None
        if name == "CSQ" and "CSQ" in annotation:
            parts = value.split(",")[0].split("|")
            fields = dict(zip(annotation["CSQ"], parts, strict=False))
            return (
                fields.get("SYMBOL") or None,
                fields.get("HGVSp") or None,
                fields.get("Consequence") or None,
            )
    return None, None, None


def _unusable(path: Path, line: int, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=f"{path.name}, line {line}",
        why="Variant and total reads of each sample are read from the FORMAT fields AD and DP, or AO and RO.",
        next="Call all samples together, or count every variant in every sample, and write one VCF.",
    )
