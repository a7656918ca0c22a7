"""Reads what became of the children of one batch: time, and what ended it; or why nothing can be said.

A row whose outcome cannot be used is never censored and never dropped: it keeps its stratum, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort import outcome_columns as oc
from reall.cohort.cells_of_text import distinct, each, read_numbers
from reall.cohort.columns import Flags, Floats
from reall.cohort.faults import Faults
from reall.exchange.tables import Problem
from reall.facts.reading import read_yes_no
from reall.facts.vocabulary import Fact

ENDPOINTS = ("OS", "EFS", "DFS")
CAUSES = {"OS": (oc.DEATH,), "EFS": oc.EVENTS, "DFS": (oc.RELAPSE, oc.DEATH, oc.SECOND_MALIGNANCY)}
"""What ends each end point."""

REASONS = (
    "",
    "the time is not known",
    "it is not known whether an event came",
    "no remission was reached",
    "the day of remission is not known",
    "it is not known whether a remission was reached",
    "the outcome cannot be read",
    "the day of the sample is not known",
)
"""Why an outcome cannot be used, by number; number 0 is usable."""
_NO_TIME, _NO_EVENT, _NEVER, _NO_DAY, _NO_REMISSION, _UNREADABLE, NO_SAMPLE_DAY = range(1, 8)


@dataclass(frozen=True)
class Observed:
    """One end point in many rows: days under observation, what ended them, and whether that can be used.

    `cause` is 0 where nothing ended it (censored), else the place in `CAUSES` from 1. `reason` is a place in
    `REASONS`; where it is not 0, the other columns mean nothing.
    """

    days: Floats
    cause: np.ndarray[tuple[int], np.dtype[np.int64]]
    reason: np.ndarray[tuple[int], np.dtype[np.int64]]

    @property
    def usable(self) -> Flags:
        """Where the outcome can be used."""
        usable: Flags = self.reason == 0
        return usable


def columns_of(endpoint: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Name the columns that an end point needs and the table has. Raises `WrongUsage` when one is missing."""
    stems = {"OS": [oc.OVERALL], "EFS": [oc.EVENT_FREE], "DFS": [oc.EVENT_FREE, oc.REMISSION_TIME]}[endpoint]
    plain = {"OS": [oc.DIED], "EFS": [oc.EVENT], "DFS": [oc.EVENT]}[endpoint]
    found = [name for stem in stems for name in (f"{stem}_days", f"{stem}_years") if name in columns]
    absent = [f"{stem}_days" for stem in stems if not any(name.rpartition("_")[0] == stem for name in found)]
    absent += [name for name in plain if name not in columns]
    if absent:
        raise WrongUsage(
            f"the table has no column {absent[0]!r}",
            why=f"{endpoint} is worked out from it.",
            next="Name the outcome columns as in docs/how-to/survival.md, or choose another --endpoint.",
        )
    return (*found, *plain, *([oc.REMISSION] if endpoint == "DFS" and oc.REMISSION in columns else []))


def unobserved(rows: int) -> Observed:
    """Give the outcome of rows of a table without outcome columns: not known in any of them."""
    return Observed(
        days=np.full(rows, np.nan),
        cause=np.zeros(rows, dtype=np.int64),
        reason=np.full(rows, _NO_TIME, dtype=np.int64),
    )


class Reader:
    """Reads the outcome columns of one batch, and notes what cannot be read."""

    def __init__(self, rows: pa.RecordBatch, first_row: int) -> None:
        self._rows = rows
        self._faults = Faults(rows.num_rows, first_row)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read."""
        return self._faults.problems

    @property
    def unreadable(self) -> Flags:
        """Rows with a value that could not be read."""
        return self._faults.bad

    def days(self, stem: str) -> Floats:
        """Read a time in days, or in years where that is empty; NaN where it is not known exactly."""
        days = self._number(f"{stem}_days", "days")
        years = self._number(f"{stem}_years", "years") * oc.DAYS_PER_YEAR
        return np.where(np.isnan(days), years, days)

    def day(self, column: str) -> Floats:
        """Read one column of days."""
        return self._number(column, "days")

    def _number(self, column: str, unit: str) -> Floats:
        if column not in self._rows.schema.names:
            return np.full(self._rows.num_rows, np.nan)
        fact = Fact(name=column, question="", kind="number", unit=unit, minimum=0.0)
        return read_numbers(self._rows.column(column), column, fact, self._faults).points

    def answer(self, column: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Read a yes/no column or the kind of event: 0 no or none, from 1 the answers in order, -1 not known."""
        if column not in self._rows.schema.names:
            return np.full(self._rows.num_rows, -1, dtype=np.int64)
        answers = oc.OUTCOME_COLUMNS[column].answers
        values, codes = distinct(self._rows.column(column))
        read = each(values, codes, column, self._faults, lambda value: _place(value, answers))
        return np.array([-1 if number is None else number for number in read], dtype=np.int64)[codes]


def _place(value: object, answers: tuple[str, ...]) -> int:
    if not answers:
        return int(read_yes_no(value))
    if value in answers:
        return answers.index(str(value))
    raise UnusableCase(f"{value!r} is no kind of event", why=f"Known are {', '.join(answers)}.")


def observe(reader: Reader, endpoint: str) -> Observed:
    """Read one end point: OS and EFS from relapse, DFS from the remission after it."""
    if endpoint == "OS":
        days, happened = reader.days(oc.OVERALL), reader.answer(oc.DIED)
    else:
        days, happened = reader.days(oc.EVENT_FREE), reader.answer(oc.EVENT)
    reason = np.zeros(len(days), dtype=np.int64)
    if endpoint == "DFS":
        days, happened, reason = _from_remission(reader, days, happened)
    reason = np.where(reader.unreadable, _UNREADABLE, reason)
    for rows, number in ((np.isnan(days), _NO_TIME), (happened < 0, _NO_EVENT)):
        reason = np.where((reason == 0) & rows, number, reason)
    return Observed(np.where(reason == 0, days, 0.0), np.where(reason == 0, happened, 0), reason)


def _from_remission(
    reader: Reader, days: Floats, event: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Start the clock at remission; a child that never reached one has no disease-free survival."""
    reached, day = reader.answer(oc.REMISSION), reader.days(oc.REMISSION_TIME)
    failed = event == 1 + oc.EVENTS.index(oc.NO_REMISSION)
    reached = np.where((reached < 0) & ~np.isnan(day), 1, reached)
    reason = np.zeros(len(days), dtype=np.int64)
    for rows, number in (
        (failed | (reached == 0), _NEVER),
        (reached < 0, _NO_REMISSION),
        (np.isnan(day), _NO_DAY),
        (days < day, _UNREADABLE),
    ):
        reason = np.where((reason == 0) & rows, number, reason)
    return days - day, np.where(event > 0, event - 1, event), reason
