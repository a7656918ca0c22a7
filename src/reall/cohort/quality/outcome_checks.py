"""Checks of what became of a child after the relapse of its row. The knowledge names the columns."""

from __future__ import annotations

import datetime as dt

import numpy as np

from reall.cohort.columns import Codes, Flags
from reall.cohort.quality.child_checks import WholeCheck, successive_rows
from reall.cohort.quality.row_checks import EPOCH, RowCheck
from reall.cohort.quality.rows import Rows, key_of
from reall.cohort.quality.verdict import Verdict
from reall.cohort.quality.whole import Whole
from reall.facts.reading import YES_NO
from reall.library.quality import QualityCheck

_DAYS_PER_YEAR = 365.25
_YES = tuple(word for word, means in YES_NO.items() if means)
_NO = tuple(word for word, means in YES_NO.items() if not means)
_NO_EVENT, _DEATH, _NO_REMISSION = "none", "death", "no_remission"


def _there(rows: Rows, check: QualityCheck) -> bool:
    return all(name in rows.columns for name in check.of)


def _each_number(rows: Rows, check: QualityCheck, *, below: bool) -> Verdict | None:
    names = [name for name in check.of if name in rows.columns]
    if not names:
        return None
    columns = [rows.plain(name) for name in names]
    found = np.any([column < 0 if below else column == 0 for column in columns], axis=0)
    return Verdict(found=found, judged=np.any([~np.isnan(column) for column in columns], axis=0))


def not_negative(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with a negative time."""
    return _each_number(rows, check, below=True)


def exactly_zero(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with no time at all."""
    return _each_number(rows, check, below=False)


def first_not_above_second(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose first time is longer than the second."""
    if not _there(rows, check):
        return None
    apart = rows.plain(check.of[0]) - rows.plain(check.of[1])
    return Verdict(found=apart > 0, judged=~np.isnan(apart))


def days_against_years(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows whose days and years are further apart than rounding."""
    if not _there(rows, check):
        return None
    days, years = (rows.plain(name) for name in check.of)
    apart = np.abs(days - years * _DAYS_PER_YEAR)
    return Verdict(found=apart > check.limits["days"], judged=~np.isnan(apart))


def _said(rows: Rows, check: QualityCheck, first: tuple[str, ...], second: tuple[str, ...]) -> Verdict | None:
    """Find rows whose two columns say these words together."""
    if not _there(rows, check):
        return None
    one, other = check.of
    found = rows.says(one, *first) & rows.says(other, *second)
    return Verdict(found=found, judged=rows.given(one) & rows.given(other))


def death_without_event(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find the dead without an event."""
    return _said(rows, check, _YES, (_NO_EVENT,))


def event_without_death(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find the living whose first event is death."""
    return _said(rows, check, _NO, (_DEATH,))


def remission_denied(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find remissions that the first event denies."""
    return _said(rows, check, _YES, (_NO_REMISSION,))


def death_at_two_times(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows in which death is the first event and yet comes at another time."""
    if not _there(rows, check):
        return None
    event, first, last = check.of
    died = rows.says(event, _DEATH)
    apart = rows.plain(first) - rows.plain(last)
    return Verdict(found=died & (np.abs(apart) > 0), judged=died & ~np.isnan(apart))


def time_without(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find rows with the time of something that is denied."""
    if not _there(rows, check):
        return None
    time, denied = check.of
    given = ~np.isnan(rows.plain(time))
    return Verdict(found=given & rows.says(denied, *_NO), judged=given & rows.given(denied))


def seen_after_today(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Find children whose death or last contact lies after today."""
    date, days = check.of
    if date not in rows.dates or days not in rows.columns:
        return None
    today = (dt.datetime.now(tz=dt.UTC).date() - EPOCH).days
    time = rows.plain(days)
    judged = rows.dated(date) & ~np.isnan(time)
    last = np.where(judged, rows.dates[date] + np.nan_to_num(time), today)
    return Verdict(found=last > today, judged=judged)


def relapse_after_death(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find relapses later than the death that the child's row before records."""
    child, number, date, days, death = check.of
    if days not in whole.plain or not whole.has(child, number, date, death):
        return None
    yes = {key_of(word) for word in _YES} | {key_of(True)}
    dates, time, died = whole.value(date), whole.plain[days], np.isin(whole.value(death), list(yes))

    def wrong(before: Codes, after: Codes) -> Flags:
        found: Flags = died[before] & (dates[after] > dates[before] + time[before])
        return found

    return successive_rows(whole, (child, number, date), wrong)


def next_relapse_missing(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find later relapses of which the child's row before says that no event came."""
    child, number, event = check.of
    if not whole.has(child, number, event):
        return None
    events = whole.value(event)
    return successive_rows(whole, (child, number), lambda before, after: events[before] == key_of(_NO_EVENT))  # noqa: ARG005


OUTCOME_CHECKS: dict[str, RowCheck] = {
    check.__name__: check
    for check in (
        not_negative, exactly_zero, first_not_above_second, days_against_years, death_without_event,
        event_without_death, remission_denied, death_at_two_times, time_without, seen_after_today,
    )
}  # fmt: skip
OUTCOMES_ACROSS: dict[str, WholeCheck] = {
    "relapse_after_death": relapse_after_death,
    "next_relapse_missing": next_relapse_missing,
}
