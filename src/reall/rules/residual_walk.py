"""Reads the rows of a registry against one table's diagram.

A residual and the cells of its next fact lead to the next residual, whatever else the row says; each such step is
worked out once and kept, so that almost every fact of a large registry costs one look-up.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings.
# mypy: disable-error-code="no-untyped-def,no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reall.rules.compiled import inner, kernel
from reall.rules.residual import narrow
from reall.rules.residual_ranking import rank
from reall.rules.residual_store import FRESH, FULL, STEPS, UNSEEN, WAITING

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_MEANINGS = np.int64(1 << 24)


class Reading(NamedTuple):
    """How rows say what they know of a table's facts; typed loosely, as numba reads the arrays.

    `columns` (facts of the batch, rows) holds codes; `column[f]` is the line of fact f. `meaning[offset[f] + code]` is
    the only cell that is left, or -1 - m for the cells `many_cells[many[m]:many[m + 1]]`.
    """

    columns: Any
    column: Any
    offset: Any
    meaning: Any
    many: Any
    many_cells: Any


@kernel
def walk(store, reading, begin, last):
    """Read rows from `begin` on; write into `last` the residual at which each ends. Gives the row where room runs out.

    New open questions are listed in `store.fresh`, with their missing facts; the caller numbers them before it goes on.
    Cost per row: a look-up per fact that still matters to it.
    """
    facts = store.left.shape[0]
    for row in range(begin, len(last)):
        node = np.int64(0)
        fact = np.int64(store.next_fact[0])
        while fact < facts:
            meaning = np.int64(reading.meaning[reading.offset[fact] + reading.columns[reading.column[fact], row]])
            if node < store.own and meaning >= 0:
                node = np.int64(store.child[store.first[node] + meaning])
            else:
                node = _step(store, reading, node, fact, meaning)
                if node < 0:
                    store.used[FULL] = 1
                    return row
            fact = np.int64(store.next_fact[node])
        last[row] = node
        if store.number[node] == UNSEEN:
            place = store.used[FRESH]
            if place == len(store.fresh):
                return row
            if not rank(store, node, place):
                store.used[FULL] = 1
                return row
            store.number[node] = WAITING
            store.fresh[place] = node
            store.used[FRESH] += 1
    return len(last)


@inner
def _step(store, reading, node, fact, meaning):
    """Give the residual of a node by its next fact, worked out or looked up; -1 where there is no room."""
    keys = store.keys
    key = (node + 1) * _MEANINGS + meaning
    last_slot = len(keys) - 1
    mixed = np.uint64(key) * _MIX
    slot = np.int64(mixed ^ (mixed >> _HALF)) & last_slot
    while keys[slot] != key:
        if keys[slot] == 0:
            if 2 * store.used[STEPS] >= len(keys):
                return np.int64(-1)
            found = narrow(store, reading, node, fact, meaning)
            if found >= 0:
                keys[slot] = key
                store.values[slot] = found
                store.used[STEPS] += 1
            return found
        slot = (slot + 1) & last_slot
    return np.int64(store.values[slot])
