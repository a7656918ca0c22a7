"""Droplet counts from QX100/QX200 exports (QuantaSoft and QX Manager, text or Excel)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Role
from reall.mrd.readers.sheet import Row, Sheet, read_sheet
from reall.mrd.result import Finding

_COLUMNS = {
    "well": ("well position",),
    "sample": ("sample description 1", "sample name", "sampledescription"),
    "target": ("assay", "target name", "targetname"),
    "type": ("typeassay", "targettype", "target type"),
    "sample_type": ("sampletype", "sample type"),
    "status": (),
    "concentration": ("conc", "concentration_copies_per_ul", "conc(copies/µl)", "conc(copies/ul)"),
    "interval_low": ("poissonconfmin", "poissonconfidencemin"),
    "interval_high": ("poissonconfmax", "poissonconfidencemax"),
    "positives": (),
    "negatives": (),
    "accepted": ("accepteddroplets", "accepted droplets"),
}
_ROLES = ((r"ntc|no template", Role.NO_TEMPLATE), (r"neg|blank|nmc|mnc|background", Role.BACKGROUND))
_MERGED = re.compile(r"M\d+|merged", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class DropletWell:
    """Counts of one well and target; `reported` (with interval) is the instrument's, in copies per µL."""

    position: str
    sample: str
    target: str
    role: Role
    positives: int
    negatives: int
    reported: float | None = None
    reported_interval: tuple[float, float] | None = None
    merged_by_instrument: bool = False

    @property
    def droplets(self) -> int:
        """Accepted droplets."""
        return self.positives + self.negatives


@dataclass(frozen=True, kw_only=True)
class DropletPlate:
    """All rows of an export, in the order of the file."""

    source: str
    wells: tuple[DropletWell, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in order of appearance."""
        return tuple(dict.fromkeys(well.target for well in self.wells))


def read_droplets(path: str | Path) -> DropletPlate:
    """Read an export.

    Raises:
        UnusableLaboratoryData: a count is missing, negative or not whole, the counts contradict the accepted
            droplets, or one well has two rows for a target.
    """
    path = Path(path)
    needed = ("well", "target", "positives", "negatives")
    sheet = read_sheet(path, _COLUMNS, needed=needed, numeric="concentration")
    wells = tuple(_well(sheet, row) for row in sheet.rows)
    if not wells:
        raise UnusableLaboratoryData(
            "There is a header but no well below it.", where=sheet.where, next="Export the results again."
        )
    seen: dict[tuple[str, str], int] = {}
    for well, row in zip(wells, sheet.rows, strict=True):
        if seen.setdefault((well.position, well.target), row.number) != row.number:
            raise UnusableLaboratoryData(
                f"Well {well.position} has two rows for {well.target!r}.",
                where=f"{sheet.where}, rows {seen[well.position, well.target]} and {row.number}",
                why="Its droplets would be counted twice; the file may hold several plates.",
                next="Export one plate per file.",
            )
    return DropletPlate(source=path.name, wells=wells, findings=tuple(sheet.remarks()))


def _well(sheet: Sheet, row: Row) -> DropletWell:
    positives, negatives = _count(sheet, row, "positives"), _count(sheet, row, "negatives")
    accepted = sheet.number(row, "accepted")
    if accepted is not None and accepted != positives + negatives:
        raise UnusableLaboratoryData(
            f"{positives} positive and {negatives} negative droplets make {positives + negatives}, "
            f"but {accepted:g} are said to be accepted.",
            where=f"{sheet.where}, row {row.number}",
            why="One of the three counts is wrong.",
            next="Export the results again.",
        )
    low, high = sheet.number(row, "interval_low"), sheet.number(row, "interval_high")
    return DropletWell(
        position=row.get("well"),
        sample=row.get("sample") or row.get("well"),
        target=row.get("target"),
        role=_role(f"{row.get('type')} {row.get('sample_type')}"),
        positives=positives,
        negatives=negatives,
        reported=sheet.number(row, "concentration"),
        reported_interval=(low, high) if low is not None and high is not None else None,
        merged_by_instrument=bool(_MERGED.fullmatch(row.get("well"))),
    )


def _count(sheet: Sheet, row: Row, name: str) -> int:
    value = sheet.number(row, name)
    if value is None or value < 0 or value != int(value):
        raise UnusableLaboratoryData(
            f"{row.get(name)!r} is not a number of droplets.",
            where=f"{sheet.where}, row {row.number}, {name}",
            why="Every concentration is computed from the counts.",
            next="Export the results with droplet counts.",
        )
    return int(value)


def _role(words: str) -> Role:
    for pattern, role in _ROLES:
        if re.search(pattern, words, re.IGNORECASE):
            return role
    return Role.SAMPLE
