"""Columns of simulated rows before they are written: numbers (NaN: empty), dates (`NO_DATE`: empty), coded words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from reall.cohort.cells_of_text import NO_DATE
from reall.cohort.columns import Codes, Flags, Floats

EMPTY = -1
_YES_NO = ("no", "yes")


@dataclass(frozen=True)
class Words:
    """One of a few words in every row; `EMPTY` where there is none."""

    codes: Codes
    words: tuple[str, ...]


@dataclass(frozen=True)
class Days:
    """A date in every row, as days since 1970-01-01."""

    days: Codes


@dataclass(frozen=True)
class Counted:
    """A number of days or the like; NaN where there is none. Whole numbers are written without a decimal point."""

    values: Floats
    whole: bool = True


Column = Words | Days | Counted


def yes_no(flags: Flags, known: Flags | bool = True) -> Words:
    """Write yes and no, and nothing where it is not known."""
    return Words(np.where(known, flags.astype(np.int64), EMPTY), _YES_NO)


def one_word(codes: Codes, words: Iterable[str | None]) -> Words:
    """Write the word of each code; None for a code that says nothing."""
    listed = list(words)
    kept = [word for word in dict.fromkeys(listed) if word is not None]
    number = np.array([EMPTY if word is None else kept.index(word) for word in listed], dtype=np.int64)
    return Words(number[codes], tuple(kept))


@dataclass(frozen=True)
class Table:
    """Some rows, by column."""

    columns: Mapping[str, Column]

    @classmethod
    def interleaved(cls, first: Self, second: Self, order: Codes) -> Self:
        """Put two tables of the same columns together, in an order."""
        made: dict[str, Column] = {}
        for name, one in first.columns.items():
            other = second.columns[name]
            if isinstance(one, Words) and isinstance(other, Words):
                made[name] = _words_of_both(one, other, order)
            elif isinstance(one, Days) and isinstance(other, Days):
                made[name] = Days(np.concatenate([one.days, other.days])[order])
            elif isinstance(one, Counted) and isinstance(other, Counted):
                made[name] = Counted(np.concatenate([one.values, other.values])[order], one.whole)
            else:
                raise TypeError(f"{name} is of two kinds")
        return cls(made)

    def batch(self, without: Mapping[str, Flags]) -> pa.RecordBatch:
        """Give the rows as Arrow; `without` says where a cell is left empty."""
        return pa.RecordBatch.from_pydict(
            {name: _arrow(column, without.get(name)) for name, column in self.columns.items()}
        )


def _words_of_both(one: Words, other: Words, order: Codes) -> Words:
    words = tuple(dict.fromkeys([*one.words, *other.words]))
    place = np.array([*(words.index(word) for word in other.words), EMPTY], dtype=np.int64)
    return Words(np.concatenate([one.codes, place[other.codes]])[order], words)


def _arrow(column: Column, left_out: Flags | None) -> pa.Array:
    gone = np.zeros(1, dtype=np.bool_) if left_out is None else left_out
    if isinstance(column, Words):
        codes = pa.array(column.codes.astype(np.int32), mask=(column.codes == EMPTY) | gone)
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.words, pa.string()))
    if isinstance(column, Days):
        there = np.where(column.days == NO_DATE, 0, column.days).astype(np.int32)
        return pa.array(there, pa.int32(), mask=(column.days == NO_DATE) | gone).cast(pa.date32())
    empty = np.isnan(column.values) | gone
    if column.whole:
        return pa.array(np.where(empty, 0, column.values).astype(np.int64), pa.int64(), mask=empty)
    return pa.array(column.values, pa.float64(), mask=empty)
