"""What the cells of a table column say: each distinct value is read once, by the reader of single cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sized
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.cohort.columns import Codes, Floats, Numbers, Picked
from reall.cohort.faults import Faults
from reall.facts.case import read_case
from reall.facts.known import Choices, Interval
from reall.facts.reading import read_date, read_fact
from reall.facts.vocabulary import Fact, Vocabulary

MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", ".", "?", "unknown", "not done", "not known"})
"""What registries write where nothing is known (in any case). `none` is not among them: it is the empty list."""
NO_DATE = np.iinfo(np.int64).min
_PLAIN_NUMBER = r"^-?\d+(\.\d+)?([eE][-+]?\d+)?$"
_ISO_DATE_LENGTH = 10


def distinct(array: pa.Array) -> tuple[list[Any], Codes]:
    """Give a column's distinct values, None where nothing is known, and which of them each row has."""
    if pa.types.is_boolean(array.type):
        return [False, True, None], pc.fill_null(array.cast(pa.uint8()), 2).to_numpy(zero_copy_only=False)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = _joined(array)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    values = [None if _says_nothing(value) else value for value in array.dictionary.to_pylist()]
    indices = array.indices.cast(pa.int32())  # room for one more than a short list may have
    return [*values, None], pc.fill_null(indices, len(values)).to_numpy(zero_copy_only=False)


def _joined(array: pa.Array) -> pa.Array:
    texts = pc.binary_join(array.cast(pa.list_(pa.string())), "|")
    return pc.if_else(pc.equal(pc.list_value_length(array), 0), "none", texts)


def _says_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in MISSING_WORDS
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def each(values: list[Any], codes: Codes, column: str, faults: Faults, read: Callable[[Any], Any]) -> list[Any]:
    """Read each distinct value; the rows of one that cannot be read are bad, and say nothing."""
    made: list[Any] = [None] * len(values)
    errors: dict[int, UnusableCase] = {}
    for number, value in enumerate(values):
        try:
            made[number] = None if value is None else read(value)
        except UnusableCase as error:
            errors[number] = _named(error, value)
    if errors:
        wrong = np.zeros(len(values), dtype=np.bool_)
        wrong[list(errors)] = True
        for row in np.flatnonzero(wrong[codes]).tolist():
            faults.add(row, column, errors[int(codes[row])])
    return made


def _named(error: UnusableCase, value: Any) -> UnusableCase:
    if isinstance(value, str) and value.startswith(("=", "+", "@")):
        return UnusableCase(
            f"{value!r} is a formula, not a value", next="Save the values of the cells instead of their formulas."
        )
    return error


def read_picked(array: pa.Array, column: str, vocabulary: Vocabulary, faults: Faults) -> dict[str, Picked]:
    """Read a column of answers or lists; `genetics` and the like give several facts. `B|T` is B or T."""
    values, codes = distinct(array)
    split = column in vocabulary.statable

    def said(value: Any) -> dict[str, Any]:
        if split and isinstance(value, str):
            parts = [part.strip() for part in value.split("|") if part.strip()]
            value = parts if len(parts) > 1 else value.strip()
        document = Document({"facts": {column: value}}, {}, "")
        return dict(read_case(document, vocabulary).known)

    found = each(values, codes, column, faults, said)
    facts = {name: None for known in found if known for name in known}
    made = {}
    for name in facts:
        number_of: dict[Choices | None, int] = {}
        sets = [known.get(name) if known else None for known in found]
        place = [number_of.setdefault(s, len(number_of)) for s in sets]
        made[name] = Picked(np.array(place, dtype=_small(number_of)).take(codes), tuple(number_of))
    return made


def read_numbers(array: pa.Array, column: str, fact: Fact, faults: Faults) -> Numbers:
    """Read a column of numbers, as numbers or as text with intervals such as `<1e-4`."""
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        if not pa.types.is_float64(kind):
            array = array.cast(pa.float64(), safe=False)
        points = array.to_numpy(zero_copy_only=False)
        return Numbers.of(_inside(points, column, fact, faults))
    values, codes = distinct(array)
    plain = _plain_numbers(values)
    unread = [value if np.isnan(point) else None for value, point in zip(values, plain, strict=True)]
    read = each(unread, codes, column, faults, lambda value: read_fact(fact, value))
    for number, known in enumerate(read):
        if isinstance(known, Interval) and known.point is not None:
            plain[number] = known.point
    intervals = {known: None for known in read if isinstance(known, Interval) and known.point is None}
    place = {known: number for number, known in enumerate(intervals)}
    which = np.array([place.get(known, -1) for known in read], dtype=np.int64)
    return Numbers(_inside(plain.take(codes), column, fact, faults), which.take(codes), tuple(intervals))


def plain_numbers(array: pa.Array) -> Floats:
    """Give a column's numbers, whatever its bounds; NaN where a cell is empty or holds no plain number."""
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        made: Floats = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return made
    values, codes = distinct(array)
    return _plain_numbers(values).take(codes)


def _small(items: Sized) -> np.dtype[Any]:
    """Give the smallest type of number that counts these items."""
    return np.min_scalar_type(len(items))


def _plain_numbers(values: list[Any]) -> Floats:
    """Turn texts that are plainly numbers into them, all at once; NaN elsewhere."""
    texts = pa.array([value.strip() if isinstance(value, str) else None for value in values], pa.string())
    is_plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN_NUMBER), False)
    numbers = pc.if_else(is_plain, texts, None).cast(pa.float64())
    made: Floats = numbers.to_numpy(zero_copy_only=False).copy()
    return made


def _inside(points: Floats, column: str, fact: Fact, faults: Faults) -> Floats:
    """Report numbers that are impossible for a fact, and forget them."""
    wrong = (points < fact.minimum) | (points > fact.maximum) | np.isinf(points)
    if fact.kind == "count":
        wrong |= (points != np.floor(points)) & ~np.isnan(points)
    if not wrong.any():
        return points
    for row in np.flatnonzero(wrong).tolist():
        try:
            read_fact(fact, float(points[row]))
        except UnusableCase as error:
            faults.add(row, column, error)
    return np.where(wrong, np.nan, points)


def read_dates(array: pa.Array, column: str, faults: Faults) -> Codes:
    """Read a column of dates as days since 1970-01-01, `NO_DATE` where none is known."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        days = array.cast(pa.date32(), safe=False).cast(pa.int32())
        made: Codes = pc.fill_null(days.cast(pa.int64()), NO_DATE).to_numpy(zero_copy_only=False)
        return made
    values, codes = distinct(array)
    dates = each(values, codes, column, faults, lambda value: read_date(_without_time(value)))
    epoch = dt.date(1970, 1, 1)
    return np.array([NO_DATE if date is None else (date - epoch).days for date in dates], dtype=np.int64)[codes]


def _without_time(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _ISO_DATE_LENGTH and value[_ISO_DATE_LENGTH] in "T ":
        return value[:_ISO_DATE_LENGTH]
    return value
