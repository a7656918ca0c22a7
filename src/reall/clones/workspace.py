"""Memory for the kernels, made here rather than inside them: each kind of allocation that numba compiles costs the
first call after installation a third of a second."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# What the passes of a fit keep per node and sample, as rows of `Space.work`; the last four use node 0 alone.
PHI, ETA, LAM, INV, SHIFT, PULL, REST, SLOPE, CURVE, PRICE, MU, BY_ETA, BY_LAM, GAP = range(14)
WORK_ROWS = 14
# Rows of `Space.order`: nodes from the root on, and what is needed to find them.
ORDER, PLACED, STACK = range(3)
ORDER_ROWS = 3
SCRATCH_ROWS = 9
# The most nodes that one move makes to gain or lose a child.
MOST_CHANGED = 4


class Space(NamedTuple):
    """What every search over trees of K clusters in S samples needs; typed loosely, as numba reads the arrays.

    `work` (WORK_ROWS, K + 1, S), `order` (ORDER_ROWS, K + 1), `saved` (MOST_CHANGED, S), `scratch` (SCRATCH_ROWS, S),
    `changed` (MOST_CHANGED,), `trial` (K + 1,) a tree, `members` (K,) all clusters.
    """

    work: Any
    order: Any
    saved: Any
    scratch: Any
    changed: Any
    trial: Any
    members: Any


class Moves(NamedTuple):
    """A fitted tree and the list of its moves.

    `lam` (K + 1, S) prices, `terms` (K + 1,), `table` (K + 1, K + 1) of bounds; one place per move in `gain`, `kind`,
    `first`, `second`; `inherit` and `children` (K + 1,).
    """

    lam: Any
    terms: Any
    table: Any
    gain: Any
    kind: Any
    first: Any
    second: Any
    inherit: Any
    children: Any


def space_for(clusters: int, samples: int) -> Space:
    """Make the space of one run."""
    return Space(
        work=np.zeros((WORK_ROWS, clusters + 1, samples)),
        order=np.zeros((ORDER_ROWS, clusters + 1), dtype=np.int64),
        saved=np.empty((MOST_CHANGED, samples)),
        scratch=np.empty((SCRATCH_ROWS, samples)),
        changed=np.full(MOST_CHANGED, -1, dtype=np.int64),
        trial=np.empty(clusters + 1, dtype=np.int64),
        members=np.arange(1, clusters + 1),
    )


def moves_for(clusters: int, samples: int) -> Moves:
    """Make room for the moves of one tree."""
    places = 2 * clusters * clusters + clusters + clusters * (clusters - 1) // 2 + 1
    return Moves(
        lam=np.zeros((clusters + 1, samples)),
        terms=np.zeros(clusters + 1),
        table=np.zeros((clusters + 1, clusters + 1)),
        gain=np.empty(places),
        kind=np.empty(places, dtype=np.int64),
        first=np.empty(places, dtype=np.int64),
        second=np.empty(places, dtype=np.int64),
        inherit=np.zeros(clusters + 1),
        children=np.zeros(clusters + 1, dtype=np.int64),
    )
