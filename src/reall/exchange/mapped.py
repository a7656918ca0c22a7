"""Applies a mapping file to a table, batch by batch.

The table keeps all its columns: those that are read, or would be taken for a registry column of the same name, are
called `given.NAME`. A code or a date that the mapping does not explain makes its row unusable, with the reason; it is
never taken for unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from reall.base.errors import UnusableCase
from reall.base.units import converted
from reall.exchange.mapping import DATE_FORMATS, UNKNOWN, ColumnMapping, Entry
from reall.exchange.tables import Batch, Problem, Source, cell_text

GIVEN = "given."
"""Before the name of a column whose content stands, as a registry has it, in another one."""
TICKED = frozenset({"1", "yes", "true", "checked"})
UNTICKED = frozenset({"0", "no", "false", "unchecked"})
_MOST_MEMBERS = 39
"""Three answers each: more would not fit one 64-bit number."""
_SPREADSHEET_DAY_0 = dt.date(1899, 12, 30)
_DIGITS = {"%Y": "[0-9]{4}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}"}

Codes = NDArray[np.int64]


class Unexplained(Exception):
    """What a cell holds is not explained by the mapping; the text is the reason."""


def apply_mapping(
    source: Source, mapping: ColumnMapping, known: Collection[str], *, unconfirmed: bool = False
) -> Source:
    """Give the table in the columns of a registry table. `known` are the names that a registry table gives a meaning.

    Raises `UnusableCase` when the mapping has unconfirmed entries (unless those are asked for, to look at what they
    would do), or names a column that the table does not have.
    """
    if not unconfirmed:
        _refuse_unconfirmed(mapping)
    _refuse_absent(source, mapping)
    used = {column for entry in mapping.entries if entry.target for column in entry.columns}
    left_alone = {entry.column for entry in mapping.entries if not entry.target}
    made = {entry.target.name for entry in mapping.entries if entry.target}
    names = {name: _kept_name(name, used, made, left_alone, known) for name in source.columns}
    return replace(
        source,
        columns=(*made_in_order(mapping), *names.values()),
        batches=_mapped(source, mapping, names),
        notes=(*source.notes, f"columns are mapped by {mapping.name}"),
    )


def made_in_order(mapping: ColumnMapping) -> list[str]:
    """Name the registry columns that a mapping gives."""
    return [entry.target.name for entry in mapping.entries if entry.target]


def _refuse_unconfirmed(mapping: ColumnMapping) -> None:
    open_ones = mapping.unconfirmed
    if open_ones:
        names = ", ".join(", ".join(entry.columns) for entry in open_ones)
        raise UnusableCase(
            f"{len(open_ones)} entries of the mapping are not confirmed: {names}",
            where=mapping.name,
            why="A guess that nobody has looked at decides on children.",
            next='Correct each entry, replace every "?" by its meaning, and write `sure: yes`; or `ignore: yes`.',
        )


def _refuse_absent(source: Source, mapping: ColumnMapping) -> None:
    for entry in mapping.entries:
        for column in entry.columns if entry.target else ():
            if column not in source.columns:
                raise UnusableCase(
                    f"the table has no column {column!r}",
                    where=entry.where,
                    why="The fact would count as unknown in every row.",
                    next="Correct the name, or take the entry out.",
                )


def _kept_name(name: str, used: set[str], made: set[str], left_alone: set[str], known: Collection[str]) -> str:
    """Keep a column's name unless an entry reads it, or it would be taken for a registry column that it is not."""
    mistaken = name in made or (name in left_alone and name in known)
    return GIVEN + name if name in used or mistaken else name


def _mapped(source: Source, mapping: ColumnMapping, names: dict[str, str]) -> Iterator[Batch]:
    for batch in source.batches:
        problems = list(batch.problems)
        arrays = []
        for entry in mapping.entries:
            if entry.target:
                array, wrong = mapped_column(batch.rows, entry, mapping)
                arrays.append(array)
                problems += [
                    Problem(
                        row=batch.first_row + row,
                        column=", ".join(entry.columns),
                        reason=reason,
                        repair=f"Correct the cell, or explain it in {mapping.name}.",
                    )
                    for row, reason in wrong
                ]
        rows = pa.RecordBatch.from_arrays(
            [*arrays, *batch.rows.columns], names=[*made_in_order(mapping), *names.values()]
        )
        yield Batch(rows=rows, first_row=batch.first_row, done=batch.done, problems=tuple(problems))


def mapped_column(rows: pa.RecordBatch, entry: Entry, mapping: ColumnMapping) -> tuple[pa.Array, list[tuple[int, str]]]:
    """Give a registry column of some rows, and what could not be explained: row (from 0) and reason."""
    if entry.members:
        return _list_of_members(rows, entry, mapping)
    texts, codes = distinct_texts(rows.column(entry.column))
    said = [reading(text, entry, mapping) for text in texts]
    values = pa.array([value for value, _ in said], pa.string())
    return values.take(pa.array(codes)), _unexplained([reason for _, reason in said], codes)


def distinct_texts(array: pa.Array) -> tuple[list[str], Codes]:
    """Give the distinct texts of a column, "" where a cell is empty, and which of them each row has."""
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    texts = ["" if value is None else cell_text(value).strip() for value in array.dictionary.to_pylist()]
    indices = pc.fill_null(array.indices.cast(pa.int64()), len(texts))
    return [*texts, ""], indices.to_numpy(zero_copy_only=False)


def reading(text: str, entry: Entry, mapping: ColumnMapping) -> tuple[str | None, str]:
    """Say what a cell means (None: unknown), or why it cannot be said."""
    try:
        return meaning(text, entry, mapping), ""
    except Unexplained as error:
        return None, str(error)


def meaning(text: str, entry: Entry, mapping: ColumnMapping) -> str | None:
    """Say what a cell means; None where it says nothing. Raises `Unexplained`."""
    if text in entry.codes:
        value = entry.codes[text]
        return None if value == UNKNOWN else value
    if not text or text in mapping.missing:
        return None
    if entry.codes:
        raise Unexplained(f"the code {text!r} is not explained in the mapping")
    if entry.dates:
        return _iso_date(text, entry.dates)
    if entry.target and entry.target.numeric:
        plain = text.replace(",", ".") if mapping.decimal == "," else text
        try:
            return converted(plain, unit=entry.target.unit, given_in=entry.unit) if entry.unit else plain
        except InvalidOperation:
            raise Unexplained(f"{text!r} is not a number") from None
    return text


def _iso_date(text: str, form: str) -> str:
    """Turn a date as the table writes it into YYYY-MM-DD; a time of day behind it is dropped."""
    day = re.split(r"[T ]", text, maxsplit=1)[0]
    try:
        if form == "excel":
            return (_SPREADSHEET_DAY_0 + dt.timedelta(days=float(day))).isoformat()
        pattern = DATE_FORMATS[form]
        shape = re.sub("%[Ymd]", lambda part: _DIGITS[part[0]], re.escape(pattern).replace(r"\%", "%"))
        if re.fullmatch(shape, day):
            return dt.datetime.strptime(day, pattern).date().isoformat()  # noqa: DTZ007 - a date has no zone
    except (ValueError, OverflowError):
        pass
    raise Unexplained(f"{text!r} is no date written {form}")


def _list_of_members(
    rows: pa.RecordBatch, entry: Entry, mapping: ColumnMapping
) -> tuple[pa.Array, list[tuple[int, str]]]:
    """Join several yes/no columns to one list, once per distinct row of answers."""
    if len(entry.members) > _MOST_MEMBERS:
        raise UnusableCase(f"{len(entry.members)} columns make one list", where=entry.where, next="Split the list.")
    packed: Codes = np.zeros(rows.num_rows, dtype=np.int64)
    wrong: list[tuple[int, str]] = []
    for column in entry.members:
        texts, codes = distinct_texts(rows.column(column))
        ticks = [_tick(text, mapping) for text in texts]
        wrong += _unexplained(
            [
                "" if t is not None else f"{column}: {text!r} is neither ticked nor not"
                for text, t in zip(texts, ticks, strict=True)
            ],
            codes,
        )
        packed = packed * 3 + np.array([t or 0 for t in ticks], dtype=np.int64)[codes]
    patterns, codes = np.unique(packed, return_inverse=True)
    names = list(entry.members.values())
    deny = entry.target is not None and entry.target.name == "genetics"
    lists = [_list(_ticks_of(int(p), len(names)), names, entry.unticked, deny=deny) for p in patterns]
    return pa.array(lists, pa.string()).take(pa.array(codes)), sorted(wrong)


def _tick(text: str, mapping: ColumnMapping) -> int | None:
    """Read one box: 2 ticked, 1 not ticked, 0 unknown; None for anything else."""
    word = text.lower()
    if not text or text in mapping.missing:
        return 0
    return 2 if word in TICKED else 1 if word in UNTICKED else None


def _ticks_of(pattern: int, members: int) -> list[int]:
    ticks = []
    for _ in range(members):
        pattern, tick = divmod(pattern, 3)
        ticks.append(tick)
    return ticks[::-1]


def _list(ticks: list[int], names: list[str], unticked: str, *, deny: bool) -> str | None:
    """Write the list that some boxes mean; None where nothing is known.

    Where an unticked box means no, a list of genetic names denies what is not ticked, and a complete list that holds
    nothing is `none`; one open box keeps an empty list from being complete.
    """
    found = [name for name, tick in zip(names, ticks, strict=True) if tick == 2]  # noqa: PLR2004 - see `_tick`
    if unticked != "no":
        return "|".join(found) or None
    if deny:
        found += [f"not {name}" for name, tick in zip(names, ticks, strict=True) if tick == 1]
        return "|".join(found) or None
    return "|".join(found) or ("none" if 0 not in ticks else None)


def _unexplained(reasons: list[str], codes: Codes) -> list[tuple[int, str]]:
    if not any(reasons):
        return []
    wrong = np.array([bool(reason) for reason in reasons])
    return [(row, reasons[int(codes[row])]) for row in np.flatnonzero(wrong[codes]).tolist()]
