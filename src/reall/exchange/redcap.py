"""Reads a REDCap export: records with their data dictionary, raw or label export, to one row per relapse.

Codes are kept as codes (labels are turned back into them), so that one mapping file serves both exports. A field that
branching logic hides was not asked: it is unknown, never no; so is a box that nobody could tick.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import pyarrow as pa

from reall.base.errors import UnusableCase
from reall.exchange.redcap_dictionary import Field
from reall.exchange.redcap_logic import shown

INSTRUMENT, INSTANCE, EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"
MARKS = frozenset({INSTRUMENT, INSTANCE, EVENT, "redcap_data_access_group", "redcap_survey_identifier"})
"""Columns that REDCap adds to an export."""
_LABELS_OF_MARKS = {"Repeat Instrument": INSTRUMENT, "Repeat Instance": INSTANCE, "Event Name": EVENT}
_UNTICKED = frozenset({"0", "Unchecked", ""})

Record = dict[str, str]


def looks_like(columns: Sequence[str]) -> bool:
    """Whether a table is a REDCap export, by its columns."""
    return any(c in MARKS or c in _LABELS_OF_MARKS or "___" in c or c.endswith("_complete") for c in columns)


def import_records(
    table: pa.Table, fields: Sequence[Field], *, repeat: str = "", keep: Sequence[str] = ()
) -> tuple[pa.Table, tuple[str, ...]]:
    """Turn an export into one row per relapse, every column text; also gives notes on what was done.

    `repeat` names the instrument or event that holds one relapse per repetition; without repetitions every row is one.
    Fields that are marked as identifiers are left out unless they are in `keep`.
    Raises `UnusableCase` when a column is no field, a label is none, or the export repeats and `repeat` is not given.
    """
    if not fields:
        raise UnusableCase("the data dictionary has no field", next="Export it again from REDCap.")
    names = _names_of(table.column_names, fields)
    records = [
        {names[column]: "" if value is None else str(value).strip() for column, value in record.items()}
        for record in table.to_pylist()
    ]
    notes: list[str] = []
    _codes_of_labels(records, fields, notes)
    rows = _one_per_relapse(records, fields, repeat, notes)
    _forget_hidden(rows, fields, notes)
    secret = {c for f in fields if f.identifier for c in f.columns if c not in {*keep, fields[0].name}}
    if secret & set(names.values()):
        notes.append(f"identifiers are left out: {', '.join(sorted(secret & set(names.values())))}")
    columns = [column for column in dict.fromkeys(names.values()) if column not in secret]
    made = {column: pa.array([row.get(column) or None for row in rows], pa.string()) for column in columns}
    return pa.table(made), tuple(notes)


def _names_of(columns: Sequence[str], fields: Sequence[Field]) -> dict[str, str]:
    """Give the field name of every column; a label export may carry labels in the header."""
    own = {column for field in fields for column in field.columns}
    labels = Counter(field.label for field in fields)
    of_label = {f.label: f.name for f in fields if labels[f.label] == 1 and f.kind != "checkbox"}
    of_label |= {
        f"{f.label} (choice={label})": column
        for f in fields
        if f.kind == "checkbox"
        for (_, label), column in zip(f.choices, f.columns, strict=True)
    }
    forms = {field.form for field in fields}
    named = {}
    for column in columns:
        own_column = column in own or column in MARKS or column.removesuffix("_complete") in forms
        name = column if own_column else _LABELS_OF_MARKS.get(column) or of_label.get(column)
        if name is None and (column.endswith(("_timestamp", "_complete")) or column == "Complete?"):
            name = column
        if name is None:
            raise UnusableCase(
                f"the column {column!r} is no field of the data dictionary",
                next="Export records and data dictionary of the same project at the same time.",
            )
        named[column] = name
    return named


def _codes_of_labels(records: list[Record], fields: Sequence[Field], notes: list[str]) -> None:
    """Turn the labels of a label export back into codes, field by field; a code stays."""
    turned = 0
    for field in fields:
        codes = {code for code, _ in field.choices}
        if not codes or field.kind == "checkbox":
            continue
        for record in records:
            text = record.get(field.name, "")
            if text and text not in codes and text in field.code_of:
                record[field.name] = field.code_of[text]
                turned += 1
    if turned:
        notes.append(f"this is a label export: {turned:,} labels are turned back into codes")


def _one_per_relapse(records: list[Record], fields: Sequence[Field], repeat: str, notes: list[str]) -> list[Record]:
    instruments = {record.get(INSTRUMENT, "") for record in records} - {""}
    events = {record.get(EVENT, "") for record in records} - {""}
    parts = instruments | (events if len(events) > 1 or any(record.get(INSTANCE) for record in records) else set())
    if not parts and not repeat:
        return records
    if repeat not in instruments | events:
        raise UnusableCase(
            f"the export holds several rows per record ({', '.join(sorted(parts)) or 'none repeats'})"
            + (f", and no {repeat!r}" if repeat else ""),
            why="One row per relapse is needed.",
            next="Name the instrument or event that holds one relapse each as `repeat` in the mapping file.",
        )
    return _joined(records, fields[0].name, repeat, notes)


def _joined(records: list[Record], key: str, repeat: str, notes: list[str]) -> list[Record]:
    """Join what is said once about a child to each of its relapses."""
    once: dict[str, Record] = defaultdict(dict)
    relapses: list[Record] = []
    unused: Counter[str] = Counter()
    for record in records:
        if repeat in {record.get(INSTRUMENT), record.get(EVENT)}:
            relapses.append(record)
        elif record.get(INSTRUMENT) or record.get(INSTANCE):
            unused[record.get(INSTRUMENT) or record.get(EVENT, "")] += 1
        else:
            _add(once[record[key]], record, key)
    children = {record[key] for record in relapses}
    without = sum(child not in children for child in once)
    if without:
        notes.append(f"records without {repeat!r}, which give no row: {without:,}")
    notes += [f"{rows:,} rows of the repeating {name!r} are not used" for name, rows in sorted(unused.items())]
    return [{**once.get(r[key], {}), **{name: text for name, text in r.items() if text}} for r in relapses]


def _add(known: Record, record: Record, key: str) -> None:
    """Add another event of the same child; two events must not answer one field differently."""
    for name, text in record.items():
        if not text or name in MARKS:
            continue
        if known.get(name, text) != text and not name.endswith(("_complete", "_timestamp")) and "___" not in name:
            raise UnusableCase(
                f"two events of one record answer {name!r} differently",
                where=f"the field {key!r} names the record",
                next="Export the event that counts, or give the field one answer.",
            )
        known[name] = max(known.get(name, ""), text) if "___" in name else text


def _forget_hidden(rows: list[Record], fields: Sequence[Field], notes: list[str]) -> None:
    """Blank what branching logic hides, and boxes of which it is not known whether they were shown."""
    for field in fields:
        if not field.logic:
            continue
        hidden = open_ones = erased = 0
        for row, seen in [(row, shown(field.logic, _blanks(row, fields))) for row in rows]:
            if seen or (seen is None and field.kind != "checkbox"):
                continue
            ticked = any(row.get(column, "") not in _UNTICKED for column in field.columns)
            if seen is None:
                open_ones += not ticked
                blank = not ticked
            else:
                hidden += 1
                erased += ticked
                blank = True
            if blank:
                row.update(dict.fromkeys(field.columns, ""))
        notes += _said(field, hidden, erased, open_ones)


def _blanks(row: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    return {**{column: "" for field in fields for column in field.columns}, **row}


def _said(field: Field, hidden: int, erased: int, open_ones: int) -> list[str]:
    made = []
    if hidden:
        rest = f"; {erased:,} answers under it are stale and not used" if erased else ""
        made.append(f"{field.name} was not asked in {hidden:,} rows ({field.logic}){rest}")
    if open_ones:
        made.append(f"{field.name}: whether it was shown cannot be told ({field.logic}); boxes not ticked are unknown")
    return made
