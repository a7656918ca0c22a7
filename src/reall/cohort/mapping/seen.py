"""What a table shows of its columns: names, labels, codes with their meaning, and the values of its first rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reall.cohort.run import primary_subtypes
from reall.exchange import redcap
from reall.exchange.mapped import distinct_texts
from reall.exchange.redcap_dictionary import Field, read_dictionary
from reall.exchange.registries import open_unmapped
from reall.exchange.tables import Source, from_arrow, open_table, read_whole
from reall.library.knowledge import Knowledge


@dataclass(frozen=True, kw_only=True)
class SeenColumn:
    """One column. `values` counts the texts of the first rows; `labels` give the meaning of codes where it is known.

    `box_of` names the checkbox field that the column is one box of, and `box` the box's label.
    """

    name: str
    label: str = ""
    values: Mapping[str, int]
    labels: Mapping[str, str]
    box_of: str = ""
    box: str = ""
    identifier: bool = False


@dataclass(frozen=True, kw_only=True)
class SeenTable:
    """A table as far as a draft looks at it: its columns, and how many rows were seen."""

    name: str
    form: str
    rows: int
    columns: tuple[SeenColumn, ...]
    dictionary: str = ""
    repeat: str = ""
    notes: tuple[str, ...] = ()


def look_at(path: Path, knowledge: Knowledge, form: str = "", dictionary: Path | None = None) -> SeenTable:
    """Look at the first rows of a table, or at a REDCap export with its data dictionary."""
    if dictionary is not None:
        return _look_at_redcap(path, dictionary)
    source, form = open_unmapped(path, primary_subtypes(knowledge), form)
    return _seen(source, form)


def _seen(source: Source, form: str) -> SeenTable:
    batch = next(source.batches, None)
    rows = batch.rows.num_rows if batch else 0
    columns = []
    for name in source.columns:
        values: Counter[str] = Counter()
        if batch is not None:
            texts, codes = distinct_texts(batch.rows.column(name))
            counts = Counter(codes.tolist())
            values.update({texts[code]: count for code, count in counts.items() if texts[code]})
        columns.append(SeenColumn(name=name, values=values, labels={}))
    notes = (*source.notes, *source.caveats, f"drafted from the first {rows:,} rows")
    return SeenTable(name=source.name, form=form, rows=rows, columns=tuple(columns), notes=notes)


def _look_at_redcap(path: Path, dictionary: Path) -> SeenTable:
    fields = read_dictionary(dictionary)
    table = read_whole(open_table(path))
    repeat = _repeat_of(table.column_names, table.to_pylist())
    everything = [column for field in fields for column in field.columns]
    rows, notes = redcap.import_records(table, fields, repeat=repeat, keep=everything)
    seen = _seen(from_arrow(rows, path.name, notes), "redcap")
    of_column = {column: field for field in fields for column in field.columns}
    columns = tuple(
        _told(column, of_column[column.name]) if column.name in of_column else column for column in seen.columns
    )
    return replace(seen, columns=columns, dictionary=dictionary.name, repeat=repeat)


def _repeat_of(columns: Sequence[str], records: Sequence[Mapping[str, str]]) -> str:
    """Guess which instrument holds the relapses: the only one that repeats, or the one that is named after them."""
    column = next((c for c in (redcap.INSTRUMENT, "Repeat Instrument") if c in columns), None)
    instruments = sorted({record[column] for record in records if record[column]}) if column else []
    named = [name for name in instruments if "relapse" in name.lower() or "rezidiv" in name.lower()]
    return instruments[0] if len(instruments) == 1 else named[0] if named else ""


def _told(column: SeenColumn, field: Field) -> SeenColumn:
    """Add what the data dictionary says of a column."""
    known = replace(column, label=field.label, identifier=field.identifier)
    if field.kind != "checkbox":
        return replace(known, labels=dict(field.choices))
    boxes = dict(zip(field.columns, (label for _, label in field.choices), strict=True))
    return replace(known, box_of=field.name, box=boxes[column.name])
