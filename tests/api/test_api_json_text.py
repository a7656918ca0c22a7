"""The writer of JSON gives what the standard library would, piece by piece."""

import json
import math
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reall.report.json_text import dumps
from reall.report.to_json import dumps_with

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


class Word(StrEnum):
    NEGATIVE = "negative"


def standard(data):
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)


@given(DATA)
def test_the_text_is_that_of_the_standard_library(data):
    assert dumps(data) == standard(data)


@pytest.mark.parametrize(
    "data",
    [{1: 2}, {True: 1, None: 2}, {1.5: 1}, {Word.NEGATIVE: Word.NEGATIVE}, ((), [()], {}), 10**30, "\x00\u2028é"],
)
def test_what_is_not_plain_is_written_alike_too(data):
    assert dumps(data) == standard(data)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_never_written(number):
    for data in (number, [number], {"a": number}, {"a": [{"b": number}]}, {number: 1}):
        with pytest.raises(ValueError, match="JSON"):
            dumps(data)


@given(st.lists(DATA, max_size=3), DATA)
def test_a_list_that_is_written_already_fits_in(parts, other):
    data = {"before": other, "options": parts, "after": {"options": []}}
    assert dumps_with(data, "options", [dumps(part) for part in parts]) == dumps(data)
