"""Draws simulated children: who they are, their first relapse, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reall.cohort.calendar import Calendar
from reall.cohort.columns import Codes, Flags, Floats
from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.simulate.course import Course, day_of_death, day_of_sample, live_through
from reall.cohort.simulate.hazards import five_year_hazards
from reall.cohort.simulate.joint import Joint, joint_table
from reall.library.simulation import SimulationModel

_LATE = "late"


@dataclass(frozen=True, kw_only=True)
class Population:
    """Everything that is worked out once: the joint table, its hazards, and who reaches no remission."""

    model: SimulationModel
    joint: Joint
    hazard: Floats
    missed_power: Floats
    remission_of_the_dying: float

    @property
    def cumulative(self) -> Floats:
        """Up to each cell, how often a child lies in it or an earlier one."""
        made: Floats = np.cumsum(self.joint.probability)
        return made


def population(model: SimulationModel, survival: Mapping[str, float]) -> Population:
    """Work out what children are drawn from. `survival` gives the published rows as fractions."""
    joint = joint_table(model, survival)
    hazard = five_year_hazards(model, joint, survival)
    late = joint.among({"time": _LATE})
    dead = 1 - np.exp(-hazard)
    power = np.zeros(len(hazard))
    missed = np.zeros(len(hazard))
    for cells, name in ((~late, "before"), (late, "from")):
        of_dead = model.numbers[f"remission_missed_{name}_36_months"] / np.average(
            dead[cells], weights=joint.probability[cells]
        )
        power[cells] = 1 / of_dead - 1
        missed[cells] = of_dead * dead[cells]
    ever = 1 - np.exp(-hazard * model.curves["hazard"][-1][1])
    living = model.numbers["relapse_of_survivors"] * float(joint.probability @ (1 - ever))
    dying = (1 - model.numbers["death_in_remission"]) * float(joint.probability @ (ever - missed))
    lives_on = living / (living + dying)
    share = (model.numbers["remission_after_second_relapse"] - lives_on) / (1 - lives_on)
    return Population(
        model=model, joint=joint, hazard=hazard, missed_power=power, remission_of_the_dying=max(share, 0.0)
    )


@dataclass(frozen=True, kw_only=True)
class Children:
    """Some children. Dates are days since 1970-01-01; `place` gives the place of each in every dimension."""

    place: Mapping[str, Codes]
    male: Flags
    down_syndrome: Flags
    birth: Codes
    diagnosis: Codes
    first_remission: Codes
    therapy_end: Codes
    relapse: Codes
    last_seen: Floats
    course: Course


def draw(rng: np.random.Generator, rows: int, people: Population, calendar: Calendar) -> Children:
    """Draw children with their first relapse. `last_seen` counts in days after it."""
    model, numbers = people.model, people.model.numbers
    cell = np.minimum(
        np.searchsorted(people.cumulative, rng.random(rows), side="right"), len(people.hazard) - 1
    ).astype(np.int64)
    place = {of: cells[cell] for of, cells in people.joint.places.items()}
    diagnosis = _day_between(rng, rows, numbers["first_diagnosis_year"], numbers["last_diagnosis_year"] + 1)
    relapse = calendar.later(diagnosis, _months(rng, rows, model, place["time"]))
    male = _boys(rng, rows, people, place["site"])
    planned = np.where(male, numbers["therapy_months_boys"], numbers["therapy_months_girls"])
    death, missed = _deaths(rng, people, cell)
    sample = day_of_sample(rng, rows, numbers)
    course = live_through(
        rng,
        death=death,
        sample=sample,
        missed=missed,
        relapse_of_living=_relapse_of_living(rng, sample, model),
        transplant_share=_transplant_shares(model, place),
        numbers=numbers,
    )
    return Children(
        place=place,
        male=male,
        down_syndrome=rng.random(rows) < numbers["down_syndrome"],
        birth=diagnosis - np.floor(_ages(rng, rows, model, place["age"]) * DAYS_PER_YEAR).astype(np.int64),
        diagnosis=diagnosis,
        first_remission=diagnosis
        + np.floor(numbers["first_remission_days"] + rng.random(rows) * numbers["first_remission_spread_days"]).astype(
            np.int64
        ),
        therapy_end=calendar.later(diagnosis, planned),
        relapse=relapse,
        last_seen=_last_seen(rng, relapse, numbers),
        course=course,
    )


def _deaths(rng: np.random.Generator, people: Population, cell: Codes) -> tuple[Floats, Flags]:
    """Draw the day of death, and who dies without a remission: likelier the earlier."""
    drawn, hazard = rng.random(len(cell)), people.hazard[cell]
    death = day_of_death(drawn, hazard, people.model.curves["hazard"])
    relative = np.minimum(drawn / (1 - np.exp(-hazard)), 1.0)
    missed = rng.random(len(cell)) < (1 - relative) ** people.missed_power[cell]
    return death, missed & ~np.isnan(death)


def calendar_of(model: SimulationModel) -> Calendar:
    """Cover every day that may be drawn."""
    first, last = model.numbers["first_diagnosis_year"], model.numbers["last_seen_year"]
    return Calendar(_new_year(first), _new_year(last + 1))


def _new_year(year: float) -> int:
    return int(np.datetime64(f"{int(year)}-01-01").astype(np.int64))


def _day_between(rng: np.random.Generator, rows: int, first: float, last: float) -> Codes:
    low, high = _new_year(first), _new_year(last)
    made: Codes = low + np.floor(rng.random(rows) * (high - low)).astype(np.int64)
    return made


def _months(rng: np.random.Generator, rows: int, model: SimulationModel, time: Codes) -> Floats:
    drawn = rng.random(rows)
    made = np.zeros(rows)
    for number, name in enumerate(model.dimensions["time"]):
        months, share = np.array(model.curves[f"months_{name}"]).T
        made = np.where(time == number, np.interp(drawn, share, months), made)
    return made


def _ages(rng: np.random.Generator, rows: int, model: SimulationModel, age: Codes) -> Floats:
    places = model.dimensions["age"].values()
    low, high = (np.array([float(place[end]) for place in places])[age] for end in ("from", "to"))
    made: Floats = low + rng.random(rows) * (high - low)
    return made


def _boys(rng: np.random.Generator, rows: int, people: Population, site: Codes) -> Flags:
    """Draw the sex; testicular relapses are boys', so that the share of all boys is the declared one."""
    testis = np.array([bool(place["testis"]) for place in people.model.dimensions["site"].values()])
    with_testis = float(people.joint.probability @ testis[people.joint.places["site"]])
    rest = (people.model.numbers["male"] - with_testis) / (1 - with_testis)
    made: Flags = testis[site] | (rng.random(rows) < rest)
    return made


def _relapse_of_living(rng: np.random.Generator, sample: Floats, model: SimulationModel) -> Floats:
    years, share = np.array(model.curves["relapse_of_survivors"]).T
    day = sample + np.floor(np.interp(rng.random(len(sample)), share, years) * DAYS_PER_YEAR)
    comes = rng.random(len(sample)) < model.numbers["relapse_of_survivors"]
    made: Floats = np.where(comes, day, np.nan)
    return made


def _transplant_shares(model: SimulationModel, place: Mapping[str, Codes]) -> tuple[Floats, Floats]:
    late_b = (place["time"] == list(model.dimensions["time"]).index(_LATE)) & (
        place["group"] == list(model.dimensions["group"]).index("b")
    )
    early = model.numbers["transplant_early_or_t"]
    low, high = (np.where(late_b, model.numbers[f"transplant_late_mrd_{m}"], early) for m in ("low", "high"))
    return low, high


def _last_seen(rng: np.random.Generator, relapse: Codes, numbers: Mapping[str, float]) -> Floats:
    least, most = numbers["follow_up_least_years"], numbers["follow_up_most_years"]
    lost = np.floor((least + rng.random(len(relapse)) * (most - least)) * DAYS_PER_YEAR)
    made: Floats = np.minimum(lost, _new_year(numbers["last_seen_year"] + 1) - 1 - relapse)
    return made
