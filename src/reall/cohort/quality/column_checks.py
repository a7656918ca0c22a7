"""Checks of whole columns: units that betray themselves, numbers that heap, columns without a word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reall.cohort.columns import Floats
from reall.cohort.quality.child_checks import WholeCheck
from reall.cohort.quality.verdict import Verdict, of_column
from reall.cohort.quality.whole import Whole
from reall.library.quality import QualityCheck

_HEAPS = (1, 15)
"""Days of the month that are filled in where the day is unknown."""


def _look(
    whole: Whole, check: QualityCheck, columns: dict[str, Floats], said: Callable[[Floats], str]
) -> Verdict | None:
    """Ask every column that has enough values."""
    judged = np.zeros(whole.rows, dtype=np.bool_)
    details = []
    for name, values in columns.items():
        there = ~np.isnan(values)
        if there.sum() < check.limits["rows"]:
            continue
        judged |= there
        if text := said(values[there]):
            details.append(f"{name}: {text}")
    return of_column(whole.rows, judged, *details) if columns else None


def _plain(whole: Whole, check: QualityCheck) -> dict[str, Floats]:
    return {name: whole.plain[name] for name in check.of if name in whole.plain}


def all_at_most(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell columns in which no number exceeds a limit, though some exceed 0."""
    most = check.limits["most"]

    def said(values: Floats) -> str:
        highest = float(values.max())
        return f"the highest of {len(values):,} is {highest:g}" if 0 < highest <= most else ""

    return _look(whole, check, _plain(whole, check), said)


def median_above(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell columns whose median lies above a limit."""
    return _look(whole, check, _plain(whole, check), lambda v: _median(v, check, above=True))


def median_below(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell columns whose median lies below a limit."""
    return _look(whole, check, _plain(whole, check), lambda v: _median(v, check, above=False))


def mrd_median_above(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell MRD columns whose positive levels have a median above a limit."""
    positive = {name: np.where(levels > 0, levels, np.nan) for name, levels in whole.levels.items()}
    return _look(whole, check, positive, lambda v: _median(v, check, above=True))


def _median(values: Floats, check: QualityCheck, *, above: bool) -> str:
    median, limit = float(np.median(values)), check.limits["median"]
    outside = median > limit if above else median < limit
    return f"the median of {len(values):,} is {median:g}" if outside else ""


def days_heap(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell date columns of which too many lie on the 1st or the 15th."""
    days: dict[str, Floats] = {}
    for name in check.of:
        if name in whole.dates:
            dates = whole.dates[name].astype("datetime64[D]")
            day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
            days[name] = np.where(whole.all_known(name), day, np.nan)
    return _look(whole, check, days, lambda v: _share(np.isin(v, _HEAPS), check, "on the 1st or the 15th"))


def multiples_heap(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell columns of which too many are multiples of a step."""
    step = check.limits["step"]
    return _look(whole, check, _plain(whole, check), lambda v: _share(v % step == 0, check, f"multiples of {step:g}"))


def _share(hits: np.ndarray[tuple[int], np.dtype[np.bool_]], check: QualityCheck, words: str) -> str:
    share = float(hits.mean())
    return f"{share:.0%} of {len(hits):,} are {words}" if share > check.limits["share"] else ""


def empty_columns(whole: Whole, check: QualityCheck) -> Verdict | None:  # noqa: ARG001 - the form of a check
    """Tell columns that say nothing."""
    everywhere = np.ones(whole.rows, dtype=np.bool_)
    return of_column(whole.rows, everywhere, *(name for name in whole.columns if not whole.said[name]))


def constant_columns(whole: Whole, check: QualityCheck) -> Verdict | None:
    """Tell columns that say the same in every row that says anything, in enough rows."""
    judged = np.full(whole.rows, whole.rows >= check.limits["rows"])
    same = [
        f"{name}: {whole.said[name]:,} rows alike"
        for name in whole.columns
        if whole.said[name] >= check.limits["rows"] and name not in whole.varied
    ]
    return of_column(whole.rows, judged, *same)


COLUMN_CHECKS: dict[str, WholeCheck] = {
    check.__name__: check
    for check in (
        all_at_most, median_above, median_below, mrd_median_above, days_heap, multiples_heap, empty_columns,
        constant_columns,
    )
}  # fmt: skip
