"""Whole columns of dates follow the calendar rule of single cases."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reall.base.dates import months_between as of_one_case
from reall.cohort.calendar import Calendar, months_between

EPOCH = dt.date(1970, 1, 1)
DAY = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


def _days(*dates: dt.date) -> np.ndarray:
    return np.array([(date - EPOCH).days for date in dates], dtype=np.int64)


@given(pairs=st.lists(st.tuples(DAY, DAY), min_size=1, max_size=50))
def test_months_equal_those_of_single_cases(pairs: list[tuple[dt.date, dt.date]]) -> None:
    starts, ends = _days(*(a for a, _ in pairs)), _days(*(b for _, b in pairs))
    found = months_between(starts, ends, np.ones(len(pairs), dtype=bool))
    assert found.tolist() == [of_one_case(a, b) for a, b in pairs]


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [  # reached on the same day of the month, or on its last day (design, section 4)
        (dt.date(2018, 3, 1), dt.date(2019, 9, 1), 18.0),
        (dt.date(2018, 8, 31), dt.date(2020, 2, 29), 18.0),
        (dt.date(2018, 8, 31), dt.date(2019, 2, 28), 6.0),
        (dt.date(2018, 3, 1), dt.date(2019, 8, 31), 17 + 30 / 31),
        (dt.date(2019, 3, 1), dt.date(2019, 2, 1), -1.0),
    ],
)
def test_the_day_that_completes_a_month(start: dt.date, end: dt.date, months: float) -> None:
    found = months_between(_days(start), _days(end), np.array([True]))
    assert found.tolist() == pytest.approx([months])


def test_a_missing_date_gives_no_months() -> None:
    found = months_between(_days(EPOCH, EPOCH), _days(EPOCH, EPOCH), np.array([True, False]))
    assert found[0] == 0
    assert np.isnan(found[1])


@given(
    start=st.dates(min_value=dt.date(1996, 1, 1), max_value=dt.date(2010, 12, 31)),
    months=st.floats(min_value=0, max_value=130, allow_nan=False),
)
def test_a_day_so_many_months_later_is_so_many_months_away(start: dt.date, months: float) -> None:
    """Rounded down to days: never more months than asked for, and less than a day short."""
    first = _days(start)
    calendar = Calendar(int(first[0]), int(first[0]) + 5000)
    later = calendar.later(first, np.array([months]))
    assert calendar.months_between(first, later)[0] <= months + 1e-9
    assert calendar.months_between(first, later + 1)[0] > months - 1e-9
