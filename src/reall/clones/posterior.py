"""The posterior over trees of one clustering: exact where the trees can be listed, otherwise sampled.

Every tree has the same prior weight, and the weight of its likelihood at the best fractions. Trees more than
`WIDTH` nats below the best are left out. Three ways, the first that ends within its limit:

`exact`          every tree within `WIDTH` nats, proven by bounds (`enumeration`)
`neighbourhood`  every such tree that single moves reach from the best, where bounds are too weak (`neighbours`)
`sampled`        four Metropolis chains, with their agreement among the diagnostics (`sampling`)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reall.clones.enumeration import DONE, enumerate_trees
from reall.clones.fitting import NO_LIMIT, fit
from reall.clones.model import Settings, Tree, TreePosterior
from reall.clones.neighbours import reachable
from reall.clones.sampling import chain
from reall.clones.search import beam, climb
from reall.clones.workspace import PHI, space_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.counts import ClusterReads

WIDTH = 10.0
_CHAINS = 4
_BEAM_WIDTH, _BEAM_TRIES = 5, 60
_WIDE_BEAM_WIDTH, _WIDE_BEAM_TRIES = 20, 80
# Fits per climbing step, and in all.
_CLIMB_LIMIT, _CLIMB_BUDGET = 300, 5000
_NEAR_TREES = 150
_DRAWS_PER_CHAIN = 1000
_TREES_WITH_FRACTIONS = 100
_STRATA = 5
_FINE = 1e-4
# A chain that accepts fewer moves than this has not left its start.
_STUCK = 0.002
# Above this many, listing without a search is not tried.
_FEW_CLUSTERS = 20
_FIRST_TREES = 20
_FIRST_DEPTH, _MOST_DEPTHS = 1.0, 15


@dataclass(frozen=True, eq=False)
class _Found:
    """Trees as rows of parents (N, K + 1), their log-likelihoods and probabilities, and how they were found."""

    parents: NDArray[np.int64]
    value: NDArray[np.float64]
    probability: NDArray[np.float64]
    method: str
    diagnostics: dict[str, float]


def tree_posterior(counts: ClusterReads, settings: Settings) -> TreePosterior:
    """Find the trees of K clusters and their probabilities, most probable first; the same for the same seed."""
    sequence = placing_order(counts)
    found = _exact_without_search(counts, sequence, settings)
    if found is None:
        best, value = best_tree(counts, sequence)
        found = _exact(counts, sequence, value, settings) or _near_or_sampled(counts, best, settings)
    rank = np.argsort(-found.value, kind="stable")
    trees = tuple(
        _tree(
            counts,
            found.parents[i],
            float(found.probability[i]),
            float(found.value[i]),
            with_fractions=n < _TREES_WITH_FRACTIONS,
        )
        for n, i in enumerate(rank)
    )
    diagnostics = {
        "trees": float(len(trees)),
        "nats_below_free_fit": float(counts.free_value.sum() - found.value.max()),
    }
    ancestry = ancestor_probability(found.parents, found.probability)
    return TreePosterior(trees, found.method, ancestry, {**diagnostics, **found.diagnostics})


def placing_order(counts: ClusterReads) -> NDArray[np.int64]:
    """The clusters from the most to the least frequent, summed over samples."""
    return np.argsort(-counts.free[1:].sum(1), kind="stable").astype(np.int64) + 1


def best_tree(counts: ClusterReads, sequence: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
    """Search for the tree with the highest likelihood; widens where the reads fit no tree well."""
    data = counts.for_kernels
    K, S = counts.clusters, counts.variant.shape[1]
    trees, _ = beam(data, sequence, _BEAM_WIDTH, _BEAM_TRIES)
    parents = trees[0]
    value = climb(data, parents, _CLIMB_LIMIT, _CLIMB_BUDGET)
    strained = counts.free_value.sum() - value > 10.0 * K
    if strained and K > 12 and K * K * S < 150_000:
        wide, _ = beam(data, sequence, _WIDE_BEAM_WIDTH, _WIDE_BEAM_TRIES)
        other = wide[0]
        other_value = climb(data, other, _CLIMB_LIMIT, _CLIMB_BUDGET)
        if other_value > value:
            parents, value = other, other_value
    return parents, value


def fitted(
    data: tuple[Any, ...], parents: NDArray[np.int64], tolerance: float = _FINE
) -> tuple[NDArray[np.float64], float]:
    """Cell fractions (K, S) of greatest likelihood under a tree, and that log-likelihood without the constant.

    `data` is `ClusterReads.for_kernels`, `parents` (K + 1,) with the root's -1 first.
    """
    space = space_for(len(parents) - 1, data[-1].shape[1])
    value = fit(data, parents, space.members, space.order, space.work, tolerance, NO_LIMIT)
    return space.work[PHI, 1:].copy(), float(value)


def ancestor_probability(parents: NDArray[np.int64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance (K + 1, K + 1) that the row's node is an ancestor of the column's, over trees (N, K + 1)."""
    nodes = parents.shape[1]
    rows = np.arange(len(parents))
    out = np.zeros((nodes, nodes))
    for node in range(1, nodes):
        above = parents[:, node]
        while (above >= 0).any():
            on = above >= 0
            np.add.at(out[:, node], above[on], probability[on])
            above = np.where(on, parents[rows, np.maximum(above, 0)], -1)
    return np.minimum(out, 1.0)


def _tree(
    counts: ClusterReads, parents: NDArray[np.int64], probability: float, value: float, *, with_fractions: bool
) -> Tree:
    ccf = fitted(counts.for_kernels, parents)[0] if with_fractions else np.empty((0, 0))
    return Tree(tuple(int(p) for p in parents[1:]), probability, value + counts.constant, ccf)


def _softmax(value: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = np.exp(value - value.max())
    return np.asarray(weight / weight.sum())


def _effort(counts: ClusterReads, most: float) -> int:
    """A number of fits that takes about the same time whatever K and S are."""
    K, S = counts.clusters, counts.variant.shape[1]
    return int(np.clip(most / (K * (S + 10)), 300, 30_000))


def _exact(counts: ClusterReads, sequence: NDArray[np.int64], value: float, settings: Settings) -> _Found | None:
    args = (counts.for_kernels, sequence, counts.free_value)
    limits = (settings.exact_tree_limit, _effort(counts, 1.6e6))
    status, parents, values = enumerate_trees(*args, value - WIDTH, *limits)
    if status != DONE:
        return None
    if values.max() > value + 0.5:  # the search had missed the best tree
        status, parents, values = enumerate_trees(*args, values.max() - WIDTH, *limits)
    keep = values >= values.max() - WIDTH
    return _Found(parents[keep], values[keep], _softmax(values[keep]), "exact", {})


def _exact_without_search(counts: ClusterReads, sequence: NDArray[np.int64], settings: Settings) -> _Found | None:
    """List the trees of a few clusters directly, deeper and deeper below the fit without a tree until one is found.

    Spares a first call the compilation of the search; none where the clusters are many or the trees too many.
    """
    if counts.clusters > _FEW_CLUSTERS:
        return None
    top = float(counts.free_value.sum())
    none_within, found_at, gap = 0.0, np.inf, _FIRST_DEPTH
    for _ in range(_MOST_DEPTHS):
        status, _, values = enumerate_trees(
            counts.for_kernels, sequence, counts.free_value, top - gap, _FIRST_TREES, _effort(counts, 3e5)
        )
        if len(values):
            found_at = top - float(values.max())
            if status == DONE or found_at - none_within < WIDTH:
                return _exact(counts, sequence, top - found_at, settings)
        elif status == DONE:
            none_within = gap
        else:
            return None
        gap = 4.0 * gap if np.isinf(found_at) else (none_within + found_at) / 2
    return None


def _near_or_sampled(counts: ClusterReads, best: NDArray[np.int64], settings: Settings) -> _Found:
    closed, parents, values = reachable(counts.for_kernels, best, WIDTH, _NEAR_TREES, _effort(counts, 4e6))
    if not closed:
        found = _sampled(counts, parents[values.argmax()].copy(), settings)
        if found is not None:
            return found
    keep = values >= values.max() - WIDTH
    diagnostics = {"closed_under_moves": float(closed)}
    return _Found(parents[keep], values[keep], _softmax(values[keep]), "neighbourhood", diagnostics)


def _sampled(counts: ClusterReads, best: NDArray[np.int64], settings: Settings) -> _Found | None:
    """Run the chains; none where the first shows that they would not move."""
    size = counts.clusters * counts.variant.shape[1]
    steps = int(np.clip(2e6 / size, 1500, max(1500, settings.steps // _CHAINS)))
    thin, burn = max(1, steps // _DRAWS_PER_CHAIN), steps // 10
    runs: list[tuple[Any, ...]] = []
    for number in range(_CHAINS):
        runs.append(chain(counts.for_kernels, best, settings.seed * _CHAINS + number, steps, burn, thin))
        if runs[-1][2] < _STUCK:
            return None
        if runs[-1][4] > runs[0][4]:
            best = runs[-1][3].copy()
    top = max(runs, key=lambda run: float(run[4]))
    draws = np.concatenate([*(run[0] for run in runs), top[3][None]])
    values = np.append(np.concatenate([run[1] for run in runs]), top[4])
    parents, first, kind = np.unique(draws, axis=0, return_index=True, return_inverse=True)
    # The best tree is listed even if no draw fell on it.
    count = np.bincount(kind.ravel()[:-1], minlength=len(parents))
    value = values[first]
    means = [ancestor_probability(run[0], np.full(len(run[0]), 1 / len(run[0]))) for run in runs]
    centre = np.mean(means, axis=0)
    diagnostics = {
        "draws": float(len(draws) - 1),
        "accepted_share": float(np.mean([run[2] for run in runs])),
        "largest_disagreement_between_chains": float(max(np.abs(mean - centre).max() for mean in means)),
    }
    return _Found(parents, value, _smoothed(value, count), "sampled", diagnostics)


def _smoothed(value: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probability of distinct trees from how often they were drawn, and from what is known for certain.

    Within a fifth of the draws, trees share by likelihood; and no tree gets more than one of higher likelihood.
    """
    rank = np.argsort(-value, kind="stable")
    before = np.cumsum(count[rank]) - count[rank]
    stratum = np.minimum(before * _STRATA // count.sum(), _STRATA - 1)
    probability = np.zeros(len(value))
    for number in range(_STRATA):
        at = rank[stratum == number]
        if len(at):
            probability[at] = count[at].sum() / count.sum() * _softmax(value[at])
    probability[rank] = _never_rising(probability[rank])
    return np.asarray(probability / probability.sum())


def _never_rising(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest sequence that never rises: neighbours out of order share their mean."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        means.append(value)
        sizes.append(1)
        while len(means) > 1 and means[-2] < means[-1]:
            size, mean = sizes.pop(), means.pop()
            means[-1] = (means[-1] * sizes[-1] + mean * size) / (sizes[-1] + size)
            sizes[-1] += size
    return np.repeat(np.array(means), sizes)
