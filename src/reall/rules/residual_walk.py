"""Reads the rows of a registry against one table's diagram.

A residual and the cells of its next fact lead to the next residual, whatever else the row says; each such step is
worked out once and kept, so that almost every fact of a large registry costs one look-up (the automaton of the table's
diagram, made as far as rows ask for it).
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings.
# mypy: disable-error-code="no-untyped-def,no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reall.rules.compiled import inner, kernel
from reall.rules.residual import narrow, settle
from reall.rules.residual_ranking import rank
from reall.rules.residual_store import FACT_BITS, FRESH, FULL, PLACES, UNSEEN, WAITING

_FACT = (1 << FACT_BITS) - 1
_NO_ROOM = -1


class Reading(NamedTuple):
    """How rows say what they know of a table's facts; typed loosely, as numba reads the arrays.

    `columns` (facts of the batch, rows) holds codes; `column[f]` is the line of fact f, -1 where all rows say the same.
    `meaning[first_code[f] + code]` numbers the cell sets that this table tells apart; there are fewer than `room[f]`.
    Of number m, `cell[first_set[f] + m]` is the only cell, -1 where there are several, and `cells` its cells as bits.
    `known` holds one row's meanings.
    """

    columns: Any
    column: Any
    first_code: Any
    meaning: Any
    first_set: Any
    cell: Any
    cells: Any
    room: Any
    known: Any


@kernel
def walk(store, reading, begin, last):
    """Read rows from `begin` on; write into `last` the residual at which each ends. Gives the row where room runs out.

    New open questions are listed in `store.fresh`, with their missing facts; the caller numbers them before it goes on.
    Cost per row: its facts, and a look-up per fact that still matters to it.
    """
    # Taken out of their tuples once: inside the loop that would be done for every row.
    steps, number, known = store.steps, store.number, reading.known
    columns, column, first_code, meaning = reading.columns, reading.column, reading.first_code, reading.meaning
    facts = len(column)
    start = _past_constants(store, reading, _state(store, reading, np.int64(0)))
    if start == _NO_ROOM:
        store.used[FULL] = 1
        return begin
    for row in range(begin, len(last)):
        for fact in range(facts):
            if column[fact] >= 0:
                known[fact] = meaning[first_code[fact] + columns[column[fact], row]]
        state = start
        while state & _FACT != facts:
            place = (state >> FACT_BITS) + 1 + known[state & _FACT]
            after = np.int64(steps[place])
            if after == 0:
                after = _past_constants(store, reading, _after(store, reading, state, known[state & _FACT]))
                if after == _NO_ROOM:
                    store.used[FULL] = 1
                    return row
                steps[place] = after
            state = after
        node = state >> FACT_BITS
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
def _state(store, reading, node):
    """Give the state of a node, with places for the steps from it; no room is `_NO_ROOM`."""
    facts = len(reading.column)
    fact = np.int64(store.next_fact[node])
    if fact == facts:
        return (node << FACT_BITS) | fact
    if store.place[node] == 0:
        place = store.used[PLACES]
        if place + 1 + reading.room[fact] > len(store.steps):
            return np.int64(_NO_ROOM)
        store.used[PLACES] += 1 + reading.room[fact]
        store.steps[place] = node
        store.place[node] = place
    return (np.int64(store.place[node]) << FACT_BITS) | fact


@inner
def _after(store, reading, state, meaning):
    """Give the state after a step, worked out anew."""
    fact = state & _FACT
    known = reading.first_set[fact] + meaning
    node = np.int64(store.steps[state >> FACT_BITS])
    found = settle(store, narrow(store, node, fact, reading.cell[known], reading.cells[known]))
    return _state(store, reading, found) if found >= 0 else np.int64(_NO_ROOM)


@inner
def _past_constants(store, reading, state):
    """Go on as far as the next facts are the same in all rows."""
    facts = len(reading.column)
    while state != _NO_ROOM and state & _FACT != facts and reading.column[state & _FACT] < 0:
        meaning = np.int64(reading.meaning[reading.first_code[state & _FACT]])
        place = (state >> FACT_BITS) + 1 + meaning
        if store.steps[place] == 0:
            after = _after(store, reading, state, meaning)
            if after == _NO_ROOM:
                return after
            store.steps[place] = after
        state = np.int64(store.steps[place])
    return state
