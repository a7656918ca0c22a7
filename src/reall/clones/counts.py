"""Reads of one clustering, pooled for the kernels.

Variants of a cluster that share their read probabilities in every sample give one read group: their binomials multiply
into one, up to a constant. So a cluster of a thousand variants costs as much as a cluster of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.model import Clustering, Reads

    Array = NDArray[np.float64]

# The published comparisons keep the chance of a variant read within this of 0 and 1, and so do the printed likelihoods.
READ_FLOOR = 1e-5
_FRACTION_FLOOR = 1e-7


@dataclass(frozen=True, eq=False)
class ClusterReads:
    """Read groups of K clusters in S samples.

    `start` (K + 2,) int64: groups of node k are `start[k]:start[k + 1]`, none for the root. `variant`, `other` and
    `prob`
    are (groups, S): reads with the variant, without it, and the read probability. `constant` is the sum of the log
    binomial coefficients of all variants.
    """

    start: NDArray[np.int64]
    variant: Array
    other: Array
    prob: Array
    constant: float

    @property
    def clusters(self) -> int:
        """Number of clusters K."""
        return len(self.start) - 2

    @cached_property
    def node(self) -> NDArray[np.int64]:
        """The node of every read group."""
        return np.repeat(np.arange(self.clusters + 1), np.diff(self.start))

    @cached_property
    def pooled(self) -> tuple[Array, Array, Array]:
        """Variant reads, other reads and read probability per node, (K + 1, S) each; the root has none."""
        shape = (self.clusters + 1, self.variant.shape[1])
        variant, other, weighted = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        np.add.at(variant, self.node, self.variant)
        np.add.at(other, self.node, self.other)
        np.add.at(weighted, self.node, (self.variant + self.other) * self.prob)
        total = variant + other
        return variant, other, np.divide(weighted, total, out=np.full(shape, 0.5), where=total > 0)

    @cached_property
    def free(self) -> Array:
        """Fractions without a tree, (K + 1, S): each cluster at its own maximum; the root at 1."""
        low = np.zeros((self.clusters + 1, self.variant.shape[1]))
        high = np.ones_like(low)
        for _ in range(40):
            middle = (low + high) / 2
            p = np.clip(self.prob * middle[self.node], 1e-12, 1 - 1e-12)
            slope = np.zeros_like(low)
            np.add.at(slope, self.node, self.prob * (self.variant / p - self.other / (1 - p)))
            rising = slope > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        free = np.clip((low + high) / 2, _FRACTION_FLOOR, 1.0)
        free[0] = 1.0
        return free

    @cached_property
    def free_value(self) -> Array:
        """Log-likelihood of each node at `free`, (K + 1,), without the constant."""
        p = np.clip(self.prob * self.free[self.node], 1e-12, 1 - 1e-12)
        value = np.zeros(self.clusters + 1)
        np.add.at(value, self.node, (self.variant * np.log(p) + self.other * np.log1p(-p)).sum(1))
        return value

    @cached_property
    def for_kernels(self) -> tuple[Any, ...]:
        """The tuple that every kernel takes first."""
        return (self.start, self.variant, self.other, self.prob, *self.pooled, self.free)

    def log_likelihood(self, ccf: Array) -> float:
        """Exact binomial log-likelihood (nats) of cell fractions (K, S), read chances kept within `READ_FLOOR`."""
        p = np.clip(self.prob * ccf[self.node - 1], READ_FLOOR, 1 - READ_FLOOR)
        return float((self.variant * np.log(p) + self.other * np.log1p(-p)).sum() + self.constant)

    def columns(self, samples: tuple[int, ...]) -> ClusterReads:
        """The same clusters in some of the samples; the constant is left out."""
        at = list(samples)
        pick = [np.ascontiguousarray(a[:, at]) for a in (self.variant, self.other, self.prob)]
        return ClusterReads(self.start, pick[0], pick[1], pick[2], constant=0.0)


def pool(reads: Reads, clustering: Clustering) -> ClusterReads:
    """Pool the reads of a clustering; cluster k is node k."""
    variant, other, prob, start = [], [], [], [0, 0]
    for rows in clustering.clusters:
        at = np.asarray(rows, dtype=np.int64)
        kinds, kind = np.unique(reads.read_probability[at], axis=0, return_inverse=True)
        for g in range(len(kinds)):
            chosen = at[kind.ravel() == g]
            seen = reads.variant_reads[chosen].sum(0)
            variant.append(seen)
            other.append(reads.total_reads[chosen].sum(0) - seen)
            prob.append(kinds[g])
        start.append(len(variant))
    every = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in clustering.clusters])
    v, n = reads.variant_reads[every], reads.total_reads[every]
    constant = float((gammaln(n + 1.0) - gammaln(v + 1.0) - gammaln(n - v + 1.0)).sum())
    v_rows, r_rows, p_rows = (np.ascontiguousarray(np.array(a, dtype=np.float64)) for a in (variant, other, prob))
    return ClusterReads(np.array(start, dtype=np.int64), v_rows, r_rows, p_rows, constant=constant)
