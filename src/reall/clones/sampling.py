"""A sample of trees by Metropolis steps, where there are too many trees to list.

Three moves, each its own reverse with equal chance: a branch goes elsewhere, a node changes places with its parent, two
clusters exchange places. The random number of the acceptance test is drawn first, so that a move whose bound is already
below it is rejected without a fit; the chain is the same as if every move had been fitted.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917, C901

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import NO_LIMIT, fit
from reall.clones.moves import apply_move, changed_nodes, is_below, price_tree
from reall.clones.screening import bound_after
from reall.clones.workspace import moves_for, space_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Trees = NDArray[np.int64]
    Values = NDArray[np.float64]

TOLERANCE = 0.01
SLACK = 0.02


@inner
def _propose(parents):
    """Draw a move: kind, node, other node; the node is 0 where the draw gives none."""
    K = parents.shape[0] - 1
    what = np.random.random()
    u = np.random.randint(1, K + 1)
    if what < 0.6:
        k = np.random.randint(0, K + 1)
        possible = k != parents[u] and not is_below(parents, k, u)
        return 0, u if possible else 0, k
    if what < 0.8:
        return 2, u if parents[u] > 0 else 0, parents[u]
    k = np.random.randint(1, K + 1)
    return 3, u if k != u else 0, k


def chain(
    data: tuple[Any, ...], parents: Trees, seed: int, steps: int, burn: int, thin: int
) -> tuple[Trees, Values, float, Trees, float]:
    """Run one chain from `parents`: trees (draws, K + 1), log-likelihoods, share of accepted moves, best tree, its
    value."""
    nodes, samples = data[-1].shape
    draws = (steps - burn + thin - 1) // thin
    out, value = np.empty((draws, nodes), dtype=np.int64), np.empty(draws)
    now, best = parents.copy(), parents.copy()
    space, moves = space_for(nodes - 1, samples), moves_for(nodes - 1, samples)
    accepted, level = _run(data, now, best, seed, steps, burn, thin, out, value, space, moves)
    return out, value, accepted, best, level


@kernel
def _run(data, now, best, seed, steps, burn, thin, out, value, space, moves):
    """Fill `out`, `value` and `best`, changing `now`; returns the share of accepted moves and the best value."""
    np.random.seed(seed)
    work, order, saved, scratch, changed, trial, members = space
    lam, terms, table = moves[:3]
    K = now.shape[0] - 1
    level = fit(data, now, members, order, work, TOLERANCE, NO_LIMIT)
    best_level = level
    stale = True
    accepted = 0
    for step in range(steps):
        kind, u, k = _propose(now)
        needed = math.log(np.random.random() + 1e-300)
        hope = u > 0
        if hope:
            if stale:
                price_tree(data, now, members, work, moves, scratch)
                stale = False
            apply_move(now, kind, u, k, trial)
            rough = 0.0
            for c in range(1, K + 1):
                rough += table[c, trial[c]] - terms[c]
            hope = rough >= needed - SLACK
        if hope:
            changed_nodes(now, kind, u, k, changed)
            bound = bound_after(data, trial, now, members, changed, lam, saved, terms, scratch)
            hope = bound >= needed - SLACK
        if hope:
            got = fit(data, trial, members, order, work, TOLERANCE, level + needed)
            if got - level >= needed:
                for c in range(K + 1):
                    now[c] = trial[c]
                level = got
                stale = True
                accepted += 1
                if level > best_level:
                    best_level = level
                    for c in range(K + 1):
                        best[c] = now[c]
        if step >= burn and (step - burn) % thin == 0:
            at = (step - burn) // thin
            for c in range(K + 1):
                out[at, c] = now[c]
            value[at] = level
    return accepted / steps, best_level
