"""The true origin of a simulated relapse, to hold stated probabilities against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reall.clones.model import Call
from reall.clones.origin import descent

if TYPE_CHECKING:
    from reall.clones.calling import CallingRule
    from reall.clones.simulate import SimulatedRelapse


def true_origin(patient: SimulatedRelapse, rule: CallingRule, seen: frozenset[int] | None = None) -> Call:
    """Say where the relapse came from: the definitions of the story, applied to the true tree and fractions.

    A clone counts as seen at diagnosis when its true fraction reaches the smallest clone that is called, whatever the
    reads of the sample happen to show; or, with `seen`, when the story says that it is seen.
    """
    parents = np.array([-1, *patient.parents])
    then, now = (np.append(1.0, patient.fraction[:, column]) for column in (0, -1))
    visible = then >= rule.smallest_clone_called
    if seen is not None:
        visible = np.array([node == 0 or node in seen for node in range(len(parents))])
    found = descent(parents, then, now, visible, rule)
    if found.call is Call.NO_SHARED_ANCESTOR and any(then[node] > 0 for node in found.way if node):
        return Call.BELOW_DETECTION
    return found.call
