"""Every tree near the best that single moves reach: the posterior where it is narrow but bounds are too weak to
prove it.

From each tree found, every move whose bound comes near the best is fitted; what comes near joins the list, until
none is left. Ill-fitting reads with many clusters end here: few trees carry weight, far below the fit without a tree.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: C901, PLR0912, PLR0915

from __future__ import annotations

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import LAM, NO_LIMIT, WORK_ROWS, fit
from reall.clones.moves import apply_move, changed_nodes, list_moves, move_count
from reall.clones.screening import MOST_CHANGED, SCRATCH_ROWS, bound_after, edge_table

TOLERANCE = 0.01


@inner
def _fingerprint(parents):
    """A number that differs between trees, but for accidents of one in 2**60."""
    x = np.uint64(1469598103934665603)
    for c in range(parents.shape[0]):
        x = (x ^ np.uint64(parents[c] + 1)) * np.uint64(1099511628211)
        x ^= x >> np.uint64(29)
    return x


@kernel
def reachable(data, parents, width, tree_limit, fit_limit):
    """List the trees within `width` nats of the best that moves from `parents` reach, one near tree at a time.

    Returns whether the list is closed, parents (found, K + 1), log-likelihoods, fits. A better tree found on the way
    becomes the best; trees that it leaves too far behind stay in the list.
    """
    free = data[7]
    K = free.shape[0] - 1
    S = free.shape[1]
    out = np.full((tree_limit, K + 1), -1, dtype=np.int64)
    value = np.empty(tree_limit)
    known = np.empty(tree_limit + fit_limit + 1, dtype=np.uint64)
    work = np.zeros((WORK_ROWS, K + 1, S))
    order = np.zeros(K + 1, dtype=np.int64)
    members = np.arange(1, K + 1)
    table = np.zeros((K + 1, K + 1))
    lam = np.zeros((K + 1, S))
    terms = np.zeros(K + 1)
    saved = np.empty((MOST_CHANGED, S))
    scratch = np.empty((SCRATCH_ROWS, S))
    changed = np.empty(MOST_CHANGED, dtype=np.int64)
    places = move_count(K)
    gain = np.empty(places)
    kind = np.empty(places, dtype=np.int64)
    first = np.empty(places, dtype=np.int64)
    second = np.empty(places, dtype=np.int64)
    trial = np.empty(K + 1, dtype=np.int64)
    for c in range(K + 1):
        out[0, c] = parents[c]
    value[0] = fit(data, parents, members, order, work, TOLERANCE, NO_LIMIT)
    best = value[0]
    known[0] = _fingerprint(parents)
    seen = 1
    found = 1
    fits = 1
    at = 0
    while at < found:
        if value[at] < best - width:
            at += 1
            continue
        now = out[at]
        level = fit(data, now, members, order, work, TOLERANCE, NO_LIMIT)
        for c in range(K + 1):
            for s in range(S):
                lam[c, s] = work[LAM, c, s]
        edge_table(data, members, lam, scratch, table)
        for c in range(1, K + 1):
            terms[c] = table[c, now[c]]
        moves = list_moves(now, table, gain, kind, first, second)
        for i in range(moves):
            if level + gain[i] < best - width:
                continue
            apply_move(now, kind[i], first[i], second[i], trial)
            mark = _fingerprint(trial)
            new = True
            for j in range(seen):
                new = new and known[j] != mark
            if not new:
                continue
            changed_nodes(now, kind[i], first[i], second[i], changed)
            if level + bound_after(data, trial, now, members, changed, lam, saved, terms, scratch) < best - width:
                continue
            if fits >= fit_limit or found >= tree_limit:
                return False, out[:found].copy(), value[:found].copy(), fits
            got = fit(data, trial, members, order, work, TOLERANCE, best - width)
            fits += 1
            known[seen] = mark
            seen += 1
            if got >= best - width:
                for c in range(K + 1):
                    out[found, c] = trial[c]
                value[found] = got
                found += 1
                best = max(best, got)
        at += 1
    return True, out[:found].copy(), value[:found].copy(), fits
