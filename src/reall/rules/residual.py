"""What is left of a diagram once facts are read: its residual, as a shared diagram again.

The residual by a fact is what the derivative by a letter is to an expression (Brzozowski, 1964): it asks the facts that
are still to be read, and keeps, above them, those read facts that may lie in several cells. At the end a residual is a
leaf, or the row's open question. Equal residuals are one node, so that rows share them.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings.
# mypy: disable-error-code="no-untyped-def,no-any-return"

from __future__ import annotations

import numpy as np

from reall.rules.compiled import inner
from reall.rules.residual_store import NODES, PARTS, TICK, UNSEEN

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@inner
def share(store, level, count):
    """Give the node with this level whose `count` parts are written behind all others; -1 where there is no room.

    None is made where the answer does not matter. Cost: a look-up.
    """
    cell, child, first = store.cell, store.child, store.first
    start = store.used[PARTS]
    alike = True
    mixed = np.uint64(level)
    for i in range(start, start + count):
        alike &= child[i] == child[start]
        mixed = (mixed ^ (np.uint64(cell[i]) << _HALF) ^ np.uint64(child[i])) * _MIX
        mixed ^= mixed >> _HALF
    if alike:
        return np.int64(child[start])
    slots = store.slots
    last_slot = len(slots) - 1
    slot = np.int64(mixed) & last_slot
    while slots[slot] != 0:
        node = np.int64(slots[slot])
        if store.level[node] == level and first[node + 1] - first[node] == count:
            i = 0
            while i < count and child[first[node] + i] == child[start + i] and cell[first[node] + i] == cell[start + i]:
                i += 1
            if i == count:
                return node
        slot = (slot + 1) & last_slot
    return _add(store, level, count, slot)


@inner
def _add(store, level, count, slot):
    """Take the parts behind all others as a node, found at a slot from now on; -1 where there is no room."""
    node, start = store.used[NODES], store.used[PARTS]
    most_cells = store.left.shape[1]
    if node + 1 >= len(store.level) or start + count + most_cells > len(store.child):
        return np.int64(-1)
    bits = np.uint64(0)
    next_fact = np.int64(store.left.shape[0])
    for i in range(start, start + count):
        below = store.child[i]
        bits |= store.bits[below]
        next_fact = min(next_fact, np.int64(store.next_fact[below]))
    store.level[node] = level
    store.next_fact[node] = next_fact
    store.bits[node] = bits
    store.possible[node] = -1
    store.number[node] = UNSEEN
    store.first[node + 1] = start + count
    store.slots[slot] = node
    store.used[NODES] += 1
    store.used[PARTS] += count
    return node


@inner
def narrow(store, reading, root, fact, meaning):
    """Give the residual of a residual once its next fact is read; -1 where there is no room.

    `meaning` is the fact's only cell, or -1 - m for the cells in line m of `reading`. Cost: the nodes above the facts
    that are still to be read; each is visited once, after those below it.
    """
    stack, stamp, value = store.stack, store.stamp, store.value
    store.used[TICK] += 1
    tick = store.used[TICK]
    stack[0] = root
    left = 1
    while left:
        left -= 1
        node = np.int64(stack[left])
        if node < 0:
            node = -1 - node
            value[node] = _rebuilt(store, node, fact)
        elif stamp[node] != tick:
            stamp[node] = tick
            if node < store.own:
                value[node] = _answered(store, reading, node, meaning)
            else:
                stack[left] = -1 - node
                left += 1
                for i in range(store.first[node], store.first[node + 1]):
                    below = store.child[i]
                    if store.next_fact[below] == fact and stamp[below] != tick:
                        stack[left] = below
                        left += 1
                continue
        else:
            continue
        if value[node] < 0:
            return np.int64(-1)
    return np.int64(value[root])


@inner
def _answered(store, reading, node, meaning):
    """Give what a node of the table's own diagram leaves when the fact that it asks is read."""
    first = store.first[node]
    if meaning >= 0:
        return np.int64(store.child[first + meaning])
    start = store.used[PARTS]
    begin, end = reading.many[-1 - meaning], reading.many[-meaning]
    for i in range(begin, end):
        cell = reading.many_cells[i]
        store.cell[start + i - begin] = cell
        store.child[start + i - begin] = store.child[first + cell]
    return share(store, store.level[node], end - begin)


@inner
def _rebuilt(store, node, fact):
    """Give a residual node with its new parts, which `value` holds."""
    start = store.used[PARTS]
    begin, end = store.first[node], store.first[node + 1]
    for i in range(begin, end):
        below = store.child[i]
        store.cell[start + i - begin] = store.cell[i]
        store.child[start + i - begin] = store.value[below] if store.next_fact[below] == fact else below
    return share(store, store.level[node], end - begin)
