"""When the leukaemia was diagnosed and when it came back, and whether a result belongs to that relapse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from reall.base.dates import months_between
from reall.exchange.fhir.node import Resource, When
from reall.exchange.fhir.record import Record, dated
from reall.exchange.fhir.say import say

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The conditions that are the leukaemia and its relapses; `relapse` is the latest one, where that is clear."""

    primary: tuple[Resource, ...] = ()
    relapses: tuple[Resource, ...] = ()
    relapse: Resource | None = None
    birth: tuple[Resource, When] | None = None
    diagnosed: tuple[Resource, When] | None = None
    relapsed: tuple[Resource, When] | None = None

    def belongs(self, one: Resource, record: Record, window_days: int) -> str:
        """Say why a result does not belong to this relapse; empty where it does.

        It belongs when its `focus` is the relapse, or when it has no focus on a leukaemia and its date lies within
        `window_days` of the relapse.
        """
        focus = {found.name for ref in one.root.references("focus") if (found := record.referred(one, ref))}
        if self.relapse is not None and self.relapse.name in focus:
            return ""
        if focus & {found.name for found in (*self.relapses, *self.primary)}:
            return "its focus is another condition than this relapse"
        day, when = dated(one), self.relapsed
        if when is None or when[1].day is None:
            return "no day of a relapse is known to which it could belong"
        if day is None or day.day is None:
            return "its day is not known"
        apart = abs((day.day - when[1].day).days)
        return "" if apart <= window_days else f"it is {apart} days away from the relapse"

    def before(self, one: Resource) -> str:
        """Say why it is not clear that something happened before this relapse; empty where it is."""
        day = dated(one)
        if self.relapsed is None:
            return "no day of a relapse is known"
        if day is None:
            return "its day is not known"
        return "" if day.last < self.relapsed[1].first else "it did not come before the relapse"


def say_times(line: Timeline) -> None:
    """State dates known to the day; otherwise the months or years between them, as an interval."""
    for name, known in (
        ("birth_date", line.birth), ("diagnosis_date", line.diagnosed), ("relapse_date", line.relapsed)
    ):  # fmt: skip
        if known is not None and known[1].day is not None:
            say(known[0], name, known[1].day.isoformat(), known[1].path)
    _between("months_from_diagnosis", line.diagnosed, line.relapsed, months_between)
    _between("age_at_diagnosis_years", line.birth, line.diagnosed, _years)
    _between("age_at_relapse_years", line.birth, line.relapsed, _years)


def _years(start: dt.date, end: dt.date) -> float:
    return months_between(start, end) / MONTHS_PER_YEAR


def _between(
    fact: str,
    start: tuple[Resource, When] | None,
    end: tuple[Resource, When] | None,
    measure: Callable[[dt.date, dt.date], float],
) -> None:
    """State what lies between two dates of which at least one is known to the month or year only."""
    if start is None or end is None or (start[1].day and end[1].day):
        return
    if end[1].last < start[1].first:
        return
    low = max(measure(start[1].last, end[1].first), 0.0)
    say(end[0], fact, f"{low!r}..{measure(start[1].first, end[1].last)!r}", end[1].path)
