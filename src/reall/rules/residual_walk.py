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
from reall.rules.residual import narrow, settle
from reall.rules.residual_ranking import rank
from reall.rules.residual_store import FRESH, FULL, STEPS, UNSEEN, WAITING

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_NONE = np.uint64(0)
_MEANINGS = np.int64(1 << 24)


class Reading(NamedTuple):
    """How rows say what they know of a table's facts; typed loosely, as numba reads the arrays.

    `columns` (facts of the batch, rows) holds codes; `column[f]` is the line of fact f. `meaning[offset[f] + code]` is
    the only cell that is left, or -1 - m for several cells, the bits of `many[m]`.
    """

    columns: Any
    column: Any
    offset: Any
    meaning: Any
    many: Any


@kernel
def walk(store, reading, begin, last):
    """Read rows from `begin` on; write into `last` the residual at which each ends. Gives the row where room runs out.

    New open questions are listed in `store.fresh`, with their missing facts; the caller numbers them before it goes on.
    Cost per row: a look-up per fact that still matters to it.
    """
    # Taken out of their tuples once: inside the loop that would be done for every row.
    next_fact, first, child, number, own = store.next_fact, store.first, store.child, store.number, store.own
    columns, column, offset, meanings = reading.columns, reading.column, reading.offset, reading.meaning
    keys, values = store.keys, store.values
    facts = len(column)
    for row in range(begin, len(last)):
        node = np.int64(0)
        fact = np.int64(next_fact[0])
        while fact < facts:
            meaning = np.int64(meanings[offset[fact] + columns[column[fact], row]])
            if node < own and meaning >= 0:
                node = np.int64(child[first[node] + meaning])
            else:
                slot = _slot(keys, node, meaning)
                if keys[slot] == 0 and not _step(store, reading, slot, node, fact, meaning):
                    store.used[FULL] = 1
                    return row
                node = np.int64(values[slot])
            fact = np.int64(next_fact[node])
        last[row] = node
        if number[node] == UNSEEN:
            place = store.used[FRESH]
            if place == len(store.fresh):
                return row
            if not rank(store, node, place):
                store.used[FULL] = 1
                return row
            number[node] = WAITING
            store.fresh[place] = node
            store.used[FRESH] += 1
    return len(last)


@inner
def _key(node, meaning):
    return (node + 1) * _MEANINGS + meaning


@inner
def _slot(keys, node, meaning):
    """Find where the step from a node is kept, or the empty place for it."""
    key = _key(node, meaning)
    last_slot = len(keys) - 1
    mixed = np.uint64(key) * _MIX
    slot = np.int64(mixed ^ (mixed >> _HALF)) & last_slot
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + 1) & last_slot
    return slot


@inner
def _step(store, reading, slot, node, fact, meaning):
    """Work a step out and keep it; False where there is no room."""
    if 2 * store.used[STEPS] >= len(store.keys):
        return False
    cells = reading.many[-1 - meaning] if meaning < 0 else _NONE
    found = narrow(store, node, fact, max(meaning, -1), cells)
    if found >= 0:
        found = settle(store, found)
    if found < 0:
        return False
    store.keys[slot] = _key(node, meaning)
    store.values[slot] = found
    store.used[STEPS] += 1
    return True
