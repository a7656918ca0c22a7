"""Checks a mapping file against its table: what each entry reads, which codes are open, which units look wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from reall.base.errors import UnusableCase
from reall.cohort.quality.column_checks import COLUMN_CHECKS
from reall.cohort.quality.mrd_checks import MRD_CHECKS
from reall.cohort.quality.rows import Rows
from reall.cohort.quality.run import check_source
from reall.cohort.quality.verdict import CheckResult
from reall.cohort.registry import recognise, registry_columns
from reall.cohort.run import primary_subtypes
from reall.exchange.mapped import GIVEN, apply_mapping
from reall.exchange.mapping import ColumnMapping, read_mapping
from reall.exchange.registries import open_unmapped
from reall.exchange.tables import Source
from reall.library.knowledge import Knowledge

_OF_UNITS = frozenset({*COLUMN_CHECKS, *MRD_CHECKS}) - {
    "constant_columns",
    "empty_columns",
    "days_heap",
    "multiples_heap",
}


@dataclass(frozen=True, kw_only=True)
class Unread:
    """What could not be read, and in how many rows."""

    column: str
    reason: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class MappingCheck:
    """What a mapping makes of its table.

    `read` counts, per registry column, the rows in which it says something. `unit_findings` are the data-quality checks
    that betray a wrong unit. `unmapped` are columns that no entry names.
    """

    mapping: str
    table: str
    rows: int
    read: dict[str, int]
    unconfirmed: tuple[str, ...]
    unread: tuple[Unread, ...]
    unit_findings: tuple[CheckResult, ...]
    unmapped: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether every entry is confirmed and every cell can be read."""
        return not (self.unconfirmed or self.unread)


def check_mapping(path: Path, mapping_file: Path, knowledge: Knowledge, form: str = "") -> MappingCheck:
    """Read the whole table through its mapping.

    Raises `UnusableCase` when table or mapping as a whole cannot be used.
    """
    mapping = read_mapping(mapping_file, registry_columns(knowledge.vocabulary))
    source = _opened(path, mapping, knowledge, form)
    read, unread, rows = _counted(source, mapping, knowledge)
    if not rows:
        raise UnusableCase("the table has a header and no rows", where=path.name, next="Give one row per relapse.")
    quality = check_source(_opened(path, mapping, knowledge, form), knowledge, form=form)
    named = {column for entry in mapping.entries for column in entry.columns}
    made = {entry.target.name for entry in mapping.entries if entry.target}
    return MappingCheck(
        mapping=mapping_file.name,
        table=path.name,
        rows=rows,
        read=read,
        unconfirmed=tuple(", ".join(entry.columns) for entry in mapping.unconfirmed),
        unread=tuple(Unread(column=c, reason=r, rows=n) for (c, r), n in unread.most_common()),
        unit_findings=tuple(result for result in quality.found if result.check.computed in _OF_UNITS),
        unmapped=tuple(c for c in source.columns if c not in {*named, *made} and not c.startswith(GIVEN)),
        notes=(*source.notes, *source.caveats),
    )


def _opened(path: Path, mapping: ColumnMapping, knowledge: Knowledge, form: str) -> Source:
    source, _ = open_unmapped(path, primary_subtypes(knowledge), form, mapping)
    return apply_mapping(source, mapping, tuple(registry_columns(knowledge.vocabulary)), unconfirmed=True)


def _counted(
    source: Source, mapping: ColumnMapping, knowledge: Knowledge
) -> tuple[dict[str, int], Counter[tuple[str, str]], int]:
    """Count what is read and what is not, batch by batch."""
    registry = recognise(source.columns, knowledge.vocabulary, keep=True)
    read = {entry.target.name: 0 for entry in mapping.entries if entry.target}
    unread: Counter[tuple[str, str]] = Counter()
    rows = 0
    for batch in source.batches:
        seen = Rows(batch, registry, knowledge)
        unread.update((p.column, p.reason) for p in seen.faults.problems)
        for name in read:
            read[name] += batch.rows.num_rows - pc.sum(batch.rows.column(name).is_null()).as_py()
        rows += batch.rows.num_rows
    return read, unread, rows


def open_points(check: MappingCheck) -> Iterator[str]:
    """Say what is left to do, one sentence each."""
    for columns in check.unconfirmed:
        yield f"{columns}: not confirmed"
    for unread in check.unread:
        yield f"{unread.column or 'row'}: {unread.reason} ({unread.rows:,} rows)"
    for result in check.unit_findings:
        about = "; ".join(result.details) or f"{result.rows:,} rows"
        yield f"{result.check.title}: {about}. {result.check.next}"
