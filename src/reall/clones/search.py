"""Search for the tree with the highest likelihood: place the clusters one by one, then move until nothing helps."""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import LAM, NO_LIMIT, WORK_ROWS, fit
from reall.clones.moves import apply_move, changed_nodes, list_moves, move_count, take_best
from reall.clones.screening import MOST_CHANGED, SCRATCH_ROWS, bound_after, conjugate, edge_table

# A search compares trees that differ by more than this (nats).
TOLERANCE = 0.02
LEAST_GAIN = 0.05


@inner
def place(parents, node, parent, child):
    """Hang `node` under `parent`; it takes over no child (0), every child (-1) or the one named."""
    for c in range(1, parents.shape[0]):
        if child != 0 and c != node and parents[c] == parent and (child in (-1, c)):
            parents[c] = node
    parents[node] = parent


@inner
def _insertions(data, parents, sequence, step, lam, base, at, score, parent, child, saved, scratch):
    """List the ways to place `sequence[step]` in one partial tree, with an upper bound each; returns how many.

    Outputs are written from place `at` on: parent, and child as in `place`.
    """
    S = lam.shape[1]
    node = sequence[step]
    members = sequence[:step]
    placed = sequence[: step + 1]
    terms = np.zeros(parents.shape[0])
    children = np.zeros(parents.shape[0], dtype=np.int64)
    trial = np.empty_like(parents)
    changed = np.full(MOST_CHANGED, -1, dtype=np.int64)
    for i in range(step):
        c = members[i]
        terms[c] = conjugate(data, c, lam[c], lam[parents[c]], scratch)
        children[parents[c]] += 1
    n = at
    for i in range(-1, step):
        k = 0 if i < 0 else members[i]
        for j in range(-2, step):
            c = members[j] if j >= 0 else (0 if j == -2 else -1)
            if (c > 0 and parents[c] != k) or (c == -1 and children[k] < 2):
                continue
            for m in range(parents.shape[0]):
                trial[m] = parents[m]
            place(trial, node, k, c)
            for s in range(S):
                lam[node, s] = 0.5 * lam[k, s] if c != 0 else 0.0
            changed[0] = node if c != 0 else k
            changed[1] = k if c != 0 else -1
            changed[2] = node if c != 0 else -1
            score[n] = base + bound_after(data, trial, parents, placed, changed, lam, saved, terms, scratch)
            parent[n] = k
            child[n] = c
            n += 1
    return n


@inner
def _keep(parents, value, prices, held, trial, got, lam):
    """Insert a tree into the list of the best ones, kept in falling order; returns how many are held."""
    width = value.shape[0]
    at = held
    while at > 0 and value[at - 1] < got:
        at -= 1
    if at >= width:
        return held
    for b in range(min(held, width - 1), at, -1):
        value[b] = value[b - 1]
        for c in range(trial.shape[0]):
            parents[b, c] = parents[b - 1, c]
            for s in range(lam.shape[1]):
                prices[b, c, s] = prices[b - 1, c, s]
    value[at] = got
    for c in range(trial.shape[0]):
        parents[at, c] = trial[c]
        for s in range(lam.shape[1]):
            prices[at, c, s] = lam[c, s]
    return min(width, held + 1)


@kernel
def beam(data, sequence, width, tries):
    """Place the clusters of `sequence` in this order, keeping the `width` best partial trees at each step.

    At most `tries` of the most promising placements are fitted per step. Returns (held, K + 1) parents and their
    log-likelihoods, best first.
    """
    free = data[7]
    K = free.shape[0] - 1
    S = free.shape[1]
    parents = np.full((2, width, K + 1), -1, dtype=np.int64)
    value = np.full((2, width), NO_LIMIT)
    prices = np.zeros((2, width, K + 1, S))
    work = np.zeros((WORK_ROWS, K + 1, S))
    order = np.zeros(K + 1, dtype=np.int64)
    saved = np.empty((MOST_CHANGED, S))
    scratch = np.empty((SCRATCH_ROWS, S))
    places = width * (3 * K + 3)
    score = np.empty(places)
    parent = np.empty(places, dtype=np.int64)
    child = np.empty(places, dtype=np.int64)
    first = np.zeros(width + 1, dtype=np.int64)
    trial = np.empty(K + 1, dtype=np.int64)
    held = 1
    value[0, 0] = 0.0
    now = 0
    for step in range(sequence.shape[0]):
        for b in range(held):
            first[b + 1] = _insertions(data, parents[now, b], sequence, step, prices[now, b], value[now, b], first[b],
                                       score, parent, child, saved, scratch)  # fmt: skip
        new = 1 - now
        kept = 0
        for b in range(width):
            value[new, b] = NO_LIMIT
        for _ in range(tries):
            i, bound = take_best(score, first[held])
            if i < 0 or bound <= value[new, width - 1]:
                break
            b = 0
            while first[b + 1] <= i:
                b += 1
            for c in range(K + 1):
                trial[c] = parents[now, b, c]
            place(trial, sequence[step], parent[i], child[i])
            got = fit(data, trial, sequence[: step + 1], order, work, TOLERANCE, value[new, width - 1])
            kept = _keep(parents[new], value[new], prices[new], kept, trial, got, work[LAM])
        now = new
        held = kept
    return parents[now, :held].copy(), value[now, :held].copy()


@kernel
def climb(data, parents, limit, budget):
    """Climb from `parents` (changed in place) until no move gains; returns the log-likelihood and the fits used.

    Per step, the most promising moves are fitted, at most `limit` of them and a dozen after the last improvement.
    """
    free = data[7]
    K = free.shape[0] - 1
    S = free.shape[1]
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
    best = np.empty(K + 1, dtype=np.int64)
    value = 0.0
    fits = 0
    top = 1.0
    while top > LEAST_GAIN and fits < budget:
        value = fit(data, parents, members, order, work, TOLERANCE, NO_LIMIT)
        for c in range(K + 1):
            for s in range(S):
                lam[c, s] = work[LAM, c, s]
        edge_table(data, members, lam, scratch, table)
        for c in range(1, K + 1):
            terms[c] = table[c, parents[c]]
        found = list_moves(parents, table, gain, kind, first, second)
        top = LEAST_GAIN
        tried = 0
        since = 0
        while tried < limit and (top <= LEAST_GAIN or since < 12):
            i, rough = take_best(gain, found)
            if i < 0 or rough <= top:
                break
            apply_move(parents, kind[i], first[i], second[i], trial)
            changed_nodes(parents, kind[i], first[i], second[i], changed)
            if bound_after(data, trial, parents, members, changed, lam, saved, terms, scratch) <= top:
                continue
            got = fit(data, trial, members, order, work, TOLERANCE, value + top)
            fits += 1
            tried += 1
            since += 1
            if got - value > top:
                top = got - value
                since = 0
                for c in range(K + 1):
                    best[c] = trial[c]
        if top > LEAST_GAIN:
            for c in range(K + 1):
                parents[c] = best[c]
    return value, fits
