"""Checks of single rows that a condition cannot say: dates, and what is stated against what follows from dates.

Each takes a batch and its check, whose `of` names the columns; None where the table lacks one of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from reall.base.dates import months_from_days
from reall.cohort.calendar import months_between
from reall.cohort.columns import Codes, Flags, Floats
from reall.cohort.conditions import extent
from reall.cohort.quality.rows import Rows
from reall.cohort.quality.verdict import Verdict
from reall.facts.derive import AGREEMENT_MONTHS, AGREEMENT_YEARS, MONTHS_PER_YEAR
from reall.facts.known import one_of
from reall.library.quality import QualityCheck

RowCheck = Callable[[Rows, QualityCheck], Verdict | None]
_A_DAY = 1.0
EPOCH = dt.date(1970, 1, 1)


def unusable(rows: Rows, check: QualityCheck) -> Verdict | None:  # noqa: ARG001 - the form of a check
    """Find rows with a cell that cannot be read, or facts that contradict each other."""
    return Verdict(found=rows.unusable, judged=np.ones(rows.rows, dtype=np.bool_))


def _pair_of_dates(rows: Rows, check: QualityCheck) -> tuple[Codes, Codes, Flags] | None:
    first, second = check.of[-2:]
    if first not in rows.dates or second not in rows.dates:
        return None
    return rows.dates[first], rows.dates[second], rows.dated(first) & rows.dated(second)


def dates_in_order(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose second date comes before the first."""
    pair = _pair_of_dates(rows, check)
    return None if pair is None else Verdict(found=pair[2] & (pair[1] < pair[0]), judged=pair[2])


def dates_apart(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose second date does not come after the first."""
    pair = _pair_of_dates(rows, check)
    return None if pair is None else Verdict(found=pair[2] & (pair[1] <= pair[0]), judged=pair[2])


def not_after_today(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with a date after today."""
    today = (dt.datetime.now(tz=dt.UTC).date() - EPOCH).days
    return _any_date(rows, check, lambda days: days > today)


def not_before_year(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with a date before a year."""
    start = (dt.date(int(check.limits["year"]), 1, 1) - EPOCH).days
    return _any_date(rows, check, lambda days: days < start)


def _any_date(rows: Rows, check: QualityCheck, wrong: Callable[[Codes], Flags]) -> Verdict | None:
    names = [name for name in check.of if name in rows.dates]
    if not names:
        return None
    dated = {name: rows.dated(name) for name in names}
    found = np.any([dated[name] & wrong(rows.dates[name]) for name in names], axis=0)
    return Verdict(found=found, judged=np.any(list(dated.values()), axis=0))


def _against_dates(
    rows: Rows, check: QualityCheck, between: Callable[[Codes, Codes, Flags], Floats], by: float
) -> Verdict | None:
    """Find rows in which a stated number and the one from two dates are a tolerance apart or more."""
    stated, pair = rows.stated(check.of[0]), _pair_of_dates(rows, check)
    if stated is None or pair is None:
        return None
    low, high = extent(stated)
    computed = between(*pair)
    apart = np.fmax(low - computed, computed - high)
    judged = pair[2] & ~np.isnan(low)
    return Verdict(found=judged & (apart >= by), judged=judged)


def months_against_dates(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose stated months contradict the dates by a month or more."""
    return _against_dates(rows, check, months_between, AGREEMENT_MONTHS)


def years_against_dates(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose stated age contradicts the dates by a year or more."""
    return _against_dates(rows, check, lambda *pair: months_between(*pair) / MONTHS_PER_YEAR, AGREEMENT_YEARS)


def days_against_dates(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose stated days contradict the dates by more than a day."""
    past_a_day = float(np.nextafter(_A_DAY, np.inf))
    return _against_dates(rows, check, lambda start, end, _: (end - start).astype(np.float64), past_a_day)


def months_against_days(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose stated months and days differ by a month or more."""
    months, days = (rows.stated(name) for name in check.of)
    if months is None or days is None:
        return None
    apart = np.abs(months.points - months_from_days(1) * days.points)
    return Verdict(found=apart >= AGREEMENT_MONTHS, judged=~np.isnan(apart))


def _points(rows: Rows, check: QualityCheck) -> list[Floats] | None:
    """The plain numbers of every column of a check."""
    if any(name not in rows.numbers for name in check.of):
        return None
    return [rows.numbers[name].points for name in check.of]


def ages_against_months(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose two ages differ by more than a year from the months between them."""
    columns = _points(rows, check)
    if columns is None:
        return None
    before, after, months = columns
    apart = np.abs(after - before - months / MONTHS_PER_YEAR)
    return Verdict(found=apart > AGREEMENT_YEARS, judged=~np.isnan(apart))


def months_within_age(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose disease is longer than the life until relapse; an age in whole years is up to a year more."""
    columns = _points(rows, check)
    if columns is None:
        return None
    months, age = columns
    over = months / MONTHS_PER_YEAR - age
    return Verdict(found=over >= AGREEMENT_YEARS, judged=~np.isnan(over))


def difference_outside(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows in which the first number less the second lies outside limits."""
    columns = _points(rows, check)
    if columns is None:
        return None
    apart = columns[0] - columns[1]
    outside = (apart < check.limits["minimum"]) | (apart > check.limits["maximum"])
    return Verdict(found=outside, judged=~np.isnan(apart))


def count_at_least(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows in which the first count is below the second."""
    columns = _points(rows, check)
    if columns is None:
        return None
    apart = columns[0] - columns[1]
    return Verdict(found=apart < 0, judged=~np.isnan(apart))


def date_without(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with the date of something that is denied."""
    date, denied = check.of
    if date not in rows.dates or denied not in rows.picked:
        return None
    said = rows.picked[denied]
    no = np.array([s == one_of(False) for s in said.sets])[said.codes]
    return Verdict(found=no & rows.dated(date), judged=~said.unknown & rows.dated(date))


def first_with_date(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find first relapses with the date of an earlier one."""
    number, date = check.of
    if number not in rows.numbers or date not in rows.dates:
        return None
    _, high = extent(rows.numbers[number])
    return Verdict(found=(high <= 1) & rows.dated(date), judged=~np.isnan(high) & rows.dated(date))


def later_without(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find later relapses that name no child."""
    number, child = check.of
    if number not in rows.numbers:
        return None
    low, _ = extent(rows.numbers[number])
    named = rows.given(child) if child in rows.columns else np.zeros(rows.rows, dtype=np.bool_)
    return Verdict(found=(low > 1) & ~named, judged=~np.isnan(low))


def reached_but_unknown(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows in which numbers reach their limits, so that the first column is needed, and it is unknown."""
    needed, *counts = check.of
    if any(name not in rows.numbers for name in counts):
        return None
    lows = {name: extent(rows.numbers[name])[0] for name in counts}
    reached = np.all([low >= check.limits[name] for name, low in lows.items()], axis=0)
    known = ~rows.numbers[needed].unknown if needed in rows.numbers else np.zeros(rows.rows, dtype=np.bool_)
    return Verdict(found=reached & ~known, judged=~np.any([np.isnan(low) for low in lows.values()], axis=0))


ROW_CHECKS: dict[str, RowCheck] = {
    check.__name__: check
    for check in (
        unusable, dates_in_order, dates_apart, not_after_today, not_before_year, months_against_dates,
        years_against_dates, days_against_dates, months_against_days, ages_against_months, months_within_age,
        difference_outside, count_at_least, date_without, first_with_date, later_without, reached_but_unknown,
    )
}  # fmt: skip
