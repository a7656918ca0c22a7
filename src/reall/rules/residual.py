"""What is left of a diagram once facts are read: its residual, as a shared diagram again.

The residual by a fact is what the derivative by a letter is to an expression (Brzozowski, 1964): it asks the facts that
are still to be read, and keeps, above them, those read facts that may lie in several cells. At the end a residual is a
leaf, or the row's open question. Equal residuals are one node, so that rows share them.

A read fact whose answers tell nothing but the possible from the impossible cannot become a missing fact, and has no
part in ranking the others: it is left out (`settle`). Otherwise every known age, say, would make questions of its own
wherever the other age is missing.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings.
# mypy: disable-error-code="no-untyped-def,no-any-return"

from __future__ import annotations

import numpy as np

from reall.rules.compiled import inner
from reall.rules.residual_store import NODES, PARTS, TICK, UNSEEN

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_NONE, _ONE = np.uint64(0), np.uint64(1)


@inner
def put(store, count, cells, child):
    """Write a part of the node to come behind all nodes, after `count` others; equal children are one part.

    Gives the new count. Parts stay in the order of their first cell, so that equal nodes are written alike.
    """
    start = store.used[PARTS]
    for i in range(start, start + count):
        if store.child[i] == child:
            store.cells[i] |= cells
            return count
    store.cells[start + count] = cells
    store.child[start + count] = child
    return count + 1


@inner
def share(store, level, count):
    """Give the node at a level whose parts are put; -1 where there is no room.

    None is made where the answer does not matter. Cost: a look-up.
    """
    cells, child, first, slots = store.cells, store.child, store.first, store.slots
    start = store.used[PARTS]
    if count == 1:
        return np.int64(child[start])
    mixed = np.uint64(level)
    for i in range(start, start + count):
        mixed = (mixed ^ (cells[i] << _HALF) ^ np.uint64(child[i])) * _MIX
        mixed ^= mixed >> _HALF
    last_slot = len(slots) - 1
    slot = np.int64(mixed) & last_slot
    while slots[slot] != 0:
        node = np.int64(slots[slot])
        begin = first[node]
        if store.level[node] == level and first[node + 1] - begin == count:
            i = 0
            while i < count and child[begin + i] == child[start + i] and cells[begin + i] == cells[start + i]:
                i += 1
            if i == count:
                return node
        slot = (slot + 1) & last_slot
    return _add(store, level, count, slot)


@inner
def _add(store, level, count, slot):
    """Take the parts that are put as a node, found at a slot from now on; -1 where there is no room."""
    node, start = store.used[NODES], store.used[PARTS]
    most_cells = store.left.shape[1]
    if node + 1 >= len(store.level) or start + count + most_cells > len(store.child):
        return np.int64(-1)
    bits = _NONE
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
    store.place[node] = 0
    store.first[node + 1] = start + count
    store.slots[slot] = node
    store.used[NODES] += 1
    store.used[PARTS] += count
    return node


@inner
def narrow(store, root, fact, cell, cells):
    """Give the residual of a residual once its next fact is read; -1 where there is no room.

    `cell` is the fact's only cell, or -1 where it may lie in several `cells` (bits). Cost: the nodes above the facts
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
            value[node] = _rebuilt(store, node, tick)
        elif stamp[node] == tick:
            continue
        elif node < store.own:
            stamp[node] = tick
            value[node] = _answered(store, node, cell, cells)
        else:
            stamp[node] = tick
            stack[left] = -1 - node
            left += 1
            for i in range(store.first[node], store.first[node + 1]):
                below = store.child[i]
                if store.next_fact[below] == fact and stamp[below] != tick:
                    stack[left] = below
                    left += 1
            continue
        if value[node] < 0:
            return np.int64(-1)
    return np.int64(value[root])


@inner
def _answered(store, node, cell, cells):
    """Give what a node of the table's own diagram leaves when the fact that it asks is read."""
    first = store.first[node]
    if cell >= 0:
        return np.int64(store.child[first + cell])
    count = 0
    at = 0
    while cells != _NONE:
        if cells & _ONE:
            count = put(store, count, _ONE << np.uint64(at), store.child[first + at])
        cells >>= _ONE
        at += 1
    return share(store, store.level[node], count)


@inner
def _rebuilt(store, node, tick):
    """Give a residual node with those of its parts replaced that this visit (`tick`) has a value for."""
    count = 0
    for i in range(store.first[node], store.first[node + 1]):
        below = store.child[i]
        if store.stamp[below] == tick:
            below = store.value[below]
        count = put(store, count, store.cells[i], below)
    return share(store, store.level[node], count)


@inner
def settle(store, root):
    """Leave out the read facts that only tell the possible from the impossible; -1 where there is no room.

    A fact goes where each of its nodes has one child that is possible. Leaving one out may make others superfluous.
    `root` may be -1 already.
    """
    while root >= store.own and store.impossible >= 0 and _find_idle(store, root):
        root = _without_idle(store, root)
    return root


@inner
def _find_idle(store, root):
    """Mark in `store.idle` the read facts that tell nothing but the impossible; say whether there are any."""
    stack, stamp, idle, telling = store.stack, store.stamp, store.idle, store.telling
    idle[:] = False
    telling[:] = False
    store.used[TICK] += 1
    tick = store.used[TICK]
    stamp[root] = tick
    stack[0] = root
    left = 1
    while left:
        left -= 1
        node = np.int64(stack[left])
        level = store.level[node]
        possible = 0
        for i in range(store.first[node], store.first[node + 1]):
            below = np.int64(store.child[i])
            if below == store.impossible:
                idle[level] = True
                continue
            possible += 1
            if below >= store.own and stamp[below] != tick:
                stamp[below] = tick
                stack[left] = below
                left += 1
        telling[level] |= possible > 1
    found = False
    for level in range(len(idle)):
        idle[level] &= not telling[level]
        found |= idle[level]
    return found


@inner
def _without_idle(store, root):
    """Rebuild a residual without the facts marked in `store.idle`; -1 where there is no room."""
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
            value[node] = _only_possible(store, node) if store.idle[store.level[node]] else _rebuilt(store, node, tick)
            if value[node] < 0:
                return np.int64(-1)
        elif stamp[node] != tick:
            stamp[node] = tick
            stack[left] = -1 - node
            left += 1
            for i in range(store.first[node], store.first[node + 1]):
                below = store.child[i]
                if below >= store.own and stamp[below] != tick:
                    stack[left] = below
                    left += 1
    return np.int64(value[root])


@inner
def _only_possible(store, node):
    """Give the one child that is possible, as rebuilt."""
    for i in range(store.first[node], store.first[node + 1]):
        below = np.int64(store.child[i])
        if below != store.impossible:
            return np.int64(store.value[below]) if below >= store.own else below
    return np.int64(store.impossible)
