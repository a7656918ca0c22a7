"""Memory for what is left of a table's diagram once some facts are read (`rules.residual`).

Nodes are numbered: first those of the table's own diagram, then *residual* ones, which appear while rows are read and
are shared, so that two rows with the same open question end at the same node. All room is taken at once; pages that
nothing is written to cost no memory. There is always room for one more row once everything is forgotten: each fact
read adds at most as many nodes as the diagram has, and so does leaving the impossible out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from reall.rules.diagram import Diagrams

NODES, PARTS, PLACES, TICK, FRESH, FULL = range(6)
"""Places in `Store.used`: how much is in use, the current visit, roots not yet numbered, and whether room ran out."""
UNSEEN, WAITING = -1, -2
"""In `Store.number`: a root that no row has reached, and one that waits for the number of its answer."""
_LEAST_NODES, _MOST_STEPS, _MOST_FRESH = (1 << 17) - 1, 1 << 20, 1 << 12
_PARTS_PER_NODE = 4


class Store(NamedTuple):
    """One table's nodes and steps; typed loosely, as numba reads the arrays.

    Per node: `level`, the fact that it asks (by place among the table's facts; their count for a leaf); `next_fact`,
    the first fact asked below it that is not read yet; `bits`, the leaves below; its parts, `first[n]` to
    `first[n + 1]` of `cells` (bits) and `child`; `possible`, the same node without the impossible (-1 unknown);
    `number`, of its answer.
    `slots` finds nodes by their parts. `place` is where the steps from a node are kept in `steps`. `stamp`, `value` and
    `stack` serve one visit. `fresh` lists roots to be numbered, with `order` and `missing`, their missing facts.
    `own` counts the nodes of the diagram; `impossible` is the leaf that background rules out.
    """

    used: Any
    level: Any
    next_fact: Any
    bits: Any
    first: Any
    cells: Any
    child: Any
    possible: Any
    number: Any
    slots: Any
    place: Any
    steps: Any
    stamp: Any
    value: Any
    stack: Any
    fresh: Any
    order: Any
    missing: Any
    direct: Any
    left: Any
    idle: Any
    telling: Any
    shares: Any
    sizes: Any
    own: int
    impossible: int


def store_for(diagrams: Diagrams, root: int, asked: Sequence[int], direct: frozenset[int], impossible: int) -> Store:
    """Take room for a table's diagram and write it down; node 0 is its root. `direct`: see `Compiled`."""
    leaves = diagrams.leaves_below(root)
    asking = [node for _, nodes in sorted(diagrams.nodes_by_level(root).items()) for node in nodes]
    nodes = [*asking, *leaves]
    number = {node: i for i, node in enumerate(nodes)}
    place = {at: i for i, at in enumerate(asked)} | {diagrams.leaf_level: len(asked)}
    parts = [(cell, number[child]) for node in nodes for cell, child in enumerate(diagrams.children[node])]
    store = _empty(len(nodes), len(parts), len(asked), max(diagrams.sizes, default=1), number.get(impossible, -1))
    own = len(nodes)
    store.level[:own] = store.next_fact[:own] = [place[diagrams.level[node]] for node in nodes]
    store.first[1 : own + 1] = np.cumsum([len(diagrams.children[node]) for node in nodes])
    store.cells[: len(parts)] = [1 << cell for cell, _ in parts]
    store.child[: len(parts)] = [child for _, child in parts]
    store.bits[len(asking) : own] = [1 << i for i in range(len(leaves))]
    for n in reversed(range(len(asking))):
        store.bits[n] = np.bitwise_or.reduce(store.bits[store.child[store.first[n] : store.first[n + 1]]])
    store.direct[:] = [at in direct for at in asked]
    forget(store)
    return store


def _empty(own: int, parts: int, facts: int, cells: int, impossible: int) -> Store:
    most = max(_LEAST_NODES, (facts + 2) * own) + 1
    most_parts = max(_PARTS_PER_NODE * most, (facts + 2) * parts) + cells + 1
    slots = 1 << (2 * most - 1).bit_length()
    return Store(
        used=np.zeros(FULL + 1, dtype=np.int64),
        level=np.zeros(most, dtype=np.int16),
        next_fact=np.zeros(most, dtype=np.int16),
        bits=np.zeros(most, dtype=np.uint64),
        first=np.zeros(most + 1, dtype=np.int32),
        cells=np.zeros(most_parts, dtype=np.uint64),
        child=np.zeros(most_parts, dtype=np.int32),
        possible=np.zeros(most, dtype=np.int32),
        number=np.zeros(most, dtype=np.int32),
        slots=np.zeros(slots, dtype=np.int32),
        place=np.zeros(most, dtype=np.int32),
        steps=np.zeros(_MOST_STEPS, dtype=np.int32),
        stamp=np.zeros(most, dtype=np.int64),
        value=np.zeros(most, dtype=np.int32),
        stack=np.zeros(most + most_parts, dtype=np.int32),
        fresh=np.zeros(_MOST_FRESH, dtype=np.int32),
        order=np.zeros((_MOST_FRESH, facts), dtype=np.int16),
        missing=np.zeros(_MOST_FRESH, dtype=np.int16),
        direct=np.zeros(facts, dtype=np.bool_),
        left=np.zeros((facts, cells + 1), dtype=np.uint64),
        idle=np.zeros(facts, dtype=np.bool_),
        telling=np.zeros(facts, dtype=np.bool_),
        shares=np.zeros(facts),
        sizes=np.zeros(facts),
        own=own,
        impossible=impossible,
    )


def forget(store: Store) -> None:
    """Keep the diagram only; what rows made of it is worked out anew."""
    if store.used[PLACES]:
        store.slots[:] = 0
        store.steps[: store.used[PLACES]] = 0
    store.place[: store.own] = 0
    store.possible[: store.own] = -1
    store.number[: store.own] = UNSEEN
    store.used[[NODES, PARTS, PLACES, FRESH, FULL]] = store.own, store.first[store.own], 1, 0, 0
