"""Local moves on a tree: which there are, what each changes, and a first bound on what it gains.

A tree is a vector `parents` (K + 1,) with `parents[k]` the parent of node k and -1 for the root and for unplaced nodes.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

from reall.clones.compiled import inner
from reall.clones.screening import edge_table
from reall.clones.workspace import LAM

# A branch goes under another node; a node goes alone, its children staying with its parent; a node changes places with
# its parent; two clusters exchange their places.
BRANCH, ALONE, WITH_PARENT, EXCHANGE = range(4)


@inner
def is_below(parents, node, above):
    """Say whether `above` is `node` or one of its ancestors."""
    while node >= 0:
        if node == above:
            return True
        node = parents[node]
    return False


@inner
def _exchanged(parents, c, u, k):
    """Parent of c after the clusters u and k have exchanged their places."""
    place = k if c == u else (u if c == k else c)
    q = parents[place]
    return k if q == u else (u if q == k else q)


@inner
def apply_move(parents, kind, u, k, trial):
    """Write the tree after a move into `trial`."""
    for c in range(parents.shape[0]):
        trial[c] = parents[c]
        if kind == 1 and parents[c] == u:
            trial[c] = parents[u]
        if kind == 3 and c > 0:
            trial[c] = _exchanged(parents, c, u, k)
    if kind in (0, 1):
        trial[u] = k
    elif kind == 2:
        trial[u] = parents[k]
        trial[k] = u


@inner
def changed_nodes(parents, kind, u, k, changed):
    """List the nodes whose children a move changes, -1 after the last."""
    changed[0] = k
    changed[1] = parents[k] if kind == 2 else parents[u]
    changed[2] = u if kind > 0 else -1
    changed[3] = parents[k] if kind == 3 else -1
    if changed[1] == changed[0]:
        changed[1] = changed[2]
        changed[2] = changed[3]
        changed[3] = -1


@inner
def list_moves(parents, moves):
    """List every move of a tree with the bound on its gain from the edge table; `moves` is a `Moves`."""
    K = parents.shape[0] - 1
    _, _, table, gain, kind, first, second, inherit, children = moves
    for c in range(K + 1):
        inherit[c] = 0.0
        children[c] = 0
    for c in range(1, K + 1):
        p = parents[c]
        children[p] += 1
        if p > 0:
            inherit[p] += table[c, parents[p]] - table[c, p]
    n = 0
    for u in range(1, K + 1):
        p = parents[u]
        for k in range(K + 1):
            if k == u:
                continue
            there = table[u, k] - table[u, p]
            if k != p and not is_below(parents, k, u):
                gain[n], kind[n], first[n], second[n] = there, 0, u, k
                n += 1
            if children[u] > 0:
                gain[n], kind[n], first[n], second[n] = inherit[u] + there, 1, u, k
                n += 1
        if p > 0:
            g = parents[p]
            gain[n], kind[n], first[n], second[n] = table[u, g] - table[u, p] + table[p, u] - table[p, g], 2, u, p
            n += 1
        for k in range(u + 1, K + 1):
            total = 0.0
            for c in range(1, K + 1):
                total += table[c, _exchanged(parents, c, u, k)] - table[c, parents[c]]
            gain[n], kind[n], first[n], second[n] = total, 3, u, k
            n += 1
    return n


@inner
def price_tree(data, parents, members, work, moves, scratch):
    """Note prices, bounds and terms of the tree that was just fitted in `work`."""
    lam, terms, table = moves[:3]
    for c in range(lam.shape[0]):
        for s in range(lam.shape[1]):
            lam[c, s] = work[LAM, c, s]
    edge_table(data, members, lam, scratch, table)
    for c in range(1, lam.shape[0]):
        terms[c] = table[c, parents[c]]


@inner
def take_best(score, count):
    """Index and value of the largest of `score[:count]`, which is then crossed out; -1 when all are."""
    best = -1
    top = -1e299
    for i in range(count):
        if score[i] > top:
            top = score[i]
            best = i
    if best >= 0:
        score[best] = -1e300
    return best, top
