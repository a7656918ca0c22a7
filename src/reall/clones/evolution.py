"""Leukaemia that grows, is treated, and comes back: a multi-type birth-death process, many patients at once.

A clone is a type. Each day every cell may divide, die, or be killed by treatment, and a division may found a
new clone that divides faster or resists treatment. Counts are integers drawn day by day (tau-leaping with a
step of one day), so a clone of few cells can die out by chance: the bottleneck at remission is part of the
process.

Every rate is an assumption of the model. The defaults are round numbers under which, of 600 patients, half relapse,
mostly 4 to 32 months after diagnosis, from a remission of between a hundred and some billion cells. None of them is a
measurement, and nothing clinical may be read off them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NORMAL = -1  # parent of a founder: the patient's healthy cells
UNUSED = -2  # a clone slot that nothing was born into


@dataclass(frozen=True, kw_only=True)
class Biology:
    """How leukaemic cells divide, die and mutate; rates per cell and day."""

    division_rate_per_day: float = 0.20
    death_rate_per_day: float = 0.14
    driver_rate_per_division: float = 1e-4
    mean_growth_gain: float = 0.08  # of a driver, as a share of the parent's division rate
    resistance_probability: float = 0.4  # that a driver also makes its clone more resistant
    mean_resistance_gain: float = 0.35  # of such a driver, as a share of the killing that is left
    passengers_per_day: float = 0.04  # along one line of descent; sets how many mutations mark a clone
    trunk_mutations: int = 8  # before the first leukaemic cell
    largest_division_rate_per_day: float = 0.60
    cells_at_diagnosis: float = 2e11
    marrow_cells: float = 5e11  # denominator of the MRD course
    remission_fraction: float = 0.05  # of marrow cells, must be undercut before a relapse can be one
    relapse_fraction: float = 0.25  # of marrow cells, at which relapse is found
    second_leukaemia_probability: float = 0.03
    second_leukaemia_hidden_probability: float = 0.5  # that the second was there at diagnosis, too small to be seen
    hidden_share: tuple[float, float] = (1e-8, 3e-3)  # of the cells at diagnosis, even on a logarithmic scale


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """Killing by chemotherapy: a rate per day that a fully sensitive cell meets in each stretch of days."""

    until_day: tuple[int, ...] = (33, 180, 730)
    kill_rate_per_day: tuple[float, ...] = (0.60, 0.35, 0.20)
    observed_until_day: int = 1825

    def kill_rate(self, day: Indices) -> Floats:
        """Give the killing rate on each day since diagnosis; 0 before day 0 and after the last stretch."""
        stretch = np.searchsorted(np.asarray(self.until_day), day, side="right")
        rates = np.append(np.asarray(self.kill_rate_per_day), 0.0)[stretch]
        return np.where(day < 0, 0.0, rates)


@dataclass(frozen=True, kw_only=True)
class Histories:
    """What happened in `P` patients with room for `C` clones each.

    Attributes
    ----------
    parent : (P, C) slot of the parent clone, `NORMAL` for a founder, `UNUSED` for an empty slot.
    mutations : (P, C) how many mutations the clone has that its parent has not.
    resistance : (P, C) share of the killing that the clone escapes, 0 to 1.
    resistance_gained : (P, C) whether the clone's founding mutation made it more resistant than its parent.
    at_diagnosis, at_remission, at_relapse : (P, C) cells; remission is the day with the fewest cells.
    remission_day, relapse_day : (P,) days since diagnosis; relapse_day is -1 where no relapse came (cured, or
        never in remission).
    mrd : (P, D + 1) leukaemic cells per marrow cell on each day since diagnosis; constant after relapse.
    """

    parent: Indices
    mutations: Counts
    resistance: Floats
    resistance_gained: NDArray[np.bool_]
    at_diagnosis: Counts
    at_remission: Counts
    at_relapse: Counts
    remission_day: Indices
    relapse_day: Indices
    mrd: Floats


class _Population:
    """The state of all patients: one row per patient, one column per clone slot."""

    def __init__(self, patients: int, slots: int, biology: Biology, rng: np.random.Generator) -> None:
        shape = (patients, slots)
        self.biology = biology
        self.rng = rng
        self.cells = np.zeros(shape, np.int64)
        self.parent = np.full(shape, UNUSED, np.int64)
        self.mutations = np.zeros(shape, np.int64)
        self.born_on = np.zeros(shape, np.int64)
        self.division = np.zeros(shape)
        self.resistance = np.zeros(shape)
        self.gained = np.zeros(shape, np.bool_)
        self.used = np.zeros(patients, np.int64)
        self.today = np.zeros(patients, np.int64)  # days since the first cell

    def found(self, patients: Indices, *, cells: int | Counts, mutations: int, resistance: float) -> None:
        """Start a leukaemia in each of `patients` that descends from no other one."""
        slot = self.used[patients]
        self.cells[patients, slot] = cells
        self.parent[patients, slot] = NORMAL
        self.mutations[patients, slot] = np.maximum(1, self.rng.poisson(mutations, len(patients)))
        self.born_on[patients, slot] = self.today[patients]
        self.division[patients, slot] = self.biology.division_rate_per_day
        self.resistance[patients, slot] = resistance
        self.used[patients] += 1

    def advance(self, patients: Indices, kill: Floats, slots_allowed: int) -> None:
        """Let one day pass: death and killing, then division, then at most one new clone per patient."""
        cells, division = self.cells[patients], self.division[patients]
        loss = self.biology.death_rate_per_day + kill[:, None] * (1 - self.resistance[patients])
        alive = self.rng.binomial(cells, np.exp(-loss))
        births = self.rng.poisson(alive * np.expm1(division))
        self.cells[patients] = alive + births
        self.today[patients] += 1
        self._branch(patients, births, slots_allowed)

    def _branch(self, patients: Indices, births: Counts, slots_allowed: int) -> None:
        chance = -np.expm1(-self.biology.driver_rate_per_division * births.sum(axis=1))
        free = self.used[patients] < slots_allowed
        rows = np.flatnonzero(free & (self.rng.random(len(patients)) < chance))
        if not len(rows):
            return
        weights = births[rows].cumsum(axis=1)
        mother = (weights <= (self.rng.random(len(rows)) * weights[:, -1])[:, None]).sum(axis=1)
        who = patients[rows]
        slot = self.used[who]
        age = self.today[who] - self.born_on[who, mother]
        gain = self.rng.random(len(rows)) < self.biology.resistance_probability
        faster = 1 + self.rng.exponential(self.biology.mean_growth_gain, len(rows))
        escape = np.where(gain, self.rng.beta(1, 1 / self.biology.mean_resistance_gain - 1, len(rows)), 0.0)
        limit = self.biology.largest_division_rate_per_day
        self.cells[who, slot] = 1
        self.cells[who, mother] -= 1
        self.parent[who, slot] = mother
        self.mutations[who, slot] = 1 + self.rng.poisson(self.biology.passengers_per_day * age)
        self.born_on[who, slot] = self.today[who]
        self.division[who, slot] = np.minimum(limit, self.division[who, mother] * faster)
        self.resistance[who, slot] = 1 - (1 - self.resistance[who, mother]) * (1 - escape)
        self.gained[who, slot] = gain
        self.used[who] += 1


def evolve(
    patients: int,
    *,
    biology: Biology | None = None,
    treatment: Treatment | None = None,
    slots_before_treatment: int = 24,
    slots: int = 36,
    rng: np.random.Generator,
) -> Histories:
    """Let leukaemia grow, be treated and return in `patients` patients at once.

    A patient whose first cells die out starts again, as only those who fall ill are ever seen. Slots limit
    how many clones are followed: the first `slots_before_treatment` before diagnosis, the rest during
    treatment.
    """
    biology, treatment = biology or Biology(), treatment or Treatment()
    population = _Population(patients, slots, biology, rng)
    population.found(np.arange(patients), cells=1, mutations=biology.trunk_mutations, resistance=0.0)
    _grow_until_diagnosis(population, slots_before_treatment)
    at_diagnosis = _add_second_leukaemias(population)
    return _treat(population, treatment, at_diagnosis, slots)


def _add_second_leukaemias(population: _Population) -> Counts:
    """Found second leukaemias, some hidden at diagnosis, others just after; gives the cells at diagnosis."""
    biology, rng, patients = population.biology, population.rng, len(population.cells)
    second = np.flatnonzero(rng.random(patients) < biology.second_leukaemia_probability)
    hidden = rng.random(len(second)) < biology.second_leukaemia_hidden_probability
    low, high = np.log(biology.hidden_share)
    share = np.exp(rng.uniform(low, high, len(second)))
    cells = np.where(hidden, np.maximum(1, share * population.cells[second].sum(axis=1)), 100).astype(np.int64)
    population.found(second, cells=cells, mutations=biology.trunk_mutations, resistance=0.9)
    at_diagnosis = population.cells.copy()
    late = second[~hidden]
    at_diagnosis[late, population.used[late] - 1] = 0
    return at_diagnosis


def _grow_until_diagnosis(population: _Population, slots: int) -> None:
    growing = np.arange(len(population.cells))
    while len(growing):
        population.advance(growing, np.zeros(len(growing)), slots)
        total = population.cells[growing].sum(axis=1)
        extinct = growing[total == 0]
        if len(extinct):
            population.used[extinct] = 0
            population.parent[extinct] = UNUSED
            population.today[extinct] = 0
            trunk = population.biology.trunk_mutations
            population.found(extinct, cells=1, mutations=trunk, resistance=0.0)
        growing = growing[total < population.biology.cells_at_diagnosis]


def _treat(population: _Population, treatment: Treatment, at_diagnosis: Counts, slots: int) -> Histories:
    biology, patients = population.biology, len(population.cells)
    days = treatment.observed_until_day
    mrd = np.zeros((patients, days + 1))
    mrd[:, 0] = population.cells.sum(axis=1) / biology.marrow_cells
    fewest = population.cells.sum(axis=1)
    at_remission, remission_day = population.cells.copy(), np.zeros(patients, np.int64)
    relapse_day = np.full(patients, -1, np.int64)
    followed = np.arange(patients)
    for day in range(1, days + 1):
        kill = np.full(len(followed), treatment.kill_rate(np.asarray([day - 1]))[0])
        population.advance(followed, kill, slots)
        total = population.cells[followed].sum(axis=1)
        mrd[:, day] = mrd[:, day - 1]
        mrd[followed, day] = total / biology.marrow_cells
        lower = total < fewest[followed]
        low = followed[lower]
        fewest[low] = total[lower]
        at_remission[low], remission_day[low] = population.cells[low], day
        back = total >= biology.relapse_fraction * biology.marrow_cells
        back &= fewest[followed] < biology.remission_fraction * biology.marrow_cells
        relapse_day[followed[back]] = day
        # A marrow that fills up without remission is refractory and followed no further.
        followed = followed[~back & (total > 0) & (total < biology.marrow_cells)]
        if not len(followed):
            mrd[:, day + 1 :] = mrd[:, [day]]
            break
    return Histories(
        parent=population.parent,
        mutations=population.mutations,
        resistance=population.resistance,
        resistance_gained=population.gained,
        at_diagnosis=at_diagnosis,
        at_remission=at_remission,
        at_relapse=population.cells,
        remission_day=remission_day,
        relapse_day=relapse_day,
        mrd=mrd,
    )
