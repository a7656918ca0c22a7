"""Calendar months, counted the way a clinician counts them."""

from __future__ import annotations

import calendar
from datetime import date

DAYS_PER_MONTH = 30.4375
"""Days per month where a source gives only days (design, section 4): 365.25 / 12."""


def _anniversary(start: date, months: int) -> date:
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(start.day, last_day))


def whole_months_between(start: date, end: date) -> int:
    """Count the completed calendar months from `start` to `end`; negative when `end` comes first.

    A month is completed on the same day of the month, or on the month's last day where that day does not exist.

    >>> whole_months_between(date(2019, 1, 31), date(2020, 7, 30))
    17
    >>> whole_months_between(date(2019, 1, 31), date(2019, 2, 28))
    1
    """
    months = 12 * (end.year - start.year) + end.month - start.month
    return months if end >= _anniversary(start, months) else months - 1


def months_between(start: date, end: date) -> float:
    """Count completed calendar months plus the elapsed share of the next one.

    >>> months_between(date(2018, 3, 1), date(2019, 9, 1))
    18.0
    >>> round(months_between(date(2018, 3, 1), date(2019, 8, 31)), 3)
    17.968
    """
    whole = whole_months_between(start, end)
    begun, next_one = _anniversary(start, whole), _anniversary(start, whole + 1)
    return whole + (end - begun).days / (next_one - begun).days


def months_from_days(days: float) -> float:
    """Turn a count of days into months where no dates are known.

    >>> months_from_days(365.25)
    12.0
    """
    return days / DAYS_PER_MONTH
