"""Read clonotypes from AIRR rearrangement tables (TSV) and from plain tables with one column per day (CSV)."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, Sample
from reall.mrd.readers.sheet import read_records
from reall.mrd.result import Finding, Severity

READS_ON_DAY = re.compile(r"reads_d(\d+(?:\.\d+)?)")
_COUNTS = ("duplicate_count", "consensus_count")
_SAMPLE_KEYS = ("repertoire_id", "sample_id")
_READS_FOR_A_TOTAL = 1000  # fewer reads cannot recover a total from a rounded percentage


def read_airr(path: Path) -> Repertoire:
    """Read an AIRR rearrangement table; `repertoire_id` or `sample_id`, when present, separates samples.

    Rows with the same locus and junction are one clonotype and are added up. The total of a sample is the sum
    of its rows, because the format holds no other.

    Raises:
        UnusableLaboratoryData: columns are missing, a count is not a whole number, or there is no row.
    """
    rows = read_records(path, delimiter="\t")
    count_column = _count_column(rows[0], path)
    key = next((name for name in _SAMPLE_KEYS if any(row.get(name) for row in rows)), None)
    labels = list(dict.fromkeys(row.get(key) or "sample 1" if key else "sample 1" for row in rows))
    place = {label: number for number, label in enumerate(labels)}
    reads: dict[str, list[int]] = defaultdict(lambda: [0] * len(labels))
    first: dict[str, Mapping[str, str]] = {}
    by_locus: list[dict[str, int]] = [defaultdict(int) for _ in labels]
    for line, row in enumerate(rows, start=2):
        count = _count(row.get(count_column), path, line, count_column)
        sample = place[(row.get(key) if key else None) or "sample 1"]
        locus = row.get("locus") or (row.get("v_call") or "unknown")[:3]
        identity = f"{locus} {row.get('junction') or row.get('sequence_id')}"
        reads[identity][sample] += count
        first.setdefault(identity, row)
        by_locus[sample][locus] += count
    return Repertoire(
        source=path.name,
        samples=tuple(
            Sample(label=label, reads=sum(by_locus[number].values()), reads_by_locus=dict(by_locus[number]))
            for label, number in place.items()
        ),
        clonotypes=tuple(_airr_clonotype(identity, first[identity], counts) for identity, counts in reads.items()),
        findings=(
            Finding(
                rule="total reads",
                severity=Severity.NOTE,
                text=f"{path.name}: the total of a sample is the sum of its rows; reads of clonotypes that the "
                "table leaves out are missing from it.",
            ),
        ),
    )


def _count_column(row: Mapping[str, str], path: Path) -> str:
    column = next((name for name in _COUNTS if name in row), None)
    if column is None or not {"junction", "sequence_id"} & row.keys():
        raise _unusable(path, f"The table lacks {_COUNTS[0]}, or junction and sequence_id; it is not an AIRR table.")
    return column


def _airr_clonotype(identity: str, row: Mapping[str, str], counts: Sequence[int]) -> Clonotype:
    v, j = row.get("v_call") or "?", row.get("j_call") or "?"
    junction = row.get("junction") or ""
    return Clonotype(
        id=identity,
        name=f"{v} {row.get('junction_aa') or junction} {j}".replace("  ", " "),
        locus=identity.split(" ", 1)[0],
        reads=tuple(counts),
        sequence=junction or row.get("sequence") or "",
        v_family=v.split("-")[0].split("*")[0],
    )


def read_day_table(path: Path) -> Repertoire:
    """Read a table with `clonotype`, `locus` and one column `reads_d<day>` per sample.

    Columns `pct_d<day>`, where present, give back the total reads of a sample (reads / percent); otherwise the
    total is the sum of the column. Either way a finding says so.

    Raises:
        UnusableLaboratoryData: columns are missing or a count is not a whole number.
    """
    rows = read_records(path)
    days = [match.group(1) for name in rows[0] if (match := READS_ON_DAY.fullmatch(name))]
    if not days or "clonotype" not in rows[0]:
        raise _unusable(path, "The table has no column clonotype and reads_d<day>.")
    columns = [
        [_count(row[f"reads_d{day}"], path, line, f"reads_d{day}") for line, row in enumerate(rows, start=2)]
        for day in days
    ]
    totals = [_total(rows, day, column, path) for day, column in zip(days, columns, strict=True)]
    clonotypes = _rows_as_clonotypes(rows, columns)
    table = Repertoire(
        source=path.name,
        samples=tuple(
            Sample(label=f"day {day}", reads=total, reads_by_locus=_sums_by_locus(clonotypes, number))
            for number, (day, total) in enumerate(zip(days, totals, strict=True))
        ),
        clonotypes=tuple(clonotypes),
        findings=(
            Finding(
                rule="total reads",
                severity=Severity.WARNING,
                text=f"{path.name}: total reads were worked out from rounded percentages, or summed where there are "
                "none; reads of a locus are the sum of its rows.",
                look_at="Prefer the file of the program that counted the reads.",
            ),
        ),
    )
    return table.with_days([float(day) for day in days])


def _rows_as_clonotypes(rows: Sequence[Mapping[str, str]], columns: Sequence[Sequence[int]]) -> list[Clonotype]:
    seen: dict[str, int] = defaultdict(int)
    clonotypes = []
    for row, *reads in zip(rows, *columns, strict=True):
        name = row["clonotype"]
        seen[name] += 1
        clonotypes.append(
            Clonotype(
                # Names are not unique: variants that differ in one base share theirs.
                id=name if seen[name] == 1 else f"{name} #{seen[name]}",
                name=name,
                locus=row.get("locus") or name[:3],
                reads=tuple(reads),
            )
        )
    return clonotypes


def _sums_by_locus(clonotypes: Sequence[Clonotype], sample: int) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for clonotype in clonotypes:
        sums[clonotype.locus] += clonotype.reads[sample]
    return dict(sums)


def _total(rows: Sequence[Mapping[str, str]], day: str, column: Sequence[int], path: Path) -> int:
    name = f"pct_d{day}"
    ratios = [
        100 * count / _percent(row[name], path, line, name)
        for line, (row, count) in enumerate(zip(rows, column, strict=True), start=2)
        if count >= _READS_FOR_A_TOTAL and row.get(name)
    ]
    return max(sum(column), round(median(ratios))) if ratios else sum(column)


def _percent(text: str, path: Path, line: int, column: str) -> float:
    """The share of a clonotype that has reads, in percent: above 0 and at most 100."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 < value <= 100:  # noqa: PLR2004 - percent
        raise UnusableLaboratoryData(
            f"{text!r} is not the percentage of a clonotype that was seen.",
            where=f"{path}, line {line}, {column}",
            why="The total reads of the sample are worked out from it.",
            next="Correct the cell, or leave out the column.",
        )
    return value


def _count(text: str | None, path: Path, line: int, column: str) -> int:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0 and value == int(value)):
        raise UnusableLaboratoryData(
            f"The count is {text!r}, not a whole number.",
            where=f"{path}, line {line}, {column}",
            why="A missing count would pass for zero reads.",
            next="Write 0 where a clonotype was looked for and not found.",
        )
    return int(value)


def _unusable(path: Path, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=str(path),
        why="Clonotypes, counts and samples must be told apart.",
        next="Give a .vidjil file, an AIRR rearrangement TSV, or a CSV with clonotype, locus, reads_d0, reads_d33, …",
    )
