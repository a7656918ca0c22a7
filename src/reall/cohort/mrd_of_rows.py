"""MRD columns of a registry: level, detected or not, sensitivity, tissue; read as `facts.mrd` reads one sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reall.base.errors import UnusableCase
from reall.cohort.cells_of_text import distinct, each, read_numbers
from reall.cohort.columns import Codes, Flags, Numbers
from reall.cohort.faults import Faults
from reall.facts.known import Interval
from reall.facts.mrd import DECISION_TISSUE, mrd_level, read_sample
from reall.facts.reading import read_yes_no
from reall.facts.vocabulary import Fact, Vocabulary

_NOT_STATED, _NO = -1, 0


def read_mrd(
    rows: pa.RecordBatch, parts: Mapping[str, str], fact: Fact, vocabulary: Vocabulary, faults: Faults
) -> tuple[Numbers, Flags]:
    """Read one time point. Gives the level of every row, and the rows in which the assay detected nothing.

    Without a column for the tissue the samples are marrow; with one, only rows that say `marrow` count.
    """
    count = rows.num_rows
    level = _numbers(rows, parts.get("level_fraction"), fact, faults)
    sensitivity = _sensitivity(rows, parts.get("assay_sensitivity_fraction"), fact, vocabulary, faults)
    detected = _detected(rows, parts.get("detected"), faults)
    used = _from_marrow(rows, parts.get("tissue"))
    plain = (level.points > 0) & (detected != _NO)
    rest = np.flatnonzero(~plain & ~(level.unknown & (detected == _NOT_STATED)) & ~faults.bad)
    which: Codes = np.full(count, -1, dtype=np.int64)
    intervals: dict[Interval, int] = {}
    number, first = _alike(level, detected, sensitivity, rest)
    place = np.full(len(first), -1, dtype=np.int64)
    for i, row in enumerate(rest[first].tolist()):
        said = int(detected[row])
        below = sensitivity.known(row)
        try:
            found = mrd_level(
                level.known(row), None if said == _NOT_STATED else bool(said), below.point if below else None
            )
            place[i] = intervals.setdefault(found, len(intervals))
        except UnusableCase as error:
            for other in rest[number == i].tolist():
                faults.add(other, ", ".join(parts.values()), error)
    which[rest] = place[number]
    made = Numbers(np.where(plain, level.points, np.nan), which, tuple(intervals))
    return made.without(~used), detected == _NO


def _alike(level: Numbers, detected: NDArray[np.int64], sensitivity: Numbers, rest: Codes) -> tuple[Codes, Codes]:
    """Number the distinct results among some rows: each row's number, and the first row of each."""
    packed = detected[rest] + 1
    for column in (level.points, level.which, sensitivity.points):
        codes, size = _numbered(column[rest])
        packed = packed * size + codes
    number, size = _numbered(packed)
    first = np.zeros(size, dtype=np.int64)
    first[number[::-1]] = np.arange(len(rest) - 1, -1, -1)
    return number, first


def _numbered(values: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Number the distinct values, all NaN alike. Hashing them is several times faster than sorting."""
    made = pa.array(values, from_pandas=False).dictionary_encode()
    return made.indices.to_numpy().astype(np.int64), len(made.dictionary)


def _numbers(rows: pa.RecordBatch, column: str | None, fact: Fact, faults: Faults) -> Numbers:
    if column is None:
        return Numbers.of(np.full(rows.num_rows, np.nan))
    return read_numbers(rows.column(column), column, fact, faults)


def _sensitivity(
    rows: pa.RecordBatch, column: str | None, fact: Fact, vocabulary: Vocabulary, faults: Faults
) -> Numbers:
    read = _numbers(rows, column, fact, faults)
    for row in np.flatnonzero((read.points <= 0) | (read.which >= 0)).tolist():
        try:
            read_sample({"assay_sensitivity_fraction": str(read.known(row))}, vocabulary)
        except UnusableCase as error:
            faults.add(row, str(column), error)
    return read


def _detected(rows: pa.RecordBatch, column: str | None, faults: Faults) -> NDArray[np.int64]:
    if column is None:
        return np.full(rows.num_rows, _NOT_STATED, dtype=np.int64)
    values, codes = distinct(rows.column(column))
    read: list[Any] = each(values, codes, column, faults, read_yes_no)
    return np.array([_NOT_STATED if yes is None else int(yes) for yes in read], dtype=np.int64)[codes]


def _from_marrow(rows: pa.RecordBatch, column: str | None) -> Flags:
    if column is None:
        return np.ones(rows.num_rows, dtype=np.bool_)
    values, codes = distinct(rows.column(column))
    return np.array([value == DECISION_TISSUE for value in values])[codes]
