"""Open clonotype files of any kind that is read, and put their samples on days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.mrd.ngs.read_tables import READS_ON_DAY, read_airr, read_day_table
from reall.mrd.ngs.read_vidjil import read_vidjil, sampling_days
from reall.mrd.ngs.repertoire import Repertoire, combine
from reall.mrd.readers.sheet import read_records
from reall.mrd.result import Finding, Severity

_TABLE_READERS = {".tsv": read_airr, ".airr": read_airr, ".csv": read_day_table}


def open_repertoire(files: Sequence[Path], *, days: str | None = None, analysis: Path | None = None) -> Repertoire:
    """Read one file of several samples, or several files of one sample each in order of time.

    `days` is `0,48,90` or a CSV whose columns `reads_d<day>` or whose column `day` hold the days in the order
    of the samples. Without it, sampling dates of a `.vidjil` file are used and a finding says so.

    Raises:
        UnusableLaboratoryData: a file cannot be read.
        WrongUsage: the days do not fit the samples.
    """
    repertoire = combine([_read(path, analysis) for path in files])
    if days is not None:
        return repertoire.with_days(_parse_days(days))
    found = sampling_days(files[0]) if len(files) == 1 and files[0].suffix == ".vidjil" else None
    if found is None:
        return repertoire
    note = Finding(
        rule="days",
        severity=Severity.WARNING,
        text="No days were given; they were counted from the sampling dates in the file.",
        look_at="Check that these are dates of sampling, not of sequencing, or give --days.",
    )
    return repertoire.with_days(found, findings=(note,))


def _read(path: Path, analysis: Path | None) -> Repertoire:
    if not path.is_file():
        raise UnusableLaboratoryData("There is no such file.", where=str(path), next="Check the path.")
    if path.suffix == ".vidjil":
        return read_vidjil(path, analysis=analysis)
    reader = _TABLE_READERS.get(path.suffix.lower())
    if reader is None:
        raise UnusableLaboratoryData(
            f"Files ending in {path.suffix or 'nothing'} are not read.",
            where=str(path),
            why="Read are .vidjil (JSON), AIRR rearrangements (.tsv) and tables by day (.csv).",
            next="Export the clonotypes in one of these forms.",
        )
    return reader(path)


def _parse_days(text: str) -> list[float]:
    path = Path(text)
    parts = _days_of_table(path) if path.suffix.lower() == ".csv" else text.split(",")
    try:
        days = [float(part) for part in parts]
    except ValueError:
        days = [math.nan]
    if not all(map(math.isfinite, days)):
        raise WrongUsage(
            f"{text!r} does not hold days.",
            where="--days",
            why="Growth is read against time.",
            next="Write 0,48,90 or give a CSV with columns reads_d0, reads_d48 … or a column day.",
        )
    return days


def _days_of_table(path: Path) -> list[str]:
    rows = read_records(path)
    in_columns = [match.group(1) for name in rows[0] if (match := READS_ON_DAY.fullmatch(name))]
    return in_columns or [row.get("day", "") for row in rows]
