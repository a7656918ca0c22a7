"""The facts that an open question still asks, the most decisive first: `evaluate.ranked_questions` for many rows.

The order is defined there; here the outcomes left by each possible answer come from one pass over the question.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings.
# mypy: disable-error-code="no-untyped-def,no-any-return"

from __future__ import annotations

import numpy as np

from reall.rules.compiled import inner
from reall.rules.residual import put, share
from reall.rules.residual_store import TICK

_NONE, _ONE = np.uint64(0), np.uint64(1)


@inner
def rank(store, root, place):
    """Write the missing facts of a question into line `place` of `store.order`. Gives False where there is no room."""
    possible = possible_part(store, root)
    if possible < 0:
        return False
    order = store.order[place]
    count = _asked_below(store, possible, order)
    if count:
        _outcomes_left(store, root)
    impossible = store.bits[store.impossible] if store.impossible >= 0 else _NONE
    shares, sizes = store.shares, store.sizes
    for i in range(count):
        fact = order[i]
        shares[i], sizes[i] = _decisiveness(store.left[fact], ~impossible)
        _sort_in(store, order, i)
    store.missing[place] = count
    return True


@inner
def possible_part(store, root):
    """Give a question without the completions that background rules out; -1 where there is no room."""
    stack, possible = store.stack, store.possible
    facts = store.left.shape[0]
    stack[0] = root
    left = 1
    while left:
        node = np.int64(stack[left - 1])
        if possible[node] >= 0:
            left -= 1
            continue
        if store.level[node] == facts:
            possible[node] = node
            continue
        waiting = left
        for i in range(store.first[node], store.first[node + 1]):
            if possible[store.child[i]] < 0:
                stack[left] = store.child[i]
                left += 1
        if left == waiting:
            possible[node] = _without_impossible(store, node)
            if possible[node] < 0:
                return np.int64(-1)
    return np.int64(possible[root])


@inner
def _without_impossible(store, node):
    count = 0
    for i in range(store.first[node], store.first[node + 1]):
        below = store.possible[store.child[i]]
        if below != store.impossible:
            count = put(store, count, store.cells[i], below)
    if count == 0:
        return np.int64(store.impossible)
    return share(store, store.level[node], count)


@inner
def _asked_below(store, root, order):
    """List the facts that a question asks anywhere, ascending; give how many there are."""
    stack, stamp = store.stack, store.stamp
    facts = store.left.shape[0]
    store.used[TICK] += 1
    tick = store.used[TICK]
    asked = store.telling
    asked[:] = False
    stack[0] = root
    left = 1
    while left:
        left -= 1
        node = np.int64(stack[left])
        if stamp[node] == tick or store.level[node] == facts:
            continue
        stamp[node] = tick
        asked[store.level[node]] = True
        for i in range(store.first[node], store.first[node + 1]):
            stack[left] = store.child[i]
            left += 1
    count = 0
    for fact in range(facts):
        if asked[fact]:
            order[count] = fact
            count += 1
    return count


@inner
def _outcomes_left(store, root):
    """Write into `store.left`, by fact and cell, the outcomes that remain once the fact lies in the cell.

    The last column collects what remains whatever the fact's answer is: ways that never ask it.
    """
    stack, stamp, table = store.stack, store.stamp, store.left
    facts, always = table.shape[0], table.shape[1] - 1
    table[:] = _NONE
    store.used[TICK] += 1
    tick = store.used[TICK]
    stack[0] = root
    left = 1
    while left:
        left -= 1
        node = np.int64(stack[left])
        if stamp[node] == tick or store.level[node] == facts:
            continue
        stamp[node] = tick
        level = np.int64(store.level[node])
        for i in range(store.first[node], store.first[node + 1]):
            below = store.child[i]
            bits = store.bits[below]
            cells, cell = store.cells[i], 0
            while cells != _NONE:
                if cells & _ONE:
                    table[level, cell] |= bits
                cells >>= _ONE
                cell += 1
            for passed in range(level + 1, store.level[below]):
                table[passed, always] |= bits
            stack[left] = below
            left += 1


@inner
def _decisiveness(left, possible):
    """Give the share of a fact's answers that settle the question, and the mean number of outcomes they leave."""
    always = len(left) - 1
    different = 0
    single = 0
    total = 0
    for cell in range(always):
        if left[cell] == _NONE:
            continue
        left[cell] = (left[cell] | left[always]) & possible
        seen = left[cell] == _NONE
        for before in range(cell):
            seen |= left[before] == left[cell]
        if not seen:
            size = _count(left[cell])
            different += 1
            single += size == 1
            total += size
    return single / different, total / different


@inner
def _count(bits):
    count = 0
    while bits != _NONE:
        bits &= bits - _ONE
        count += 1
    return count


@inner
def _sort_in(store, order, last):
    """Move the last of some facts to its place among those before it, which are sorted."""
    shares, sizes = store.shares, store.sizes
    fact, share_of_last, size = order[last], shares[last], sizes[last]
    i = last
    while i > 0:
        before = i - 1
        if store.direct[fact] != store.direct[order[before]]:
            comes_first = store.direct[fact]
        elif share_of_last != shares[before]:
            comes_first = share_of_last > shares[before]
        else:
            comes_first = size < sizes[before]
        if not comes_first:
            break
        order[i], shares[i], sizes[i] = order[before], shares[before], sizes[before]
        i = before
    order[i], shares[i], sizes[i] = fact, share_of_last, size
