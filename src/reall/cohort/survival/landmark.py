"""Landmarks: counting only children still at risk at a day after relapse, from that day on.

What is known by that day may then split them, a transplant among it, without immortal time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reall.base.errors import WrongUsage
from reall.cohort import outcome_columns as oc
from reall.cohort.columns import Flags, Floats
from reall.cohort.survival.counts import Ints
from reall.cohort.survival.observed import NO_SAMPLE_DAY, Observed, Reader
from reall.cohort.survival.strata import DETERMINED, Stratum
from reall.facts.vocabulary import Vocabulary, nearest


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """A day after relapse, the same for all (`day`), or each child's own day of a sample (`column`)."""

    words: str
    day: float = 0.0
    column: str = ""


def read_landmark(text: str, columns: tuple[str, ...], vocabulary: Vocabulary) -> Landmark:
    """Read a number of days, or the name of an MRD time point. Raises `WrongUsage` for anything else."""
    try:
        day = float(text)
    except ValueError:
        return _sample(text, columns, vocabulary)
    if not 0 < day < float("inf"):
        raise WrongUsage(f"{text!r} is no day after relapse", where="--landmark", next="Give days, such as 90.")
    return Landmark(words=f"day {day:g} after relapse", day=day)


def _sample(text: str, columns: tuple[str, ...], vocabulary: Vocabulary) -> Landmark:
    timepoint = vocabulary.timepoint_by_name.get(text.lower())
    if timepoint is None:
        raise WrongUsage(
            f"{text!r} is neither a number of days nor an MRD time point",
            where="--landmark",
            next=nearest(text, vocabulary.timepoint_by_name) or "Give days after relapse, such as 90.",
        )
    column = oc.sample_day(timepoint.name)
    if column not in columns:
        raise WrongUsage(
            f"the table has no column {column!r}",
            where="--landmark",
            why="Counting starts at each child's own sample.",
            next="Add the day of the sample after relapse, or give one day for all, such as --landmark 42.",
        )
    return Landmark(words=f"the MRD sample, {timepoint.words}", column=column)


def from_landmark(seen: Observed, reader: Reader, landmark: Landmark) -> tuple[Observed, Flags, Floats]:
    """Start the clock at the landmark. Also gives the rows that ended before it or on it, and each row's day."""
    day = reader.day(landmark.column) if landmark.column else np.full(len(seen.days), landmark.day)
    reason = np.where(seen.usable & np.isnan(day), NO_SAMPLE_DAY, seen.reason)
    usable: Flags = reason == 0
    ended = usable & (seen.days <= np.where(usable, day, 0.0))
    days = np.where(usable & ~ended, seen.days - day, 0.0)
    return replace(seen, days=days, reason=reason), ended, day


_TRANSPLANTED = (
    Stratum(DETERMINED, "transplanted before the landmark"),
    Stratum(DETERMINED, "not transplanted before the landmark"),
    Stratum("unknown"),
)


def transplanted(reader: Reader, day: Floats) -> tuple[tuple[Stratum, ...], Ints]:
    """Group by a transplant on or before the landmark; a transplant without a day leaves that open."""
    answer, when = reader.answer(oc.TRANSPLANT), reader.days(oc.TRANSPLANT_TIME)
    done = np.where(answer == 0, 1, np.where(np.isnan(when) | np.isnan(day), 2, np.where(when <= day, 0, 1)))
    unknown = (answer < 0) & np.isnan(when)
    return _TRANSPLANTED, np.where(unknown, 2, done).astype(np.int64)
