"""The posterior over trees against the enumeration of all trees."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from test_clones_fitting import counts_of

from reall.clones.model import Settings
from reall.clones.posterior import WIDTH, ancestor_probability, best_tree, fitted, placing_order, tree_posterior


def all_trees(clusters):
    """Every parents vector without a cycle: (K + 1) ** (K - 1) of them (Cayley)."""
    found = []
    for parents in product(range(clusters + 1), repeat=clusters):
        tree = (-1, *parents)
        ok = True
        for k in range(1, clusters + 1):
            steps, node = 0, k
            while node > 0 and steps <= clusters:
                node, steps = tree[node], steps + 1
            ok = ok and node == 0
        if ok:
            found.append(np.array(tree))
    return found


def simulated(clusters, samples, depth, seed, probability=0.5):
    """Counts of a random tree with a few clones in each sample."""
    rng = np.random.default_rng(seed)
    parents = [-1] + [int(rng.integers(0, k)) for k in range(1, clusters + 1)]
    fraction = rng.dirichlet(np.full(clusters + 1, 0.4), samples).T
    for k in range(clusters, 0, -1):
        fraction[parents[k]] += fraction[k]
    total = rng.poisson(depth, (clusters, samples)) + 1
    return counts_of(rng.binomial(total, np.minimum(fraction[1:], 1) * probability), total, probability)


@pytest.mark.parametrize("clusters", range(1, 6))
def test_there_are_as_many_trees_as_cayley_counted(clusters):
    assert len(all_trees(clusters)) == (clusters + 1) ** (clusters - 1)


@pytest.mark.parametrize(
    ("clusters", "samples", "depth", "seed"),
    [
        (1, 2, 50, 0),
        (2, 1, 30, 1),
        (3, 2, 100, 2),
        (4, 1, 200, 3),
        (4, 3, 60, 4),
        (5, 2, 150, 5),
        (5, 4, 400, 6),
        (6, 3, 300, 7),
    ],
)
def test_the_exact_posterior_is_that_of_all_trees(clusters, samples, depth, seed):
    counts = simulated(clusters, samples, depth, seed)
    every = all_trees(clusters)
    value = np.array([fitted(counts.for_kernels, tree)[1] for tree in every])
    keep = value >= value.max() - WIDTH + 0.05  # away from the edge, where the tolerance of a fit decides
    posterior = tree_posterior(counts, replace(Settings(), exact_tree_limit=50_000))
    assert posterior.method == "exact"
    listed = {tree.parents: tree for tree in posterior.trees}
    assert {tuple(every[i][1:].tolist()) for i in np.flatnonzero(keep)} <= set(listed)
    weight = np.exp(value - value.max()) * (value >= value.max() - WIDTH)
    for i in np.flatnonzero(keep):
        assert listed[tuple(every[i][1:].tolist())].probability == pytest.approx(weight[i] / weight.sum(), rel=0.02)
    assert sum(tree.probability for tree in posterior.trees) == pytest.approx(1)


def test_mixed_read_probabilities_lose_no_tree():
    # X-linked and autosomal variants in one cluster: the bounds must hold for them too.
    rng = np.random.default_rng(9)
    from test_clones_fitting import reads_of  # noqa: PLC0415

    from reall.clones.counts import pool  # noqa: PLC0415
    from reall.clones.model import Clustering  # noqa: PLC0415

    total = rng.integers(80, 200, (8, 2))
    probability = np.array([[0.5], [0.999]] * 4) * np.ones((1, 2))
    fraction = np.repeat([[0.9, 0.8], [0.5, 0.3], [0.3, 0.4], [0.1, 0.25]], 2, axis=0)
    reads = reads_of(rng.binomial(total, fraction * probability), total, probability)
    counts = pool(reads, Clustering(((0, 1), (2, 3), (4, 5), (6, 7))))
    every = all_trees(4)
    value = np.array([fitted(counts.for_kernels, tree)[1] for tree in every])
    posterior = tree_posterior(counts, Settings())
    assert len(posterior.trees) == pytest.approx((value >= value.max() - WIDTH).sum(), abs=1)
    assert posterior.trees[0].log_likelihood - counts.constant == pytest.approx(value.max(), abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_the_search_finds_the_best_of_all_trees(seed):
    counts = simulated(5, 3, 100, 20 + seed)
    best = max(fitted(counts.for_kernels, tree)[1] for tree in all_trees(5))
    assert best_tree(counts, placing_order(counts))[1] == pytest.approx(best, abs=0.1)


def test_the_chains_agree_with_the_exact_posterior():
    counts = simulated(5, 2, 150, 5)
    exact = tree_posterior(counts, Settings())
    sampled = tree_posterior(counts, replace(Settings(), exact_tree_limit=1, steps=20_000))
    assert sampled.method in {"sampled", "neighbourhood"}
    assert np.abs(sampled.ancestry - exact.ancestry).max() < 0.1


def test_many_trees_are_sampled_and_the_same_seed_gives_the_same_answer():
    counts = simulated(9, 1, 40, 3)
    told = [tree_posterior(counts, replace(Settings(), seed=5, exact_tree_limit=300, steps=4000)) for _ in range(2)]
    assert told[0].method == "sampled"
    assert [tree.parents for tree in told[0].trees] == [tree.parents for tree in told[1].trees]
    assert [tree.probability for tree in told[0].trees] == [tree.probability for tree in told[1].trees]
    assert 0 < told[0].diagnostics["accepted_share"] < 1
    shares = [tree.probability for tree in told[0].trees]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)


def test_ancestors_are_counted_along_the_whole_line():
    # Tree 0 > 1 > 2 with 70 %, tree 0 > 2 > 1 with 30 %: cluster 1 is above cluster 2 in 70 %.
    ancestry = ancestor_probability(np.array([[-1, 0, 1], [-1, 2, 0]]), np.array([0.7, 0.3]))
    assert ancestry.tolist() == [[0, 1, 1], [0, 0, 0.7], [0, 0.3, 0]]
