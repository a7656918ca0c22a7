"""What a sample can show: the detection limit, and whether a cluster is seen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc

from reall.clones.model import SampleSummary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.calling import CallingRule
    from reall.clones.counts import ClusterReads
    from reall.clones.model import Reads

_MISSED = 0.05


def detection_limit(depth: float, read_probability: float) -> float | None:
    """Smallest cell fraction that shows at least one read in 95 % of cases; `None` without reads.

    >>> round(detection_limit(417, 0.5), 4)
    0.0143
    """
    if depth <= 0:
        return None
    return float(min(1.0, (1 - _MISSED ** (1 / depth)) / read_probability))


def summarise(reads: Reads) -> tuple[SampleSummary, ...]:
    """Depth and detection limit per sample, for one variant at the median depth and read probability."""
    depth = np.median(reads.total_reads, axis=0)
    probability = np.median(reads.read_probability, axis=0)
    return tuple(
        SampleSummary(sample, float(depth[s]), detection_limit(float(depth[s]), float(probability[s])))
        for s, sample in enumerate(reads.samples)
    )


def at_least(
    variant: NDArray[np.float64], total: NDArray[np.float64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Binomial chance of at least `variant` of `total` reads."""
    tail = betainc(np.maximum(variant, 1.0), np.maximum(total - variant + 1.0, 1.0), chance)
    return np.where(variant > 0, tail, 1.0)


def seen(counts: ClusterReads, rule: CallingRule) -> NDArray[np.bool_]:
    """Say for each node and sample (K + 1, S) whether its reads show it: beyond error, and not below the smallest
    clone.

    The root counts as seen everywhere.
    """
    variant, other, probability = counts.pooled
    total = variant + other
    by_error = at_least(variant, total, np.full_like(variant, rule.read_error))
    share = np.divide(variant, total * probability, out=np.zeros_like(variant), where=total > 0)
    visible = (by_error < rule.error_tail) & (share >= rule.smallest_clone_called)
    visible[0] = True
    return np.asarray(visible)
