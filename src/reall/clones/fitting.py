"""Exact maximum-likelihood cell fractions under a tree, all samples side by side.

For one sample and one tree the task is concave: maximise `sum_k f_k(phi_k)` over the fractions `phi`, where every node
keeps at least the sum of its children, `eta_k = phi_k - sum(children) >= 0`, and the normal root holds 1. `f_k` is the
exact binomial log-likelihood of the cluster's reads. It is solved by a primal-dual interior point method. Its Newton
system couples a node with its parent and siblings only, so one pass up and one pass down the tree solve it in O(K); the
sum of `lambda * eta` bounds how far the value still is from the maximum. Rows are nodes (0 the normal root), columns
samples, and the inner loops run over samples, so that they become vector instructions.

Kernels take the reads as the tuple that `reall.clones.counts.ClusterReads.for_kernels` makes: `start` (K + 2,),
the read
groups of node k are `start[k]:start[k + 1]`; `variant`, `other`, `prob` (groups, S); `v`, `r`, `w` (K + 1, S) the same
pooled per node; `free` (K + 1, S) the fractions without a tree.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

import numpy as np

from reall.clones.compiled import inner, kernel
from reall.clones.workspace import (
    BY_ETA,
    BY_LAM,
    CURVE,
    ETA,
    GAP,
    INV,
    LAM,
    MU,
    ORDER,
    PHI,
    PLACED,
    PRICE,
    PULL,
    REST,
    SHIFT,
    SLOPE,
    STACK,
)

# The size of `lambda * eta` to start from, in nats; anything from 1 to 10 takes about the same number of steps.
CENTRE = 3.0
STEP_LIMIT = 60
NO_LIMIT = -1e300


@inner
def topological_order(parents, members, rows):
    """Fill the first of `rows` with the root and `members`, parents first; returns how many."""
    order, seen, stack = rows[ORDER], rows[PLACED], rows[STACK]
    for c in range(parents.shape[0]):
        seen[c] = 0
    seen[0] = 1
    order[0] = 0
    count = 1
    for i in range(members.shape[0]):
        node = members[i]
        depth = 0
        while not seen[node]:
            stack[depth] = node
            depth += 1
            seen[node] = 1
            node = parents[node]
        while depth > 0:
            depth -= 1
            order[count] = stack[depth]
            count += 1
    return count


@inner
def _slopes(data, k, phi, slope, curve):
    """First and (negated) second derivative of f_k for every sample, summed over the cluster's read groups."""
    start, variant, other, prob = data[:4]
    for s in range(phi.shape[0]):
        slope[s] = 0.0
        curve[s] = 1e-9
    for g in range(start[k], start[k + 1]):
        vg = variant[g]
        rg = other[g]
        wg = prob[g]
        for s in range(phi.shape[0]):
            x = 1.0 / phi[s]
            y = wg[s] / (1.0 - wg[s] * phi[s])
            vx = vg[s] * x
            ry = rg[s] * y
            slope[s] += vx - ry
            curve[s] += vx * x + ry * y


@inner
def _begin(order, count, parents, free, work):
    """Begin at the free fractions, lifted just inside the tree's constraints."""
    S = free.shape[1]
    phi = work[PHI]
    eta = work[ETA]
    lam = work[LAM]
    total = work[GAP, 0]
    for s in range(S):
        total[s] = 0.0
    floor = 0.2 / count
    for i in range(count):
        k = order[i]
        for s in range(S):
            eta[k, s] = free[k, s]
            if i > 0:
                eta[parents[k], s] -= free[k, s]
    for i in range(count):
        k = order[i]
        for s in range(S):
            eta[k, s] = max(eta[k, s], min(floor, 0.1 * free[k, s] + 1e-4))
            total[s] += eta[k, s]
    for i in range(count):
        k = order[i]
        for s in range(S):
            eta[k, s] /= total[s]
            phi[k, s] = eta[k, s]
            lam[k, s] = CENTRE / eta[k, s]
    for i in range(count - 1, 0, -1):
        k = order[i]
        for s in range(S):
            phi[parents[k], s] += phi[k, s]


@inner
def _fold(eta, lam, inv, shift, pull, rest, slope, curve, pull_above, rest_above, mu):
    """Fold a node's quadratic into its parent's sums; `curve` and `slope` turn into yield and wish of the node."""
    for s in range(eta.shape[0]):
        il = 1.0 / lam[s]
        t = 1.0 / (eta[s] * il + pull[s])
        u = mu[s] * il + rest[s]
        inv[s] = t
        shift[s] = u
        a = 1.0 / (curve[s] + t)
        b = (slope[s] + u * t) * a
        curve[s] = a
        slope[s] = b
        pull_above[s] += a
        rest_above[s] += b


@inner
def _unfold(eta, lam, inv, shift, slope, curve, price, price_above, mu, brake_eta, brake_lam):
    """Unfold a node: its move (left in `slope`), its new price, and how long a step its own constraint allows."""
    for s in range(eta.shape[0]):
        d = slope[s] + curve[s] * price_above[s]
        slope[s] = d
        x = (d - shift[s]) * inv[s]
        price[s] = x
        de = (mu[s] + x * eta[s]) / lam[s]
        brake_eta[s] = max(brake_eta[s], -de / eta[s])
        brake_lam[s] = max(brake_lam[s], (x + lam[s]) / lam[s])


@inner
def _advance(phi, eta, lam, move, price, mu, by_eta, by_lam, gap):
    for s in range(phi.shape[0]):
        de = (mu[s] + price[s] * eta[s]) / lam[s]
        phi[s] += by_eta[s] * move[s]
        eta[s] += by_eta[s] * de
        lam[s] += by_lam[s] * (-price[s] - lam[s])
        gap[s] += eta[s] * lam[s]


@inner
def _newton(data, order, count, parents, work, mu, by_eta, by_lam, gap):
    """One primal-dual step for every sample; `gap` returns `sum(lambda * eta)` per sample."""
    S = mu.shape[0]
    for i in range(count):
        k = order[i]
        for s in range(S):
            work[PULL, k, s] = 0.0
            work[REST, k, s] = 0.0
            work[SLOPE, k, s] = 0.0
            work[CURVE, k, s] = 1e300 if i == 0 else 0.0
    for s in range(S):
        by_eta[s] = 1e-9
        by_lam[s] = 1e-9
        gap[s] = 0.0
        work[PRICE, 0, s] = 0.0
    for i in range(count - 1, -1, -1):
        k = order[i]
        p = parents[k] if i > 0 else 0
        if i > 0:
            _slopes(data, k, work[PHI, k], work[SLOPE, k], work[CURVE, k])
        # The root is folded into its own spent sums: its fraction is fixed, which an endless curvature says.
        _fold(work[ETA, k], work[LAM, k], work[INV, k], work[SHIFT, k], work[PULL, k], work[REST, k],
              work[SLOPE, k], work[CURVE, k], work[PULL, p], work[REST, p], mu)  # fmt: skip
    for i in range(count):
        k = order[i]
        p = parents[k] if i > 0 else 0
        _unfold(work[ETA, k], work[LAM, k], work[INV, k], work[SHIFT, k], work[SLOPE, k], work[CURVE, k],
                work[PRICE, k], work[PRICE, p], mu, by_eta, by_lam)  # fmt: skip
    for s in range(S):
        by_eta[s] = min(1.0, 0.995 / by_eta[s])
        by_lam[s] = min(1.0, 0.995 / by_lam[s])
    for i in range(count):
        k = order[i]
        _advance(work[PHI, k], work[ETA, k], work[LAM, k], work[SLOPE, k], work[PRICE, k], mu, by_eta, by_lam, gap)


@inner
def log_row(x, bits, out):
    """Natural logarithm of a row of positive numbers, written so that it becomes vector instructions.

    `bits` is the same memory seen as integers; both are spent. The series in `((m - 1) / (m + 1))**2`, m within
    [0.71, 1.41], is exact to 1e-15.
    """
    for s in range(x.shape[0]):
        b = bits[s]
        out[s] = (b >> 52) - 1023
        bits[s] = (b & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000
    for s in range(x.shape[0]):
        m = x[s]
        high = m > 1.4142135623730951
        m = 0.5 * m if high else m
        e = out[s] + (1.0 if high else 0.0)
        q = (m - 1.0) / (m + 1.0)
        z = q * q
        tail = 1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z / 19)))
        series = 1.0 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * tail))))
        out[s] = e * 0.6931471805599453 + 2.0 * q * series


@inner
def cluster_log_likelihood(data, k, phi, p, q, lp, lq):
    """Sum of `v ln P + r ln(1 - P)` over the read groups of node k and samples, `P = prob * phi`, without the binomial
    coefficients; the last four rows are spent."""
    start, variant, other, prob = data[:4]
    total = 0.0
    for g in range(start[k], start[k + 1]):
        for s in range(phi.shape[0]):
            x = min(max(prob[g, s] * phi[s], 1e-12), 1.0 - 1e-12)
            p[s] = x
            q[s] = 1.0 - x
        log_row(p, p.view(np.int64), lp)
        log_row(q, q.view(np.int64), lq)
        for s in range(phi.shape[0]):
            total += variant[g, s] * lp[s] + other[g, s] * lq[s]
    return total


@inner
def log_likelihood(data, order, count, work):
    """Sum of the log-likelihoods of the placed nodes at their fractions in `work`."""
    # Rows that every Newton step fills anew.
    p, q, lp, lq = work[INV, 0], work[SHIFT, 0], work[PULL, 0], work[REST, 0]
    total = 0.0
    for i in range(1, count):
        total += cluster_log_likelihood(data, order[i], work[PHI, order[i]], p, q, lp, lq)
    return total


@kernel
def fit(data, parents, members, rows, work, tolerance, needed):
    """Fit the nodes `members` of a tree; leaves fractions and prices in `work` and returns the log-likelihood.

    `rows` and `work` are `order` and `work` of a `Space`.
    The value is below the true maximum by less than `tolerance` nats in total. A fit that cannot reach `needed` is
    abandoned, and then the value only says so.
    """
    free = data[7]
    S = free.shape[1]
    count = topological_order(parents, members, rows)
    order = rows[ORDER]
    mu, by_eta, by_lam, gap = work[MU, 0], work[BY_ETA, 0], work[BY_LAM, 0], work[GAP, 0]
    _begin(order, count, parents, free, work)
    for s in range(S):
        mu[s] = CENTRE
    for step in range(STEP_LIMIT):
        _newton(data, order, count, parents, work, mu, by_eta, by_lam, gap)
        total = 0.0
        worst = 1.0
        for s in range(S):
            total += gap[s]
            short = min(by_eta[s], by_lam[s])
            worst = min(worst, short)
            # Aim at a tenth of the gap after a full step; less boldly where the last step was cut short.
            mu[s] = gap[s] / count * (0.08 if short > 0.9 else (0.3 if short > 0.5 else 0.8))
        if total < tolerance and worst > 0.9:
            break
        hopeless = step in (5, 8) and needed > NO_LIMIT
        if hopeless and log_likelihood(data, order, count, work) + 2.0 * total + 1.0 < needed:
            break
    return log_likelihood(data, order, count, work)
