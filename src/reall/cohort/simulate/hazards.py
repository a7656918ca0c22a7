"""Hazards of death for every cell of the joint table, solved so that every published five-year survival is met.

log H = (group and time) + subtype + age + site at that time. H is the cumulative hazard at five years; the ratios of
sites are published, everything else is solved for. The curve before and after five years is the same for all, stretched
(proportional hazards); a curve that ends leaves a share that lives on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.optimize import least_squares

from reall.base.errors import InvalidKnowledge
from reall.cohort.columns import Floats
from reall.cohort.simulate.joint import Joint
from reall.library.simulation import SimulationModel

_MET = 1e-6
"""Survival within this of the published one counts as met."""
_DIGITS = 9
"""Hazards are rounded to this, so that the last bits of a processor's arithmetic do not matter."""
_REFERENCE_SITE = "isolated_marrow"


def five_year_hazards(model: SimulationModel, joint: Joint, survival: Mapping[str, float]) -> Floats:
    """Give the cumulative hazard of death at five years for every cell.

    Raises `InvalidKnowledge` when not all targets can be met together.
    """
    targets = [(joint.among(t.among), survival[t.outcome]) for t in model.survival]
    weights = np.array([np.where(cells, joint.probability, 0) for cells, _ in targets])
    weights /= weights.sum(axis=1, keepdims=True)
    aims = np.array([aim for _, aim in targets])
    offset = _site_terms(model, joint, survival)
    design = np.column_stack([_shifted_by(joint, t.among) for t in model.survival])

    def off(terms: Floats) -> Floats:
        made: Floats = weights @ np.exp(-np.exp(offset + design @ terms)) - aims
        return made

    solved = least_squares(off, np.zeros(len(targets)), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    if np.abs(off(solved.x)).max() > _MET:
        raise InvalidKnowledge(
            "the published survivals cannot be met together",
            where="simulation/model.yaml",
            next="Look for shares that no survival of the parts can bring to that of the whole.",
        )
    hazards: Floats = np.round(np.exp(offset + design @ solved.x), _DIGITS)
    return hazards


def _shifted_by(joint: Joint, among: Mapping[str, str]) -> Floats:
    """Tell which cells the term of one target shifts: all of its last dimension's place, whatever the group."""
    last = list(among)[-1]
    return joint.among(among if last == "time" else {last: among[last]}).astype(np.float64)


def _site_terms(model: SimulationModel, joint: Joint, survival: Mapping[str, float]) -> Floats:
    terms = np.zeros(len(joint.probability))
    for site, rows in model.site_ratios.items():
        for time, row in rows.items():
            reference = survival[model.site_ratios[_REFERENCE_SITE][time]]
            cells = joint.among({"site": site, "time": time})
            terms[cells] = math.log(math.log(survival[row]) / math.log(reference))
    return terms
