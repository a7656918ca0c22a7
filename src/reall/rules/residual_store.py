"""Memory for what is left of a table's diagram once some facts are read (`rules.residual`).

Nodes are numbered: first those of the table's own diagram, then *residual* ones, which appear while rows are read and
are shared, so that two rows with the same open question end at the same node. All room is taken at once; pages that
nothing is written to cost no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reall.base.errors import InvalidKnowledge
from reall.rules.diagram import Diagrams
from reall.rules.table import IMPOSSIBLE, Compiled, KnowledgeBase

NODES, PARTS, PLACES, TICK, FRESH, FULL = range(6)
"""Places in `Store.used`: how much is in use, the current visit, roots not yet numbered, and whether room ran out."""
UNSEEN, WAITING = -1, -2
"""In `Store.number`: a root that no row has reached, and one that waits for the number of its answer."""
ROOM = 120_000
"""Residual nodes kept; room for their parts and steps is in proportion."""
_PARTS_PER_NODE, _STEPS_PER_NODE, _MOST_FRESH = 4, 8, 1 << 12
FACT_BITS = 7
"""A state of a walk is a place in `Store.steps`, or a node, and the fact that is read there in this many bits."""
_BITS = 64


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


def store_for(base: KnowledgeBase, compiled: Compiled, room: int = ROOM) -> Store:
    """Take room for a table's residual nodes and write its own diagram down; node 0 is its root.

    Raises `InvalidKnowledge` for a table whose outcomes, or a fact whose cells, are more than the bits of a number.
    """
    d, asked = base.diagrams, compiled.asked
    leaves = d.leaves_below(compiled.outcome)
    asking = [node for _, nodes in sorted(d.nodes_by_level(compiled.outcome).items()) for node in nodes]
    nodes = [*asking, *leaves]
    number = {node: i for i, node in enumerate(nodes)}
    place = {at: i for i, at in enumerate(asked)} | {d.leaf_level: len(asked)}
    parts = [(cell, number[child]) for node in nodes for cell, child in enumerate(d.children[node])]
    cells = max((d.sizes[at] for at in asked), default=0)
    if max(len(leaves), cells) > _BITS or len(asked) >= 1 << FACT_BITS:
        raise InvalidKnowledge(
            "the table has too many outcomes, facts or cells for a registry", where=compiled.table.id
        )
    store = _empty(len(nodes), len(parts), len(asked), cells, room)
    store = store._replace(own=len(nodes), impossible=number.get(d.leaf(IMPOSSIBLE), -1))
    store.level[: store.own] = store.next_fact[: store.own] = [place[d.level[node]] for node in nodes]
    store.first[1 : store.own + 1] = np.cumsum([len(d.children[node]) for node in nodes])
    store.cells[: len(parts)] = [1 << cell for cell, _ in parts]
    store.child[: len(parts)] = [child for _, child in parts]
    store.bits[: store.own] = _leaves_below(d, asking, leaves)
    store.direct[:] = [at in compiled.direct for at in asked]
    forget(store)
    return store


def _leaves_below(diagrams: Diagrams, asking: Sequence[int], leaves: Sequence[int]) -> list[int]:
    """Give the leaves below each node, as bits; `asking` lists every node before those below it."""
    bits = {leaf: 1 << i for i, leaf in enumerate(leaves)}
    for node in reversed(asking):
        bits[node] = 0
        for child in set(diagrams.children[node]):
            bits[node] |= bits[child]
    return [bits[node] for node in (*asking, *leaves)]


def _empty(own: int, own_parts: int, facts: int, cells: int, room: int) -> Store:
    nodes, parts, steps = own + room, own_parts + _PARTS_PER_NODE * room + cells, _STEPS_PER_NODE * room
    if max(nodes, steps) >= 1 << (31 - FACT_BITS):
        raise MemoryError(f"no room for {nodes:,} residual nodes")

    def ints(count: int) -> NDArray[np.int32]:
        return np.zeros(count, dtype=np.int32)

    return Store(
        used=np.zeros(FULL + 1, dtype=np.int64),
        level=np.zeros(nodes, dtype=np.int16),
        next_fact=np.zeros(nodes, dtype=np.int16),
        bits=np.zeros(nodes, dtype=np.uint64),
        first=ints(nodes + 1),
        cells=np.zeros(parts, dtype=np.uint64),
        child=ints(parts),
        possible=ints(nodes),
        number=ints(nodes),
        slots=ints(1 << (2 * nodes - 1).bit_length()),
        place=ints(nodes),
        steps=ints(steps),
        stamp=np.zeros(nodes, dtype=np.int64),
        value=ints(nodes),
        stack=ints(nodes + parts),
        fresh=ints(_MOST_FRESH),
        order=np.zeros((_MOST_FRESH, facts), dtype=np.int16),
        missing=np.zeros(_MOST_FRESH, dtype=np.int16),
        direct=np.zeros(facts, dtype=np.bool_),
        left=np.zeros((facts, cells + 1), dtype=np.uint64),
        idle=np.zeros(facts, dtype=np.bool_),
        telling=np.zeros(facts, dtype=np.bool_),
        shares=np.zeros(facts),
        sizes=np.zeros(facts),
        own=own,
        impossible=-1,
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
