"""What becomes of simulated children after a relapse: death first, from the calibrated curve; then a fitting course.

Remission, second relapse and transplant are fitted around the day of death, so none of them changes survival: a curve
that shows a benefit of transplant in simulated rows shows immortal time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reall.cohort import outcome_columns as oc
from reall.cohort.columns import Flags, Floats
from reall.cohort.outcome_columns import DAYS_PER_YEAR

Numbers = Mapping[str, float]
EVENTS = (oc.NONE, *oc.EVENTS)


@dataclass(frozen=True, kw_only=True)
class Course:
    """Days after a relapse, in every row; NaN where something never comes. `event` is a place in `EVENTS`."""

    death: Floats
    sample: Floats
    remission: Flags
    event: Floats
    event_day: Floats
    transplant: Floats
    mrd_level: Floats
    mrd_detected: Flags

    @property
    def relapse(self) -> Floats:
        """The day of the next relapse; NaN where none comes."""
        made: Floats = np.where(self.event == EVENTS.index(oc.RELAPSE), self.event_day, np.nan)
        return made


def day_of_death(drawn: Floats, hazard: Floats, curve: tuple[tuple[float, float], ...]) -> Floats:
    """Give the day of death for uniform draws and cumulative hazards at five years; NaN for those who live on."""
    years, spent = np.array(curve).T
    needed = -np.log1p(-drawn) / hazard
    days = np.ceil(np.interp(needed, spent, years) * DAYS_PER_YEAR)
    made: Floats = np.where(needed < spent[-1], np.maximum(days, 1.0), np.nan)
    return made


def day_of_sample(rng: np.random.Generator, rows: int, numbers: Numbers) -> Floats:
    """Draw the day on which the end of the first block is judged."""
    made: Floats = numbers["first_sample_days"] + np.floor(rng.random(rows) * (numbers["first_sample_spread_days"] + 1))
    return made


def live_through(
    rng: np.random.Generator,
    *,
    death: Floats,
    sample: Floats,
    missed: Flags,
    relapse_of_living: Floats,
    transplant_share: tuple[Floats, Floats],
    numbers: Numbers,
) -> Course:
    """Draw the course of every row.

    `missed` says who reaches no remission, `relapse_of_living` the day of relapse of those who live on (NaN: none),
    `transplant_share` how many are transplanted when MRD is low and when it is high.
    """
    rows = len(death)
    lives = np.isnan(death)
    last = np.where(lives, np.inf, death)
    at_sample = last > sample
    remission = at_sample & ~missed
    part = numbers["relapse_first_part"] + rng.random(rows) * (
        numbers["relapse_last_part"] - numbers["relapse_first_part"]
    )
    before_death = sample + np.floor(part * np.where(lives, 0.0, death - sample))
    in_remission = (rng.random(rows) < numbers["death_in_remission"]) | (
        last - sample <= numbers["shortest_course_days"]
    )
    relapse = np.where(lives, relapse_of_living, np.where(in_remission, np.nan, before_death))
    kinds = [at_sample & missed, remission & ~np.isnan(relapse), ~lives]
    event = np.select(kinds, [float(EVENTS.index(e)) for e in (oc.NO_REMISSION, oc.RELAPSE, oc.DEATH)], 0.0)
    event_day = np.select(kinds, [sample, relapse, death], np.nan)
    level, detected, high = _mrd(rng, death, remission, numbers)
    share = np.where(high, transplant_share[1], transplant_share[0])
    return Course(
        death=death,
        sample=np.where(at_sample, sample, np.nan),
        remission=remission,
        event=event,
        event_day=event_day,
        transplant=_transplants(rng, remission, event_day, share, numbers),
        mrd_level=np.where(at_sample, level, np.nan),
        mrd_detected=detected,
    )


def _transplants(
    rng: np.random.Generator, remission: Flags, event_day: Floats, share: Floats, numbers: Numbers
) -> Floats:
    """Draw the day of transplant in some of the remissions that last until then; NaN elsewhere."""
    first, last = numbers["transplant_first_day"], numbers["transplant_last_day"]
    day = np.floor(first + rng.random(len(share)) * (last - first))
    given = remission & (rng.random(len(share)) < share) & (np.where(np.isnan(event_day), np.inf, event_day) > day)
    made: Floats = np.where(given, day, np.nan)
    return made


def _mrd(rng: np.random.Generator, death: Floats, remission: Flags, numbers: Numbers) -> tuple[Floats, Flags, Flags]:
    """Draw level, whether the assay sees it, and whether it is high; more often high among those who die soon."""
    rows = len(death)
    soon = np.where(np.isnan(death), np.inf, death) <= numbers["mrd_years"] * DAYS_PER_YEAR
    share = np.where(soon, numbers["mrd_high_if_dead"], numbers["mrd_high_if_alive"])
    high = ~remission | (rng.random(rows) < share)
    seen = high | (rng.random(rows) >= numbers["mrd_not_detected"])
    low_end = np.select(
        [~remission, high],
        [numbers["mrd_highest_in_remission"], numbers["mrd_cut_off"]],
        numbers["mrd_sensitivity"] + 1 / _PARTS,
    )
    high_end = np.select(
        [~remission, high], [numbers["mrd_highest"], numbers["mrd_highest_in_remission"]], numbers["mrd_cut_off"]
    )
    level = low_end * (high_end / low_end) ** rng.random(rows)
    # Digits are cut off, not rounded, so that a level below the cut-off stays below.
    return np.where(seen, np.floor(level * _PARTS + _EPSILON) / _PARTS, np.nan), seen, high


_PARTS, _EPSILON = 1e6, 1e-6
"""Levels are written in parts of a million."""
