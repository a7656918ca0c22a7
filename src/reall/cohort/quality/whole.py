"""What the checks across rows need of a whole registry: a few numbers per row, gathered batch by batch.

Memory: about 8 bytes per row and column, only for the columns that such checks name; cells themselves are not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reall.cohort.cells_of_text import NO_DATE
from reall.cohort.columns import Codes, Flags, Floats, Picked
from reall.cohort.quality.rows import Rows, key_of
from reall.exchange.mapped import GIVEN

LEVEL = "level_fraction"
_MIXED = 31
"""Multiplier of the hash of a row: an odd number, so that the order of the columns counts."""


class Whole:
    """Columns of the whole table. `keys` number equal texts alike, `answers` equal answers, 0 where none is certain."""

    def __init__(self, names: Iterable[str], but_for: Iterable[str] = ()) -> None:
        """Prepare to gather the columns `names`; rows are compared in all columns `but_for` some."""
        self.rows = 0
        self.columns: tuple[str, ...] = ()
        """Those that were not read into another column by a mapping."""
        self.said: dict[str, int] = {}
        """Column to the number of rows in which it says anything."""
        self.varied: set[str] = set()
        """Columns that say at least two different things."""
        self._names = tuple(names)
        self._but_for = frozenset(but_for)
        self._only: dict[str, int] = {}
        self._kept: dict[str, dict[str, list[NDArray[Any]]]] = defaultdict(lambda: defaultdict(list))

    def take(self, rows: Rows) -> None:
        """Gather one batch."""
        self.rows += rows.rows
        self.columns = tuple(name for name in rows.columns if not name.startswith(GIVEN))
        for name in self._names:
            if name in rows.dates:
                self._keep("dates", name, rows.dates[name])
            elif name in rows.numbers:
                self._keep("numbers", name, rows.numbers[name].points)
            elif name in rows.picked:
                self._keep("answers", name, _points(rows.picked[name]))
            elif name in rows.columns:
                self._keep("keys", name, rows.keys(name))
            if name in rows.columns and not {name} & {*rows.dates, *rows.picked, *rows.registry.linking}:
                self._keep("plain", name, rows.plain(name))
        for parts in rows.registry.mrd.values():
            if LEVEL in parts:
                self._keep("levels", parts[LEVEL], rows.plain(parts[LEVEL]))
        self._look_at_every_column(rows)

    def _look_at_every_column(self, rows: Rows) -> None:
        mixed = np.zeros(rows.rows, dtype=np.int64)
        for column in self.columns:
            keys = rows.keys(column)
            there = keys != 0
            self.said[column] = self.said.get(column, 0) + int(there.sum())
            if there.any() and column not in self.varied:
                first = self._only.setdefault(column, int(keys[there][0]))
                if (keys[there] != first).any():
                    self.varied.add(column)
            if column not in self._but_for:
                mixed *= _MIXED
                mixed += keys
        self._keep("rows", "", mixed)

    def _keep(self, kind: str, name: str, values: NDArray[Any]) -> None:
        self._kept[kind][name].append(values)

    def _of(self, kind: str) -> dict[str, NDArray[Any]]:
        return {name: np.concatenate(parts) for name, parts in self._kept.pop(kind, {}).items()}

    @cached_property
    def dates(self) -> Mapping[str, Codes]:
        """Days since 1970-01-01, `NO_DATE` where unknown."""
        return self._of("dates")

    @cached_property
    def numbers(self) -> Mapping[str, Floats]:
        """Numbers, derived ones too; NaN where unknown or an interval."""
        return self._of("numbers")

    @cached_property
    def plain(self) -> Mapping[str, Floats]:
        """Numbers as the cells have them, whatever the bounds."""
        return self._of("plain")

    @cached_property
    def levels(self) -> Mapping[str, Floats]:
        """MRD levels as the cells have them, by column."""
        return self._of("levels")

    @cached_property
    def answers(self) -> Mapping[str, Codes]:
        """Answers, numbered."""
        return self._of("answers")

    @cached_property
    def keys(self) -> Mapping[str, Codes]:
        """Texts, numbered."""
        return self._of("keys")

    @cached_property
    def row_keys(self) -> Codes:
        """A number per row, equal where all compared columns are."""
        found: Codes = self._of("rows").get("", np.zeros(0, dtype=np.int64))
        return found

    def has(self, *names: str) -> bool:
        """Whether the table gives all of these."""
        return all(self.known(name) is not None for name in names)

    def value(self, name: str) -> NDArray[Any]:
        """A column of any kind."""
        for kind in (self.dates, self.numbers, self.answers, self.keys):
            if name in kind:
                return kind[name]
        raise KeyError(name)

    def known(self, name: str) -> Flags | None:
        """Where a column says something certain; None where there is no such column."""
        if name in self.dates:
            dated: Flags = self.dates[name] != NO_DATE
            return dated
        if name in self.numbers:
            numbered: Flags = ~np.isnan(self.numbers[name])
            return numbered
        for kind in (self.answers, self.keys):
            if name in kind:
                keyed: Flags = kind[name] != 0
                return keyed
        return None

    def all_known(self, *names: str) -> Flags:
        """Where all of these columns say something certain."""
        made = np.ones(self.rows, dtype=np.bool_)
        for name in names:
            known = self.known(name)
            made &= False if known is None else known
        return made

    def successive(self, child: str, number: str, *names: str) -> tuple[Codes, Codes]:
        """Give pairs of neighbouring rows of one child, earlier and later relapse, among those that know `names`."""
        rows = np.flatnonzero(self.all_known(child, number, *names))
        order = rows[np.lexsort((self.value(number)[rows], self.value(child)[rows]))]
        before, after = order[:-1], order[1:]
        same = (self.value(child)[before] == self.value(child)[after]) & (
            self.value(number)[before] < self.value(number)[after]
        )
        return before[same], after[same]


def _points(said: Picked) -> Codes:
    """Number the certain answers alike in all batches."""
    points = [None if s is None else s.point for s in said.sets]
    return np.array([key_of(point) for point in points], dtype=np.int64)[said.codes]
