"""Draws of tree and cell fractions together: what the reads leave open, for every statement of the story.

A tree is drawn by its probability. Then the reads are drawn anew, each cluster's from what its counts leave open
(a beta distribution with half a read added on either side), and the fractions are fitted again under the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reall.clones.posterior import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.counts import ClusterReads
    from reall.clones.model import TreePosterior

_HALF_READ = 0.5
_ROUGH = 0.02


@dataclass(frozen=True, eq=False)
class Draws:
    """`parents` (D, K + 1), the root's -1 first, and `ccf` (D, K + 1, S), the root's row 1."""

    parents: NDArray[np.int64]
    ccf: NDArray[np.float64]


def draw(counts: ClusterReads, posterior: TreePosterior, number: int, rng: np.random.Generator) -> Draws:
    """Draw `number` trees with fractions; trees are spread evenly over their probabilities."""
    probability = np.array([tree.probability for tree in posterior.trees])
    edges = np.cumsum(probability / probability.sum())
    points = (np.arange(number) + rng.random()) / number
    chosen = np.minimum(np.searchsorted(edges, points), len(edges) - 1)
    parents = np.array([(-1, *posterior.trees[i].parents) for i in chosen], dtype=np.int64)
    ccf = np.ones((number, counts.clusters + 1, counts.variant.shape[1]))
    start, variant, other, prob, *rest = counts.for_kernels
    total = variant + other
    for i in range(number):
        redrawn = total * rng.beta(variant + _HALF_READ, other + _HALF_READ)
        ccf[i, 1:], _ = fitted((start, redrawn, total - redrawn, prob, *rest), parents[i], _ROUGH)
    return Draws(parents, ccf)
