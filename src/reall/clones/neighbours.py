"""Every tree near the best that single moves reach: the posterior where it is narrow but bounds are too weak to
prove it.

From each tree found, every move whose bound comes near the best is fitted; what comes near joins the list, until
none is left. Ill-fitting reads with many clusters end here: few trees carry weight, far below the fit without a tree.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import NO_LIMIT, fit
from reall.clones.moves import apply_move, changed_nodes, list_moves, price_tree
from reall.clones.screening import bound_after
from reall.clones.workspace import moves_for, space_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Trees = NDArray[np.int64]
    Values = NDArray[np.float64]

TOLERANCE = 0.01


@inner
def _fingerprint(parents):
    """A number that differs between trees, but for accidents of one in 2**60."""
    x = np.uint64(1469598103934665603)
    for c in range(parents.shape[0]):
        x = (x ^ np.uint64(parents[c] + 1)) * np.uint64(1099511628211)
        x ^= x >> np.uint64(29)
    return x


def reachable(
    data: tuple[Any, ...], parents: Trees, width: float, tree_limit: int, fit_limit: int
) -> tuple[bool, Trees, Values]:
    """List the trees within `width` nats of the best that moves from `parents` reach, one near tree at a time.

    Returns whether the list is closed, parents (found, K + 1), log-likelihoods. A better tree found on the way
    becomes the best; trees that it leaves too far behind stay in the list.
    """
    nodes, samples = data[-1].shape
    out = np.full((tree_limit, nodes), -1, dtype=np.int64)
    value = np.empty(tree_limit)
    known = np.empty(tree_limit + fit_limit + 1, dtype=np.uint64)
    space, moves = space_for(nodes - 1, samples), moves_for(nodes - 1, samples)
    closed, found = _reach(data, parents, width, fit_limit, out, value, known, space, moves)
    return closed, out[:found], value[:found]


@kernel
def _reach(data, parents, width, fit_limit, out, value, known, space, moves):
    """Fill `out` and `value`; returns whether the list is closed, and how many were found. `known` holds marks."""
    work, order, saved, scratch, changed, trial, members = space
    lam, terms, _, gain, kind, first, second, _, _ = moves
    K = parents.shape[0] - 1
    tree_limit = value.shape[0]
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
        price_tree(data, now, members, work, moves, scratch)
        listed = list_moves(now, moves)
        for i in range(listed):
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
                return False, found
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
    return True, found
