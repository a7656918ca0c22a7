"""One batch of a registry as facts by column, with everything that follows from dates, days and laboratory values.

The vectorised rules here are those of `facts.derive` and `facts.mrd`; wherever a row is not plain (an interval, a
contradiction), those modules themselves are asked, so that a registry row and the same single case never differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from reall.base.dates import months_from_days
from reall.base.errors import UnusableCase
from reall.cohort import cells_of_text as cells
from reall.cohort.calendar import months_between
from reall.cohort.cells_of_text import NO_DATE
from reall.cohort.columns import Codes, Flags, Floats, Numbers, Picked
from reall.cohort.faults import Faults
from reall.cohort.mrd_of_rows import read_mrd
from reall.cohort.registry import Registry
from reall.facts.case import Case
from reall.facts.derive import (
    AGES,
    AGREEMENT_MONTHS,
    AGREEMENT_YEARS,
    DATES_IN_ORDER,
    FROM_DATES,
    FROM_DAYS,
    MONTHS_PER_YEAR,
    PERCENT,
    derive,
)
from reall.facts.known import Interval, Known, one_of
from reall.facts.vocabulary import Vocabulary

_CSF_RATIO = "csf_to_blood_wbc_rbc_ratio"
_CSF_COUNTS = ("csf_wbc_per_ul", "blood_rbc_per_ul", "csf_rbc_per_ul", "blood_wbc_per_ul")
_FIRST_MARROW = "bm1_level_fraction"


class FactsOfRows:
    """What the rows of one batch say. `blunt` holds, per MRD fact, the rows that an assay did not detect."""

    def __init__(self, rows: pa.RecordBatch, registry: Registry, vocabulary: Vocabulary, faults: Faults) -> None:
        """Read every known column, then derive. Rows that cannot be used are noted in `faults` and say nothing."""
        self.rows = rows.num_rows
        self.vocabulary = vocabulary
        self.faults = faults
        self.numbers: dict[str, Numbers] = {}
        self.picked: dict[str, Picked] = {}
        self.blunt: dict[str, Flags] = {}
        self.inputs: dict[str, Numbers] = {}
        self.dates: dict[str, Codes] = {}
        self._read(rows, registry)
        self._derive()
        for name, parts in registry.mrd.items():
            self.numbers[name], self.blunt[name] = read_mrd(rows, parts, vocabulary.facts[name], vocabulary, faults)

    def _read(self, rows: pa.RecordBatch, registry: Registry) -> None:
        for name, fact in registry.numbers.items():
            read = cells.read_numbers(rows.column(name), name, fact, self.faults)
            (self.numbers if name in self.vocabulary.statable else self.inputs)[name] = read
        for name in registry.dates:
            self.dates[name] = cells.read_dates(rows.column(name), name, self.faults)
        for column in (*registry.facts, *registry.lists):
            if column not in registry.numbers:
                said = cells.read_picked(rows.column(column), column, self.vocabulary, self.faults)
                for name, picked in said.items():
                    self._know(name, picked, column)

    def _know(self, fact: str, said: Picked, column: str) -> None:
        """Keep what two columns say about one fact; where they contradict each other, the row cannot be used."""
        if fact not in self.picked:
            self.picked[fact] = said
            return
        self.picked[fact], clashes = self.picked[fact].both(said)
        for rows, before, now in clashes:
            error = UnusableCase(f"{fact} is given as {before} and as {now}", next="Correct whichever is wrong.")
            for row in np.flatnonzero(rows).tolist():
                self.faults.add(row, f"{fact}, {column}", error)

    def known(self, row: int) -> dict[str, Known]:
        """Give what one row says, as a single case would hold it."""
        found = {name: column.known(row) for name, column in (self.numbers | self.picked).items()}
        return {name: known for name, known in found.items() if known is not None}

    def case(self, row: int) -> Case:
        """Give one row as a case."""
        return Case(name="", known=self.known(row))

    def _inputs_of(self, row: int) -> dict[str, Any]:
        found: dict[str, Any] = {name: column.known(row) for name, column in self.inputs.items()}
        for name, days in self.dates.items():
            if days[row] != NO_DATE:
                found[name] = dt.date(1970, 1, 1) + dt.timedelta(days=int(days[row]))
        return {name: value for name, value in found.items() if value is not None}

    def _refuse(self, rows: Flags, columns: str) -> None:
        """Report rows that `facts.derive` refuses, in its words."""
        for row in np.flatnonzero(rows).tolist():
            try:
                derive(self.known(row), self._inputs_of(row), "", self.vocabulary)
            except UnusableCase as error:
                self.faults.add(row, columns, error)

    # What follows from what, in the order of facts.derive

    def _derive(self) -> None:
        wrong: list[tuple[Flags, str]] = [self._out_of_order()]
        made: dict[str, Numbers] = {}
        for name, ends in FROM_DATES.items():
            wrong.append(self._from_dates(made, name, ends, tolerance=AGREEMENT_MONTHS, per=1))
        for name, ends in AGES.items():
            wrong.append(self._from_dates(made, name, ends, tolerance=AGREEMENT_YEARS, per=MONTHS_PER_YEAR))
        for name, days in FROM_DAYS.items():
            if days in self.inputs:
                before = made.get(name) or self.numbers.get(name) or self._nothing()
                scaled = self._scaled(self.inputs[days], months_from_days, days, name)
                made[name], outside = self._within(before.or_else(scaled), name)
                wrong.append((outside, f"{name}, {days}"))
        self._first_marrow(made)
        wrong.append(self._csf_ratio(made))
        for rows, columns in wrong:
            self._refuse(rows & ~self.faults.bad, columns)
        self.numbers.update(made)
        self._take_conventions()

    def _take_conventions(self) -> None:
        """Do for columns what `facts.derive.take_conventions` does for one case."""
        for fact in self.vocabulary.facts.values():
            convention = fact.unless_stated
            if convention is None or convention.fact not in self.numbers:
                continue
            said = self.picked.get(fact.name) or Picked(np.zeros(self.rows, dtype=np.int64), (None,))
            reached = self.numbers[convention.fact].ends()[0] >= convention.at_least
            self.picked[fact.name] = said.filled(one_of(convention.answer), reached)

    def _nothing(self) -> Numbers:
        return Numbers.of(np.full(self.rows, np.nan))

    def _out_of_order(self) -> tuple[Flags, str]:
        """Find rows in which a date comes before the one that must precede it."""
        wrong = np.zeros(self.rows, dtype=np.bool_)
        latest: Codes = np.full(self.rows, NO_DATE, dtype=np.int64)
        present = [name for name in DATES_IN_ORDER if name in self.dates]
        for name in present:
            days = self.dates[name]
            there = days != NO_DATE
            wrong |= there & (days < latest)
            latest = np.where(there, days, latest)
        return wrong, ", ".join(present)

    def _from_dates(
        self, made: dict[str, Numbers], name: str, ends: tuple[str, str], *, tolerance: float, per: int
    ) -> tuple[Flags, str]:
        """Take a span from two dates; a stated value must agree with it. Gives the rows in which it does not."""
        nowhere = np.zeros(self.rows, dtype=np.bool_)
        if not all(end in self.dates for end in ends):
            return nowhere, name
        start, end = (self.dates[one] for one in ends)
        there = (start != NO_DATE) & (end != NO_DATE)
        computed = months_between(start, end, there) / per
        fact = self.vocabulary.facts[name]
        wrong = there & ((computed < fact.minimum) | (computed > fact.maximum))
        stated = self.numbers.get(name)
        columns = ", ".join(ends)
        if stated is not None:
            wrong |= np.abs(stated.points - computed) >= tolerance
            wrong |= there & (stated.which >= 0)  # an interval: ask facts.derive
            columns = f"{name}, {columns}"
        from_dates = Numbers.of(computed)
        made[name] = from_dates if stated is None else from_dates.or_else(stated)
        return wrong, columns

    def _scaled(self, given: Numbers, scale: Callable[[Any], Any], source: str, target: str) -> Numbers:
        """Scale a column; the bounds of an interval follow `facts.derive`."""

        def of_interval(known: Interval) -> Interval:
            stated: tuple[dict[str, Known], dict[str, Any]] = (
                ({}, {source: known}) if source in self.inputs else ({source: known}, {})
            )
            try:
                made = derive(*stated, "", self.vocabulary)[0][target]
            except UnusableCase:  # out of bounds: kept as it is, so that the row is refused
                return known
            return made if isinstance(made, Interval) else known

        return given.mapped(scale, of_interval)

    def _within(self, made: Numbers, name: str) -> tuple[Numbers, Flags]:
        """Find points, and intervals that could not be brought, outside the bounds of a fact."""
        fact = self.vocabulary.facts[name]
        outside = (made.points < fact.minimum) | (made.points > fact.maximum)
        out = [i.low[0] < fact.minimum or i.high[0] > fact.maximum for i in made.intervals]
        if any(out):
            outside |= np.array([*out, False])[made.which]
        return made.without(outside), outside

    def _first_marrow(self, made: dict[str, Numbers]) -> None:
        stated = self.numbers.get(_FIRST_MARROW)
        reported, blasts = self.inputs.get("bm1_mrd_fraction"), self.numbers.get("marrow_blasts_pct")
        if reported is None and blasts is None:
            return
        found = stated or self._nothing()
        if reported is not None:
            found = found.or_else(reported)
        if blasts is not None:
            found = found.or_else(self._scaled(blasts, lambda pct: pct / PERCENT, "marrow_blasts_pct", _FIRST_MARROW))
        made[_FIRST_MARROW] = found

    def _csf_ratio(self, made: dict[str, Numbers]) -> tuple[Flags, str]:
        columns = {**self.numbers, **self.inputs}
        nowhere = np.zeros(self.rows, dtype=np.bool_)
        if not all(name in columns for name in _CSF_COUNTS):
            return nowhere, _CSF_RATIO
        csf_white, blood_red, csf_red, blood_white = (columns[name] for name in _CSF_COUNTS)
        plain = (csf_red.points > 0) & (blood_white.points > 0)
        ratio: Floats = np.full(self.rows, np.nan)
        np.divide(csf_white.points * blood_red.points, csf_red.points * blood_white.points, out=ratio, where=plain)
        stated = self.numbers.get(_CSF_RATIO, self._nothing())
        made[_CSF_RATIO], outside = self._within(stated.or_else(Numbers.of(ratio)), _CSF_RATIO)
        ranged = np.any([columns[name].which >= 0 for name in _CSF_COUNTS], axis=0) & stated.unknown
        made[_CSF_RATIO] = self._row_by_row(made[_CSF_RATIO], ranged, _CSF_RATIO)
        return outside, ", ".join(_CSF_COUNTS)

    def _row_by_row(self, column: Numbers, rows: Flags, name: str) -> Numbers:
        """Ask `facts.derive` for one fact of some rows, where intervals make it depend on both ends."""
        points, which, intervals = column.points.copy(), column.which.copy(), list(column.intervals)
        for row in np.flatnonzero(rows & ~self.faults.bad).tolist():
            try:
                known = derive(self.known(row), self._inputs_of(row), "", self.vocabulary)[0].get(name)
            except UnusableCase as error:
                self.faults.add(row, name, error)
                continue
            if isinstance(known, Interval):
                which[row] = len(intervals)
                intervals.append(known)
        return Numbers(points, which, tuple(intervals))
