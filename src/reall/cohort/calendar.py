"""The calendar rule of `base.dates` for whole columns of days since 1970-01-01."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reall.cohort.columns import Codes, Floats


class Calendar:
    """Month, day and month length of every day in a range, looked up instead of worked out per row."""

    def __init__(self, first: int, last: int) -> None:
        """Cover the days from `first` to `last` (days since 1970-01-01) and the months around them."""
        self._first = first
        days = np.arange(first, last + 1).astype("datetime64[D]")
        months = days.astype("datetime64[M]")
        self._first_month = int(months[0].astype(np.int64)) - 1
        starts = np.arange(self._first_month, int(months[-1].astype(np.int64)) + 3).astype("datetime64[M]")
        self._start: Codes = starts.astype("datetime64[D]").astype(np.int64)
        self._month: Codes = months.astype(np.int64) - self._first_month
        self._length: Codes = np.diff(self._start, append=self._start[-1] + 31)

    def _anniversary(self, month: Codes, day_of_month: Codes) -> Codes:
        """Give the day that completes a month: the same day of the month, or the month's last."""
        made: Codes = self._start[month] + np.minimum(day_of_month, self._length[month] - 1)
        return made

    def months_between(self, start: Codes, end: Codes) -> Floats:
        """Count completed calendar months plus the elapsed share of the next, as `base.dates.months_between`."""
        from_month, to_month = self._month[start - self._first], self._month[end - self._first]
        day = start - self._start[from_month]
        unfinished = end < self._anniversary(to_month, day)
        last = to_month - unfinished
        begun, following = self._anniversary(last, day), self._anniversary(last + 1, day)
        share: Floats = (end - begun) / (following - begun)
        made: Floats = (last - from_month) + share
        return made

    def later(self, start: Codes, months: Floats) -> Codes:
        """Give the day that many months after each start; the share of the last month is rounded down to days."""
        month = self._month[start - self._first]
        day = start - self._start[month]
        whole = np.floor(months).astype(np.int64)
        begun, following = self._anniversary(month + whole, day), self._anniversary(month + whole + 1, day)
        made: Codes = begun + np.floor((months - whole) * (following - begun)).astype(np.int64)
        return made


def months_between(start: Codes, end: Codes, there: NDArray[np.bool_]) -> Floats:
    """Count months where both dates are `there`; NaN elsewhere."""
    made: Floats = np.full(len(start), np.nan)
    if there.any():
        one, other = start[there], end[there]
        calendar = Calendar(int(min(one.min(), other.min())), int(max(one.max(), other.max())))
        made[there] = calendar.months_between(one, other)
    return made
