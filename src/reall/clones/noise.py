"""Draws of tree and cell fractions together: what the reads leave open, for every statement of the story.

A tree is drawn by its probability. Then the reads are drawn anew, each cluster's from what its counts leave open, and
the fractions are fitted again under the tree. What the counts leave open rests on one prior: before the reads, each
order of magnitude of a share is as likely as the next, from one cell on. That is how a clone is distributed that grows
exponentially and was born at an unknown time, and it adds no reads to those counted.
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

_ROUGH = 0.02


@dataclass(frozen=True, eq=False)
class Draws:
    """`parents` (D, K + 1), the root's -1 first, and `ccf` (D, K + 1, S), the root's row 1."""

    parents: NDArray[np.int64]
    ccf: NDArray[np.float64]


def draw(
    counts: ClusterReads, posterior: TreePosterior, number: int, smallest_share: float, rng: np.random.Generator
) -> Draws:
    """Draw `number` trees with fractions; trees are spread evenly over their probabilities.

    `smallest_share` is the least share of cells that a clone can have.
    """
    probability = np.array([tree.probability for tree in posterior.trees])
    edges = np.cumsum(probability / probability.sum())
    points = (np.arange(number) + rng.random()) / number
    chosen = np.minimum(np.searchsorted(edges, points), len(edges) - 1)
    parents = np.array([(-1, *posterior.trees[i].parents) for i in chosen], dtype=np.int64)
    ccf = np.ones((number, counts.clusters + 1, counts.variant.shape[1]))
    start, variant, other, prob, *rest = counts.for_kernels
    total = variant + other
    for i in range(number):
        redrawn = total * share_of_reads(variant, other, smallest_share, rng)
        ccf[i, 1:], _ = fitted((start, redrawn, total - redrawn, prob, *rest), parents[i], _ROUGH)
    return Draws(parents, ccf)


def share_of_reads(
    variant: NDArray[np.float64], other: NDArray[np.float64], smallest: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the share of variant reads that the counts leave open, for arrays of any one shape.

    Without a variant read, a share is drawn from the prior until no read would have shown it, by chance.
    """
    share = rng.beta(np.maximum(variant, 1.0), other + 1.0)
    unseen = np.flatnonzero(variant == 0)
    while len(unseen):
        tried = smallest ** rng.random(len(unseen))
        share.flat[unseen] = tried
        missed = rng.random(len(unseen)) < (1.0 - tried) ** other.flat[unseen]
        unseen = unseen[~missed]
    return share
