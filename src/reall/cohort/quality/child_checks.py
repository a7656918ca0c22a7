"""Checks across rows: one child's relapses, children who look alike, rows that are equal.

Each takes the whole table and its check; None where the table lacks a column that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reall.cohort.calendar import months_between
from reall.cohort.columns import Codes, Flags
from reall.cohort.quality.rows import key_of
from reall.cohort.quality.verdict import Verdict
from reall.cohort.quality.whole import Whole
from reall.facts.derive import AGREEMENT_MONTHS, AGREEMENT_YEARS, MONTHS_PER_YEAR
from reall.library.quality import QualityCheck

WholeCheck = Callable[[Whole, QualityCheck], Verdict | None]


def _doubled(columns: list[NDArray[Any]], rows: Codes) -> Codes:
    """Give those of some rows that share all columns with another one."""
    if not len(rows):
        return rows
    order = rows[np.lexsort([column[rows] for column in columns])]
    same = np.all([column[order[:-1]] == column[order[1:]] for column in columns], axis=0)
    doubled = np.zeros(len(order), dtype=np.bool_)
    doubled[1:] |= same
    doubled[:-1] |= same
    found: Codes = order[doubled]
    return found


def _flagged(rows: int, which: Codes) -> Flags:
    made = np.zeros(rows, dtype=np.bool_)
    made[which] = True
    return made


def same_key(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows that share all named columns with another row."""
    if not whole.has(*check.of):
        return None
    judged = whole.all_known(*check.of)
    found = _doubled([whole.value(name) for name in check.of], np.flatnonzero(judged))
    return Verdict(found=_flagged(whole.rows, found), judged=judged)


def twins(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows that share everything but the first column, which names the child."""
    child, *alike = check.of
    if not whole.has(*alike):
        return None
    judged = whole.all_known(*alike)
    rows = np.flatnonzero(judged)
    columns = [whole.value(name) for name in alike]
    found = _flagged(whole.rows, _doubled(columns, rows))
    if whole.known(child) is not None:
        child_known = whole.all_known(child)
        of_one_child = _doubled([*columns, whole.value(child)], rows[child_known[rows]])
        found &= ~_flagged(whole.rows, of_one_child)
    return Verdict(found=found, judged=judged)


def equal_but_for(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows that are equal in every column but those that name the row or the child."""
    if not set(whole.columns) - set(check.of):
        return None
    everywhere = np.ones(whole.rows, dtype=np.bool_)
    found = _doubled([whole.row_keys], np.arange(whole.rows))
    return Verdict(found=_flagged(whole.rows, found), judged=everywhere)


def gap_before(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find later relapses of a child without the row of the relapse before."""
    child, number = check.of
    if not whole.has(child, number):
        return None
    judged = whole.all_known(child, number)
    before, after = whole.successive(child, number)
    numbers = whole.value(number)
    later = judged & (numbers > 1)
    follows = np.zeros(whole.rows, dtype=np.bool_)
    follows[after[numbers[after] - numbers[before] == 1]] = True
    # Rows that repeat a relapse are told by another check; each of them counts as following.
    repeated = _flagged(whole.rows, _doubled([whole.value(child), numbers], np.flatnonzero(judged)))
    return Verdict(found=later & ~follows & ~repeated, judged=judged)


def successive_rows(whole: Whole, names: tuple[str, ...], wrong: Callable[[Codes, Codes], Flags]) -> Verdict:
    """Compare each relapse with the child's one before; the later row is found.

    `names` are the child, the number of the relapse, and what both rows must know.
    """
    before, after = whole.successive(*names)
    return Verdict(found=_flagged(whole.rows, after[wrong(before, after)]), judged=_flagged(whole.rows, after))


def _successive(whole: Whole, check: QualityCheck, wrong: Callable[[Codes, Codes], Flags]) -> Verdict | None:
    return successive_rows(whole, check.of, wrong) if whole.has(*check.of) else None


def number_follows(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find relapses that come before the one of a lower number."""
    return _successive(whole, check, lambda a, b: whole.value(check.of[2])[b] < whole.value(check.of[2])[a])


def dates_close(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find relapses within some days of the one before."""

    def close(before: Codes, after: Codes) -> Flags:
        apart = whole.value(check.of[2])[after] - whole.value(check.of[2])[before]
        found: Flags = (apart >= 0) & (apart < check.limits["days"])
        return found

    return _successive(whole, check, close)


def previous_date(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows whose date of the previous relapse is not that of the row before."""
    child, number, date, previous = check.of
    if not whole.has(child, number, date, previous):
        return None
    before, after = whole.successive(child, number, date)
    numbers = whole.value(number)
    judged = whole.all_known(previous)[after] & (numbers[after] - numbers[before] == 1)
    before, after = before[judged], after[judged]
    wrong = whole.value(previous)[after] != whole.value(date)[before]
    return Verdict(found=_flagged(whole.rows, after[wrong]), judged=_flagged(whole.rows, after))


def interval_of_rows(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows whose stated months from the previous relapse contradict the dates of the two rows."""
    child, number, date, stated = check.of
    if not whole.has(child, number, date, stated):
        return None
    before, after = whole.successive(child, number, date)
    numbers, dates = whole.value(number), whole.value(date)
    judged = whole.all_known(stated)[after] & (numbers[after] - numbers[before] == 1)
    before, after = before[judged], after[judged]
    months = months_between(dates[before], dates[after], np.ones(len(after), dtype=np.bool_))
    wrong = np.abs(whole.value(stated)[after] - months) >= AGREEMENT_MONTHS
    return Verdict(found=_flagged(whole.rows, after[wrong]), judged=_flagged(whole.rows, after))


def age_of_rows(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows whose age differs by more than a year from what the dates of the relapses give."""

    def wrong(before: Codes, after: Codes) -> Flags:
        dates, ages = whole.value(check.of[2]), whole.value(check.of[3])
        there = np.ones(len(after), dtype=np.bool_)
        years = months_between(dates[before], dates[after], there) / MONTHS_PER_YEAR
        found: Flags = np.abs(ages[after] - ages[before] - years) > AGREEMENT_YEARS
        return found

    return _successive(whole, check, wrong)


def same_in_child(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows of one child that differ in what cannot differ."""
    child, name = check.of
    if not whole.has(child, name):
        return None
    rows = np.flatnonzero(whole.all_known(child, name))
    children, values = whole.value(child), whole.value(name)
    order = rows[np.argsort(children[rows], kind="stable")]
    same = children[order[:-1]] == children[order[1:]]
    differ = same & (values[order[:-1]] != values[order[1:]])
    found = _flagged(whole.rows, order[1:][differ]) | _flagged(whole.rows, order[:-1][differ])
    judged = _flagged(whole.rows, order[1:][same]) | _flagged(whole.rows, order[:-1][same])
    return Verdict(found=found, judged=judged)


def never_lost(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Find rows that deny what an earlier row of the child affirms."""
    yes, no = key_of(True), key_of(False)
    return _successive(
        whole, check, lambda a, b: (whole.value(check.of[2])[a] == yes) & (whole.value(check.of[2])[b] == no)
    )


CHILD_CHECKS: dict[str, WholeCheck] = {
    "same_key": same_key,
    "twins": twins,
    "equal_but_for": equal_but_for,
    "gap_before": gap_before,
    "number_follows": number_follows,
    "never_falls": number_follows,
    "dates_close": dates_close,
    "previous_date": previous_date,
    "interval_of_rows": interval_of_rows,
    "age_of_rows": age_of_rows,
    "same_in_child": same_in_child,
    "never_lost": never_lost,
}
