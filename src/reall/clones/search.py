"""Search for the tree with the highest likelihood: place the clusters one by one, then move until nothing helps."""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.fitting import NO_LIMIT, fit
from reall.clones.moves import apply_move, changed_nodes, list_moves, price_tree, take_best
from reall.clones.screening import bound_after, conjugate
from reall.clones.workspace import LAM, MOST_CHANGED, moves_for, space_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Trees = NDArray[np.int64]
    Values = NDArray[np.float64]

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
def _insertions(data, parents, sequence, step, lam, base, at, score, parent, child, space, moves):
    """List the ways to place `sequence[step]` in one partial tree, with an upper bound each; returns how many.

    Outputs are written from place `at` on: parent, and child as in `place`.
    """
    _, _, saved, scratch, changed, trial, _ = space
    terms, children = moves[1], moves[8]
    S = lam.shape[1]
    node = sequence[step]
    members = sequence[:step]
    placed = sequence[: step + 1]
    for c in range(parents.shape[0]):
        terms[c] = 0.0
        children[c] = 0
    for c in range(MOST_CHANGED):
        changed[c] = -1
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


class _Beam(NamedTuple):
    """Partial trees now and next, and the ways to place one more cluster.

    `parents` (2, width, K + 1), `value` (2, width), `prices` (2, width, K + 1, S); one place per way in `score`,
    `parent` and `child`; `first` (width + 1,) where the ways of each tree begin.
    """

    parents: Any
    value: Any
    prices: Any
    score: Any
    parent: Any
    child: Any
    first: Any


def beam(data: tuple[Any, ...], sequence: Trees, width: int, tries: int) -> tuple[Trees, Values]:
    """Place the clusters of `sequence` in this order, keeping the `width` best partial trees at each step.

    At most `tries` of the most promising placements are fitted per step. Returns (held, K + 1) parents and their
    log-likelihoods, best first.
    """
    nodes, samples = data[-1].shape
    places = width * 3 * nodes
    room = _Beam(
        parents=np.full((2, width, nodes), -1, dtype=np.int64),
        value=np.full((2, width), NO_LIMIT),
        prices=np.zeros((2, width, nodes, samples)),
        score=np.empty(places),
        parent=np.empty(places, dtype=np.int64),
        child=np.empty(places, dtype=np.int64),
        first=np.zeros(width + 1, dtype=np.int64),
    )
    space, moves = space_for(nodes - 1, samples), moves_for(nodes - 1, samples)
    now, held = _beam(data, sequence, tries, room, space, moves)
    return room.parents[now, :held], room.value[now, :held]


@kernel
def _beam(data, sequence, tries, room, space, moves):
    """Run the beam; returns which half of `room` holds the trees, and how many."""
    parents, value, prices, score, parent, child, first = room
    work, order, _, _, _, trial, _ = space
    K = sequence.shape[0]
    width = value.shape[1]
    held = 1
    value[0, 0] = 0.0
    now = 0
    for step in range(sequence.shape[0]):
        for b in range(held):
            first[b + 1] = _insertions(data, parents[now, b], sequence, step, prices[now, b], value[now, b], first[b],
                                       score, parent, child, space, moves)  # fmt: skip
        new = 1 - now
        kept = first[0]  # 0, as a number that is no constant to the compiler
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
    return now, held


def climb(data: tuple[Any, ...], parents: Trees, limit: int, budget: int) -> float:
    """Climb from `parents` (changed in place) until no move gains; returns the log-likelihood.

    Per step, the most promising moves are fitted, at most `limit` of them and a dozen after the last improvement;
    `budget` fits in all.
    """
    nodes, samples = data[-1].shape
    space, moves = space_for(nodes - 1, samples), moves_for(nodes - 1, samples)
    return float(_climb(data, parents, parents.copy(), limit, budget, space, moves))


@kernel
def _climb(data, parents, best, limit, budget, space, moves):
    work, order, saved, scratch, changed, trial, members = space
    lam, terms, _, gain, kind, first, second, _, _ = moves
    K = parents.shape[0] - 1
    value = 0.0
    fits = 0
    top = 1.0
    while top > LEAST_GAIN and fits < budget:
        value = fit(data, parents, members, order, work, TOLERANCE, NO_LIMIT)
        price_tree(data, parents, members, work, moves, scratch)
        found = list_moves(parents, moves)
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
    return value
