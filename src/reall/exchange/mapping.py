"""The mapping file `reall.mapping/1`: which column of somebody's table gives which column of a registry table, and how.

Nothing is guessed when it is read: a column, unit, code or date format that is not written here is not used, and an
entry that its author has not confirmed (`sure: no`, or a code that means `?`) keeps the whole table from being read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.base.documents import Document, read_document
from reall.base.errors import UnusableCase, WrongUsage
from reall.base.schemas import first_breach
from reall.base.units import CONVERSIONS
from reall.facts.table_schema import TableColumn
from reall.facts.vocabulary import nearest

SCHEMA = "reall.mapping/1"
UNDECIDED = "?"
UNKNOWN = "unknown"
DATE_FORMATS: Mapping[str, str] = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD-MM-YYYY": "%d-%m-%Y",
    "YYYYMMDD": "%Y%m%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "excel": "",
}
"""What a date may look like; `excel` is the day number of a spreadsheet."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One rule: `column`, or several yes/no columns (`members`: column to the name it stands for), give `target`.

    `codes` map what a cell holds to an answer; empty means that cells are taken as they stand. `unticked` says what a
    member that is not ticked means: `no` or `unknown`. An entry without target leaves its column alone.
    """

    column: str = ""
    members: Mapping[str, str]
    target: TableColumn | None
    codes: Mapping[str, str]
    unit: str = ""
    dates: str = ""
    unticked: str = UNKNOWN
    sure: bool = True
    where: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the entry reads."""
        return tuple(self.members) or (self.column,)


@dataclass(frozen=True, kw_only=True)
class RedcapSettings:
    """The data dictionary of a REDCap export, and the instrument or event that holds one relapse per repetition."""

    dictionary: Path
    repeat: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """A whole mapping file. `missing` are the codes that mean unknown in every column."""

    name: str
    entries: tuple[Entry, ...]
    missing: frozenset[str]
    decimal: str = "."
    redcap: RedcapSettings | None = None

    @property
    def unconfirmed(self) -> tuple[Entry, ...]:
        """Entries that nobody has confirmed."""
        return tuple(e for e in self.entries if not e.sure or UNDECIDED in e.codes.values())


def read_mapping(path: Path, targets: Mapping[str, TableColumn]) -> ColumnMapping:
    """Read a mapping file; `targets` are the columns that a registry table may have.

    Raises `WrongUsage` when there is none, `UnusableCase` with the line when it breaks its schema, names an unknown
    fact, unit or answer, or gives one column of the registry twice.
    """
    if not path.is_file():
        raise WrongUsage(f"there is no mapping file {path.name!r}", next="Draft one with `reall cohort map TABLE`.")
    document = read_document(path.read_bytes(), name=path.name, error=UnusableCase)
    if breach := first_breach(document.data, "mapping"):
        place, message = breach
        raise UnusableCase(
            f"{place}: {message}",
            where=document.where(*(int(p) if p.isdigit() else p for p in place.split("."))),
            next="Compare with a draft of `reall cohort map TABLE`, or with knowledge/schema/mapping.schema.json.",
        )
    entries = tuple(
        _entry(entry, document, ("columns", i), targets) for i, entry in enumerate(document.data["columns"])
    )
    _refuse_doubled(entries)
    redcap = document.data.get("redcap")
    return ColumnMapping(
        name=path.name,
        entries=entries,
        missing=frozenset(_text(code) for code in document.data.get("missing", ())),
        decimal=document.data.get("decimal", "."),
        redcap=RedcapSettings(dictionary=path.parent / redcap["dictionary"], repeat=redcap.get("repeat", ""))
        if redcap
        else None,
    )


def _text(code: Any) -> str:
    if isinstance(code, bool):
        return "yes" if code else "no"
    return f"{code:g}" if isinstance(code, float) else str(code).strip()


def _entry(
    entry: Mapping[str, Any], document: Document, place: tuple[str | int, ...], targets: Mapping[str, TableColumn]
) -> Entry:
    where = document.where(*place)
    target = None
    if "fact" in entry:
        target = targets.get(entry["fact"])
        if target is None:
            raise UnusableCase(
                f"there is no column {entry['fact']!r} in a registry table",
                where=where,
                next=nearest(entry["fact"], targets) or "`reall cohort schema` lists all of them.",
            )
    made = Entry(
        column=entry.get("column", ""),
        members=entry.get("members", {}),
        target=target,
        codes={key: _meaning(value) for key, value in entry.get("codes", {}).items()},
        unit=entry.get("unit", ""),
        dates=entry.get("dates", ""),
        unticked=entry.get("unticked", UNKNOWN),
        sure=entry.get("sure", "yes") == "yes",
        where=where,
    )
    if target is not None:
        _check_entry(made, target)
    return made


def _meaning(value: Any) -> str:
    return "|".join(value) if isinstance(value, list) else _text(value)


def _check_entry(entry: Entry, target: TableColumn) -> None:
    """Refuse a unit, format or answer that the fact cannot have."""
    units = CONVERSIONS.get(target.unit, {})
    if entry.unit and entry.unit not in units:
        known = f"Known for {target.unit} are {', '.join(units)}." if units else f"{target.name} has no other unit."
        raise UnusableCase(f"{target.name} cannot be given in {entry.unit!r}", where=entry.where, why=known)
    if entry.dates and target.kind != "date":
        raise UnusableCase(f"{target.name} is no date", where=entry.where, next="Leave `dates` out.")
    if entry.members and target.kind != "list":
        raise UnusableCase(f"{target.name} is no list", where=entry.where, next="Give one `column` with `codes`.")
    allowed = {"yes", "no"} if target.kind == "yes_no" else {str(answer) for answer in target.answers}
    if target.kind not in {"yes_no", "category"}:
        return
    for code, meaning in entry.codes.items():
        wrong = [part for part in meaning.split("|") if part not in {*allowed, UNKNOWN, UNDECIDED}]
        if wrong:
            raise UnusableCase(
                f"{code!r} is mapped to {wrong[0]!r}, which is no answer of {target.name}",
                where=entry.where,
                why=f"Allowed are {', '.join(sorted(allowed))}, {UNKNOWN}.",
                next=nearest(wrong[0], allowed),
            )


def _refuse_doubled(entries: Sequence[Entry]) -> None:
    targets = Counter(entry.target.name for entry in entries if entry.target)
    for entry in entries:
        if entry.target and targets[entry.target.name] > 1:
            raise UnusableCase(
                f"{entry.target.name} is given by two entries",
                where=entry.where,
                why="It would not be clear which one counts.",
                next="Keep one of the two.",
            )
