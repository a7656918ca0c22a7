"""The joint table of group, time, site, subtype and age: published margins, fitted by iterative proportional fitting.

A table that starts from the declared associations is scaled to one set of shares after the other until all hold; of all
tables with these margins it is the one closest to the start (in Kullback-Leibler distance). One round costs the number
of cells times the number of sets; some hundred rounds over some thousand cells take well under a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from reall.base.errors import InvalidKnowledge
from reall.cohort.columns import Floats
from reall.library.simulation import Shares, SimulationModel

_ROUNDS, _CLOSE, _HELD = 5000, 1e-10, 1e-7
_STEEPEST = 60.0
"""Tilts are looked for between minus and plus this."""
Cells = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Joint:
    """The possible children: for each dimension the place of every cell (by number), and how often the cell is."""

    dimensions: Mapping[str, tuple[str, ...]]
    places: Mapping[str, Cells]
    probability: Floats

    def among(self, places: Mapping[str, str | tuple[str, ...]]) -> NDArray[np.bool_]:
        """Tell which cells lie in some places."""
        found = np.ones(len(self.probability), dtype=np.bool_)
        for of, named in places.items():
            names = (named,) if isinstance(named, str) else named
            found &= np.isin(self.places[of], [self.dimensions[of].index(name) for name in names])
        return found


def joint_table(model: SimulationModel, survival: Mapping[str, float]) -> Joint:
    """Fit the joint table. `survival` gives the published rows as fractions.

    Raises `InvalidKnowledge` when no table has all the margins.
    """
    names = {of: tuple(places) for of, places in model.dimensions.items()}
    grid = np.array(list(product(*(range(len(places)) for places in names.values()))), dtype=np.int64)
    empty = Joint(
        dimensions=names,
        places={of: grid[:, i] for i, of in enumerate(names)},
        probability=np.ones(len(grid)),
    )
    weights = np.ones(len(grid))
    for association in model.associations:
        weights[empty.among(association.places)] *= association.odds
    margins = [(empty, shares, _tilted(model, shares, survival)) for shares in model.shares]
    fitted = _fit(weights, [_slices(*margin) for margin in margins])
    there = fitted > 0
    return Joint(
        dimensions=names, places={of: cells[there] for of, cells in empty.places.items()}, probability=fitted[there]
    )


def _slices(joint: Joint, shares: Shares, values: Mapping[str, float]) -> tuple[Cells, list[tuple[Cells, float]]]:
    """Give the cells that some shares divide, and those of each place with its share (0 for places not named)."""
    within = joint.among(shares.within)
    of_places = [
        (np.flatnonzero(within & joint.among({shares.of: place})), values.get(place, 0.0))
        for place in joint.dimensions[shares.of]
    ]
    return np.flatnonzero(within), of_places


def _fit(weights: Floats, margins: list[tuple[Cells, list[tuple[Cells, float]]]]) -> Floats:
    table: Floats = weights / weights.sum()
    for _ in range(_ROUNDS):
        before = table.copy()
        for whole, places in margins:
            total = table[whole].sum()
            for cells, share in places:
                now = table[cells].sum()
                table[cells] *= share * total / now if now > 0 else 0.0
        table /= table.sum()
        if np.abs(table - before).max() < _CLOSE:
            break
    if all(_holds(table, *margin) for margin in margins):
        return table
    raise InvalidKnowledge("no joint table has all the shares of the model", where="simulation/model.yaml")


def _holds(table: Floats, whole: Cells, places: list[tuple[Cells, float]]) -> bool:
    total = table[whole].sum()
    return all(abs(table[cells].sum() - share * total) < _HELD for cells, share in places)


def _tilted(model: SimulationModel, shares: Shares, survival: Mapping[str, float]) -> dict[str, float]:
    """Tilt shares as little as possible (in the same distance) until their mean survival is the published one."""
    total = sum(shares.values.values())
    plain = {place: share / total for place, share in shares.values.items()}
    if not shares.mean:
        return plain
    of_place = {place: _survival_of(model, shares, place, survival) for place in plain}
    aim = survival[shares.mean]

    def weighted(steepness: float) -> dict[str, float]:
        made = {place: share * math.exp(steepness * of_place[place]) for place, share in plain.items()}
        return {place: share / sum(made.values()) for place, share in made.items()}

    def off(steepness: float) -> float:
        return sum(share * of_place[place] for place, share in weighted(steepness).items()) - aim

    return weighted(float(brentq(off, -_STEEPEST, _STEEPEST, xtol=1e-12)))


def _survival_of(model: SimulationModel, shares: Shares, place: str, survival: Mapping[str, float]) -> float:
    """Find the published survival of one place: a target of the model, or the mean of its own division."""
    inside = {of: places[0] for of, places in shares.within.items()}
    rows = [t.outcome for t in model.survival if t.among == {**inside, shares.of: place}]
    rows += [s.mean for s in model.shares if s.mean and s.within == {shares.of: (place,)}]
    if not rows:
        raise InvalidKnowledge(f"no survival is published for {shares.of} {place!r}", where="simulation/model.yaml")
    return survival[rows[0]]
