"""The fit under a tree against an independent optimiser, and what must hold for any counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from reall.clones.counts import pool
from reall.clones.model import Clustering, Reads, Role, Sample, Variant
from reall.clones.posterior import fitted


def reads_of(variant, total, probability=0.5):
    """Reads with one row per variant; samples are named after their column."""
    variant, total = np.atleast_2d(variant), np.atleast_2d(total)
    return Reads(
        samples=tuple(Sample(f"S{i}", Role.OTHER) for i in range(variant.shape[1])),
        variants=tuple(Variant(f"s{i}", f"v{i}") for i in range(variant.shape[0])),
        variant_reads=variant,
        total_reads=total,
        read_probability=np.broadcast_to(probability, variant.shape).astype(float).copy(),
    )


def counts_of(variant, total, probability=0.5):
    """Every variant its own cluster."""
    reads = reads_of(variant, total, probability)
    return pool(reads, Clustering(tuple((i,) for i in range(len(reads.variants)))))


def by_other_means(counts, parents):
    """The same maximum by SLSQP over the clones' own fractions, one sample at a time."""
    nodes = len(parents)
    below = np.zeros((nodes, nodes))
    for k in range(nodes):
        above = k
        while above >= 0:
            below[above, k] = 1
            above = parents[above]
    total = 0.0
    for s in range(counts.variant.shape[1]):

        def loss(own, s=s):
            p = np.clip(counts.prob[:, s] * (below @ own)[counts.node], 1e-12, 1 - 1e-12)
            return -(counts.variant[:, s] * np.log(p) + counts.other[:, s] * np.log1p(-p)).sum()

        best = min(
            minimize(
                loss, start, bounds=[(1e-9, 1)] * nodes, constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
                method="SLSQP", options={"maxiter": 500, "ftol": 1e-12},
            ).fun
            for start in (np.full(nodes, 1 / nodes), np.append(0.5, np.full(nodes - 1, 0.5 / (nodes - 1))))
        )  # fmt: skip
        total -= best
    return total


@pytest.mark.parametrize("seed", range(8))
def test_the_fit_equals_an_independent_optimiser(seed):
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(2, 6))
    parents = np.array([-1] + [int(rng.integers(0, k)) for k in range(1, nodes)])
    total = rng.integers(20, 300, (nodes - 1, 3))
    variant = rng.binomial(total, rng.uniform(0, 0.5, total.shape))
    counts = counts_of(variant, total, rng.choice([0.5, 0.4, 0.999], total.shape))
    _, value = fitted(counts.for_kernels, parents)
    assert value == pytest.approx(by_other_means(counts, parents), abs=0.02)


def test_a_parent_and_a_child_that_disagree_share_their_reads():
    # Hand calculation: both at the pooled fraction, 2 * (60 + 80) / 400 = 0.70, when the child shows more than its
    # parent.
    counts = counts_of([[60], [80]], [[200], [200]])
    ccf, _ = fitted(counts.for_kernels, np.array([-1, 0, 1]))
    assert ccf[:, 0] == pytest.approx([0.70, 0.70], abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 4)), min_size=1, max_size=5))
def test_children_never_exceed_their_parent_and_the_free_fit_is_never_beaten(rows):
    variant = np.array([[v] for v, _, _ in rows])
    total = np.array([[v + r] for v, r, _ in rows])
    parents = np.array([-1] + [min(p, k) for k, (_, _, p) in enumerate(rows)])
    counts = counts_of(variant, total)
    ccf, value = fitted(counts.for_kernels, parents)
    assert np.isfinite(ccf).all()
    whole = np.vstack([np.ones((1, 1)), ccf])
    for k in range(len(parents)):
        assert whole[parents == k].sum() <= whole[k, 0] + 1e-6
    assert value <= counts.free_value.sum() + 1e-6


def test_variants_with_the_same_read_probability_are_pooled_without_loss():
    reads = reads_of([[10, 3], [12, 1], [30, 9]], [[50, 40], [60, 30], [60, 80]], [[0.5], [0.5], [0.999]])
    counts = pool(reads, Clustering(((0, 1, 2),)))
    assert counts.variant.tolist() == [[22, 4], [30, 9]]
    ccf = np.array([[0.4, 0.2]])
    p = reads.read_probability * ccf
    from scipy.stats import binom  # noqa: PLC0415 (the reference of this test only)

    assert counts.log_likelihood(ccf) == pytest.approx(binom.logpmf(reads.variant_reads, reads.total_reads, p).sum())
