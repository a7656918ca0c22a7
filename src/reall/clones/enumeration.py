"""Every tree whose likelihood comes near the best: exact posterior by branch and bound.

The clusters are placed one by one in a fixed sequence, at every position that a tree can have: under any placed
node, and
over any subset of that node's children. Each tree is reached exactly once, because leaving out the last cluster (and
handing its children to its parent) undoes the step. Leaving a cluster out never lowers the likelihood of the others, so
the fit of a partial tree plus the free fits of the clusters still to come bounds every tree below it.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import fit
from reall.clones.screening import bound_after, conjugate
from reall.clones.workspace import LAM, space_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Trees = NDArray[np.int64]
    Values = NDArray[np.float64]

DONE, TOO_MANY_TREES, TOO_MANY_FITS = 0, 1, 2
TOLERANCE = 0.004
# A bound from prices is trusted up to this (nats): the prices are those of a fit within its tolerance.
SLACK = 0.02
# What a bound costs, in fits.
BOUND_EFFORT = 0.1


@inner
def _branch(parents, sequence, step, where, bits, trial, changed):
    """Write the tree with `sequence[step]` at position (`where`, `bits`) into `trial`; returns how many positions
    share it.

    `where` is 0 for the root, otherwise 1 + the place of the parent in the sequence; `bits` chooses among its children.
    """
    node = sequence[step]
    k = 0 if where == 0 else sequence[where - 1]
    for c in range(parents.shape[0]):
        trial[c] = parents[c]
    trial[node] = k
    n = 0
    for i in range(step):
        if parents[sequence[i]] == k:
            if (bits >> n) & 1:
                trial[sequence[i]] = node
            n += 1
    changed[0] = node if bits else k
    changed[1] = k if bits else -1
    changed[2] = node if bits else -1
    return 1 << n


class _Levels(NamedTuple):
    """One row per depth of the search: the partial tree, its prices, terms and log-likelihood, and the next position.

    `tree` (K + 1, K + 1), `lam` (K + 1, K + 1, S), `terms` (K + 1, K + 1); `level`, `where`, `subset` (K + 1,).
    """

    tree: Any
    lam: Any
    terms: Any
    level: Any
    where: Any
    subset: Any


def enumerate_trees(
    data: tuple[Any, ...], sequence: Trees, free_value: Values, threshold: float, tree_limit: int, fit_limit: int
) -> tuple[int, Trees, Values]:
    """List every tree with a log-likelihood of at least `threshold`.

    `sequence` holds the clusters in placing order; `free_value[k]` the log-likelihood of cluster k on its own. Returns
    status, parents (found, K + 1), their log-likelihoods.
    """
    nodes, samples = data[-1].shape
    out = np.full((tree_limit, nodes), -1, dtype=np.int64)
    value = np.empty(tree_limit)
    levels = _Levels(
        tree=np.full((nodes, nodes), -1, dtype=np.int64),
        lam=np.zeros((nodes, nodes, samples)),
        terms=np.zeros((nodes, nodes)),
        level=np.zeros(nodes),
        where=np.zeros(nodes, dtype=np.int64),
        subset=np.zeros(nodes, dtype=np.int64),
    )
    rest = np.append(np.cumsum(free_value[sequence][::-1])[::-1], 0.0)
    space = space_for(nodes - 1, samples)
    status, found = _enumerate(data, sequence, rest, float(threshold), fit_limit, out, value, levels, space)
    return status, out[:found].copy(), value[:found].copy()


@kernel
def _enumerate(data, sequence, rest, threshold, fit_limit, out, value, levels, space):
    """Fill `out` and `value`; returns status and how many were found. `rest[t]` is the free fit of clusters from t."""
    work, order, saved, scratch, changed, _, _ = space
    tree, lam, terms, level, where, subset = levels
    tree_limit = value.shape[0]
    K = sequence.shape[0]
    S = lam.shape[2]
    found = 0
    effort = 0.0
    status = 0
    t = where[0]  # 0, as a number that is no constant to the compiler
    while t >= 0 and status == 0:
        if where[t] > t:
            t -= 1
            continue
        node = sequence[t]
        k = 0 if where[t] == 0 else sequence[where[t] - 1]
        bits = subset[t]
        trial = tree[t + 1]
        positions = _branch(tree[t], sequence, t, where[t], bits, trial, changed)
        subset[t] = bits + 1 if bits + 1 < positions else 0
        where[t] += 1 if bits + 1 == positions else 0
        for s in range(S):
            lam[t, node, s] = 0.5 * lam[t, k, s] if bits else 0.0
        placed = sequence[: t + 1]
        gain = bound_after(data, trial, tree[t], placed, changed, lam[t], saved, terms[t], scratch)
        effort += BOUND_EFFORT
        status = 2 if effort > fit_limit else 0
        if level[t] + gain + rest[t + 1] < threshold - SLACK:
            continue
        got = fit(data, trial, placed, order, work, TOLERANCE, threshold - rest[t + 1])
        effort += 1.0
        if got + rest[t + 1] < threshold:
            continue
        if t + 1 == K:
            if found == tree_limit:
                status = 1
                continue
            for c in range(K + 1):
                out[found, c] = trial[c]
            value[found] = got
            found += 1
            continue
        t += 1
        level[t] = got
        where[t] = 0
        subset[t] = 0
        for c in range(K + 1):
            for s in range(S):
                lam[t, c, s] = work[LAM, c, s]
        for i in range(t):
            c = sequence[i]
            terms[t, c] = conjugate(data, c, lam[t, c], lam[t, trial[c]], scratch)
    return status, found
