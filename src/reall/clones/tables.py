"""Read MAF files and CSV or TSV tables with counts.

One row is one variant in one sample. MAF columns are those of the GDC format (`Tumor_Sample_Barcode`,
`t_alt_count`, `t_depth` or `t_ref_count`, …). A plain table uses the columns of PyClone (`mutation_id`,
`sample_id`, `ref_counts`, `alt_counts`, `major_cn`, `minor_cn`, `normal_cn`, `tumour_content`) or the plain
names in `_COLUMNS`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData
from reall.clones.copy_number import Copies, normal_copies
from reall.clones.counting import Context, Count
from reall.clones.model import Variant

# meaning: names a column may have, the MAF name last; compared in lower case
_COLUMNS = {
    "id": ("mutation_id", "variant_id", "id"),
    "sample": ("sample_id", "sample", "tumor_sample_barcode"),
    "variant_reads": ("alt_counts", "variant_reads", "var_reads", "alt_count", "t_alt_count"),
    "reference_reads": ("ref_counts", "reference_reads", "ref_count", "t_ref_count"),
    "total_reads": ("total_reads", "depth", "t_depth"),
    "gene": ("gene", "hugo_symbol"),
    "protein_change": ("protein_change", "hgvsp", "hgvsp_short"),
    "variant_class": ("variant_class", "variant_classification"),
    "chromosome": ("chromosome", "chrom", "chr"),
    "position": ("position", "pos", "start_position"),
    "reference": ("reference", "ref", "reference_allele"),
    "alternate": ("alternate", "alt", "tumor_seq_allele2"),
    "major_copies": ("major_cn", "major_copies"),
    "minor_copies": ("minor_cn", "minor_copies"),
    "total_copies": ("total_cn", "total_copies", "tumour_copies", "tumor_copies"),
    "normal_copies": ("normal_cn", "normal_copies"),
    "mutated_copies": ("mutated_copies", "multiplicity"),
    "purity": ("tumour_content", "tumor_content", "purity"),
}
_REMEDY = "Correct the line, or take the variant out of the file."


class _Row:
    """One line of the table, read by meaning; errors name line and column."""

    def __init__(self, cells: dict[str, str], names: dict[str, str], where: str) -> None:
        self._cells, self._names, self._where = cells, names, where

    def text(self, meaning: str) -> str | None:
        value = (self._cells.get(self._names.get(meaning, "")) or "").strip()
        return None if value in {"", ".", "NA", "nan", "NaN"} else value

    def number(self, meaning: str) -> float | None:
        value = self.text(meaning)
        if value is None:
            return None
        try:
            return float(value)
        except ValueError:
            raise self.unusable(meaning, f"{value!r} is not a number.") from None

    def whole(self, meaning: str) -> int | None:
        value = self.number(meaning)
        if value is None:
            return None
        if not math.isfinite(value) or value != int(value):
            raise self.unusable(meaning, f"{value:g} is not a whole number.")
        return int(value)

    def unusable(self, meaning: str, what: str) -> UnusableLaboratoryData:
        column = self._names.get(meaning, meaning)
        return UnusableLaboratoryData(what, where=f"{self._where}, column {column}", next=_REMEDY)


def read_table(path: Path, context: Context) -> tuple[list[Count], list[str]]:
    """Read a MAF, CSV or TSV file; gives the counts and the samples in the order they appear."""
    counts = list(_counts(path, context))
    return counts, list(dict.fromkeys(count.sample for count in counts))


def _counts(path: Path, context: Context) -> Iterator[Count]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        lines = enumerate(handle, start=1)
        first, header = next(((at, line) for at, line in lines if not line.startswith("#")), (1, ""))
        delimiter = "\t" if "\t" in header else ";" if header.count(";") > header.count(",") else ","
        columns = next(csv.reader([header], delimiter=delimiter), [])
        names = _named(columns, f"{path.name}, line {first}")
        for at, line in lines:
            if line.strip() and not line.startswith("#"):
                values = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter))
                where = f"{path.name}, line {at}"
                if len(values) > len(columns):
                    raise UnusableLaboratoryData(
                        f"The line has {len(values)} fields, the header {len(columns)}.",
                        where=where,
                        next=_REMEDY,
                    )
                row = _Row(dict(zip(columns, values, strict=False)), names, where)
                yield _count(row, at, context)


def _named(columns: list[str], where: str) -> dict[str, str]:
    lower = {column.strip().lower(): column for column in columns}
    names = {}
    for meaning, candidates in _COLUMNS.items():
        found = next((lower[name] for name in candidates if name in lower), None)
        if found is not None:
            names[meaning] = found
    needed = ["sample", "variant_reads"]
    absent = [meaning for meaning in needed if meaning not in names]
    if "total_reads" not in names and "reference_reads" not in names:
        absent.append("total_reads")
    if "id" not in names and not {"chromosome", "position"} <= names.keys():
        absent.append("id")
    if absent:
        accepted = "; ".join(f"{meaning}: {' or '.join(_COLUMNS[meaning])}" for meaning in absent)
        raise UnusableLaboratoryData(
            f"Columns are missing: {', '.join(absent)}.",
            where=where,
            why="A clonal story needs variant and total reads of each variant in each sample.",
            next=f"Accepted names: {accepted}.",
        )
    return names


def _count(row: _Row, line: int, context: Context) -> Count:
    variant = _variant(row)
    sample = row.text("sample")
    if sample is None:
        raise row.unusable("sample", "The sample is not named.")
    return Count(
        sample=sample,
        variant=variant,
        reads=_reads(row),
        line=line,
        copies=_copies(row, variant, context),
        purity=row.number("purity"),
    )


def _reads(row: _Row) -> tuple[int, int]:
    variant = row.whole("variant_reads")
    if variant is None:
        raise row.unusable("variant_reads", "The count of variant reads is missing.")
    total = row.whole("total_reads")
    if total is not None:
        return variant, total
    reference = row.whole("reference_reads")
    if reference is None:
        raise row.unusable("total_reads", "The count of total reads is missing.")
    if reference < 0 or variant < 0:
        raise row.unusable("reference_reads", "A count is negative.")
    return variant, variant + reference


def _variant(row: _Row) -> Variant:
    chromosome, position = row.text("chromosome"), row.whole("position")
    change = (row.text("reference"), row.text("alternate"))
    place = None
    if chromosome is not None and position is not None:
        place = f"{chromosome.removeprefix('chr')}_{position}"
        place += f"_{change[0]}>{change[1]}" if None not in change else ""
    key = row.text("id") or place
    if key is None:
        raise row.unusable("id", "The variant has no id and no position.")
    return Variant(
        id=key,
        name=place or key,
        gene=row.text("gene"),
        protein_change=row.text("protein_change"),
        variant_class=row.text("variant_class"),
        chromosome=chromosome,
        position=position,
        reference=change[0],
        alternate=change[1],
    )


def _copies(row: _Row, variant: Variant, context: Context) -> Copies | None:
    total, minor, major = (row.whole(name) for name in ("total_copies", "minor_copies", "major_copies"))
    if total is None and major is not None:
        total = major + (minor or 0)
    normal = row.whole("normal_copies")
    if normal is None:
        normal = normal_copies(variant.chromosome, context.sex)
    mutated = row.whole("mutated_copies")
    for meaning, value in (("total_copies", total), ("normal_copies", normal), ("mutated_copies", mutated)):
        if value is not None and value < 0:
            raise row.unusable(meaning, "A copy number is negative.")
    if total is None or normal is None:
        return None
    if mutated is not None and mutated > total:
        raise row.unusable("mutated_copies", f"{mutated} mutated copies of {total} are not possible.")
    return Copies(tumour=total, normal=normal, mutated=mutated)
