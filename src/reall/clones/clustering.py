"""Group variants into subclones: a mixture of binomials or beta-binomials, fitted by variational inference on a grid.

Every cluster has one cell fraction per sample. Its posterior is kept on a grid of fractions, so that read
probabilities may
differ from variant to variant and sample to sample. Memberships and weights have their usual variational forms. After
convergence, clusters are merged as long as the evidence of the hard clustering grows, which chooses their number; the
same evidence chooses the overdispersion and weighs the clusterings of several starts. A component that puts every
fraction at random takes up outliers, and variants with more reads than any fraction explains are left out beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, digamma, gammaln, logsumexp

from reall.clones.model import Clustering
from reall.clones.sight import at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reall.clones.model import Reads, Settings

    Array = NDArray[np.float64]

_GRID_POINTS = 151
_READ_FLOOR = 1e-3
# Precisions of the beta-binomial that are tried; none means binomial.
_PRECISIONS: tuple[float | None, ...] = (None, 1000.0, 200.0)
_STARTS = 2
_ROUNDS = 60
_CLOSE = 1e-4
_CONCENTRATION = 1.0
# Prior weight of the random component, in variants.
_RANDOM_WEIGHT = 0.05
_IMPOSSIBLE = 1e-6
# Clusters are learned from at most so many variants and table entries; the others are then assigned.
_MOST_LEARNED = 3000
_MOST_ENTRIES = 12_000_000
_BLOCK = 2000
_ALTERNATIVES = 3
_LEAST_WEIGHT = 0.01


def infer_clusterings(reads: Reads, settings: Settings) -> list[Clustering]:
    """Cluster the variants; the most probable clustering first, with a few alternatives, probabilities summing to 1.

    At most `settings.max_clusters` clusters. The same seed gives the same clusters.
    """
    rng = np.random.default_rng(settings.seed)
    usable, left_out = _usable(reads)
    learned = _sample(usable, reads.variant_reads.shape[1], rng)
    found: dict[tuple[int, ...], tuple[float, float | None]] = {}
    for precision in _PRECISIONS if settings.overdispersion else (None,):
        table = _log_table(reads, learned, precision)
        for _ in range(_STARTS):
            label = _fit(table, _first_guess(reads, learned, settings.max_clusters, rng))
            label, evidence = _merged(table, label)
            if evidence > found.get(tuple(label), (-np.inf, None))[0]:
                found[tuple(label)] = (evidence, precision)
    best = sorted(found.items(), key=lambda item: -item[1][0])[:_ALTERNATIVES]
    weight = np.exp([evidence - best[0][1][0] for _, (evidence, _) in best])
    kept = [i for i in range(len(best)) if weight[i] / weight.sum() >= _LEAST_WEIGHT]
    total = sum(weight[i] for i in kept)
    return [
        _clustering(
            reads,
            usable=usable,
            left_out=left_out,
            learned=learned,
            label=np.array(best[i][0]),
            how=best[i][1],
            probability=float(weight[i] / total),
        )
        for i in kept
    ]


def _usable(reads: Reads) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to cluster, and rows left out: named garbage, without reads, or with more reads than a full clone gives."""
    expected = np.minimum(reads.read_probability + _READ_FLOOR, 1.0)
    tail = at_least(reads.variant_reads.astype(float), reads.total_reads.astype(float), expected)
    too_many = (tail < _IMPOSSIBLE).any(axis=1)
    garbage = set(reads.garbage)
    named = np.array([variant.id in garbage for variant in reads.variants])
    out = too_many | named | (reads.total_reads.sum(1) == 0) | (reads.variant_reads.sum(1) == 0)
    if out.all():
        out = named | (reads.total_reads.sum(1) == 0)
    if out.all():
        out = np.zeros(len(named), dtype=bool)
    return np.flatnonzero(~out), np.flatnonzero(out)


def _sample(rows: NDArray[np.int64], samples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    most = max(50, min(_MOST_LEARNED, _MOST_ENTRIES // (samples * _GRID_POINTS)))
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _grid() -> Array:
    """Fractions from 0 to 1, dense at both ends, where read counts tell most."""
    return np.asarray(np.sin(np.linspace(0.0, np.pi / 2, _GRID_POINTS)) ** 2)


def _log_table(reads: Reads, rows: NDArray[np.int64], precision: float | None) -> NDArray[np.float32]:
    """Log-likelihood (rows, S, grid) of each variant's reads at each fraction."""
    v = reads.variant_reads[rows][..., None].astype(float)
    n = reads.total_reads[rows][..., None].astype(float)
    p = np.clip(reads.read_probability[rows][..., None] * _grid(), _READ_FLOOR, 1 - _READ_FLOOR)
    if precision is None:
        value = v * np.log(p) + (n - v) * np.log1p(-p)
    else:
        a, b = precision * p, precision * (1 - p)
        value = betaln(v + a, n - v + b) - betaln(a, b)
    return np.asarray(value + gammaln(n + 1) - gammaln(v + 1) - gammaln(n - v + 1), dtype=np.float32)


def _first_guess(reads: Reads, rows: NDArray[np.int64], clusters: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Seeds far from each other (as in k-means++), every variant with its nearest seed."""
    n = np.maximum(reads.total_reads[rows] * reads.read_probability[rows], 1e-9)
    points = np.arcsin(np.sqrt(np.clip(reads.variant_reads[rows] / n, 0, 1)))
    chosen = [int(rng.integers(len(rows)))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(1)
    while len(chosen) < min(clusters, len(rows)) and nearest.max() > 1e-12:
        chosen.append(int(rng.choice(len(rows), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
    distance = np.stack([((points - points[c]) ** 2).sum(1) for c in chosen])
    return np.asarray(distance.argmin(0))


def _fit(table: NDArray[np.float32], label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Variational rounds from a first guess; returns hard labels, -1 for the random component."""
    M, S, G = table.shape
    K = int(label.max()) + 1
    flat = table.reshape(M, S * G)
    random = (logsumexp(table, axis=2) - np.log(G)).sum(1)
    member = np.zeros((M, K + 1))
    member[np.arange(M), label] = 1.0
    for _ in range(_ROUNDS):
        fraction = (member[:, :K].T.astype(np.float32) @ flat).reshape(K, S, G).astype(float)
        fraction = np.exp(fraction - logsumexp(fraction, axis=2, keepdims=True))
        prior = np.append(np.full(K, _CONCENTRATION / K), _RANDOM_WEIGHT)
        weight = digamma(prior + member.sum(0))
        score = np.empty((M, K + 1))
        score[:, :K] = flat @ fraction.reshape(K, S * G).T.astype(np.float32)
        score[:, K] = random
        score += weight
        new = np.exp(score - logsumexp(score, axis=1, keepdims=True))
        change = np.abs(new - member).max()
        member = new
        if change < _CLOSE:
            break
    best = member.argmax(1)
    return np.where(best == K, -1, best)


def _merged(table: NDArray[np.float32], label: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
    """Merge clusters while the evidence of the hard clustering grows; returns labels from 0 and the evidence.

    The prior of a partition is that of a Chinese restaurant process; fractions are uniform on the grid.
    """
    names = [k for k in np.unique(label) if k >= 0]
    sums = [table[label == k].sum(0, dtype=float) for k in names]
    sizes = [int((label == k).sum()) for k in names]
    groups = [[k] for k in names]
    alone = [_evidence(s, n) for s, n in zip(sums, sizes, strict=True)]
    gain = {
        (i, j): _evidence(sums[i] + sums[j], sizes[i] + sizes[j]) - alone[i] - alone[j]
        for i in range(len(names))
        for j in range(i)
    }
    alive = set(range(len(names)))
    while gain:
        (i, j), best = max(gain.items(), key=lambda item: item[1])
        if best <= 0:
            break
        sums[j], sizes[j] = sums[i] + sums[j], sizes[i] + sizes[j]
        groups[j] += groups[i]
        alone[j] = _evidence(sums[j], sizes[j])
        alive.discard(i)
        gain = {pair: value for pair, value in gain.items() if i not in pair and j not in pair}
        for k in alive - {j}:
            together = _evidence(sums[k] + sums[j], sizes[k] + sizes[j])
            gain[max(k, j), min(k, j)] = together - alone[k] - alone[j]
    out = np.full(len(label), -1)
    for number, i in enumerate(sorted(alive)):
        out[np.isin(label, groups[i])] = number
    outliers = table[out < 0]
    evidence = sum(alone[i] for i in alive)
    evidence += float((logsumexp(outliers, axis=2) - np.log(_GRID_POINTS)).sum())
    return out, evidence + int((out < 0).sum()) * float(np.log(_RANDOM_WEIGHT))


def _evidence(sums: Array, size: int) -> float:
    fractions = (logsumexp(sums, axis=1) - np.log(_GRID_POINTS)).sum()
    return float(fractions + gammaln(size) + np.log(_CONCENTRATION))


def _clustering(
    reads: Reads,
    *,
    usable: NDArray[np.int64],
    left_out: NDArray[np.int64],
    learned: NDArray[np.int64],
    label: NDArray[np.int64],
    how: tuple[float, float | None],
    probability: float,
) -> Clustering:
    """Assign the variants that were not learned from, and order the clusters from the most frequent on."""
    evidence, precision = how
    K = int(label.max()) + 1
    if K == 0:  # every variant on its own looks random: keep them as one cluster rather than none
        label, K = np.zeros_like(label), 1
    table = _log_table(reads, learned, precision)
    sums = np.stack([table[label == k].sum(0, dtype=float) for k in range(K)])
    fraction = np.exp(sums - logsumexp(sums, axis=2, keepdims=True)).reshape(K, -1)
    weight = np.log([(label == k).sum() for k in range(K)])
    where = dict(zip(learned.tolist(), label.tolist(), strict=True))
    rest = np.array([row for row in usable.tolist() if row not in where], dtype=np.int64)
    for begin in range(0, len(rest), _BLOCK):
        rows = rest[begin : begin + _BLOCK]
        block = _log_table(reads, rows, precision)
        score = block.reshape(len(rows), -1) @ fraction.T + weight
        random = (logsumexp(block, axis=2) - np.log(_GRID_POINTS)).sum(1) + np.log(_RANDOM_WEIGHT)
        where.update(zip(rows.tolist(), np.where(random > score.max(1), -1, score.argmax(1)).tolist(), strict=True))
    members = [tuple(sorted(row for row, k in where.items() if k == number)) for number in range(K)]
    frequency = (fraction.reshape(K, -1, _GRID_POINTS) @ _grid()).sum(1)
    order = sorted(range(K), key=lambda k: -frequency[k])
    outliers = sorted([*left_out.tolist(), *(row for row, k in where.items() if k < 0)])
    return Clustering(tuple(members[k] for k in order), tuple(outliers), probability, evidence, given=False)
