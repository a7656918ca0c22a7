"""Which moves on a tree can help: bounds from the prices of the fitted tree.

At the maximum every constraint `eta_k >= 0` has a price `lambda_k`. For any prices, `lambda_0 + sum_k F_k(lambda_k -
lambda_parent)` with `F_k(c) = max over phi of f_k(phi) + c * phi` bounds the log-likelihood of the tree from above, and
equals it at the best prices. A move changes the parents of a few nodes, so it changes a few terms of the sum. Two
bounds
follow: a table of `F` for every node under every possible parent (prices as they are), and, sharper, new prices for the
nodes that gain or lose a child. A move whose bound is not good enough needs no fit.
"""

# Kernels: their types are numba's, inferred at the first call and told in the docstrings; workspaces are passed
# in, so that
# an inner loop allocates nothing, which makes long signatures.
# mypy: disable-error-code="no-untyped-def,no-any-return"
# ruff: noqa: PLR0917

from __future__ import annotations

import math

from reall.clones.compiled import inner
from reall.clones.fitting import cluster_log_likelihood
from reall.clones.workspace import MOST_CHANGED

# Newton steps on one price, and on one fraction of a cluster with several read groups. A bound holds at any price.
PRICE_STEPS = 8
FRACTION_STEPS = 5


@inner
def _best_fraction(v, r, w, price):
    """The fraction that maximises `f(phi) + price * phi` over [0, 1]: the admissible root of a quadratic."""
    b = (v + r) * w - price
    root = math.sqrt(max(b * b + 4.0 * price * w * v, 0.0))
    # Two forms of the same root, so that nothing cancels.
    x = 2.0 * v / (b + root + 1e-300) if b > 0.0 else (root - b) / (2.0 * price * w + 1e-300)
    return min(max(x, 1e-9), 1.0)


@inner
def _refine_fractions(data, k, own, above, phi, slope, curve):
    """Correct the pooled fractions of a cluster whose read groups have different read probabilities."""
    start, variant, other, prob = data[:4]
    for _ in range(FRACTION_STEPS):
        for s in range(phi.shape[0]):
            slope[s] = own[s] - above[s]
            curve[s] = 1e-9
        for g in range(start[k], start[k + 1]):
            for s in range(phi.shape[0]):
                x = 1.0 / phi[s]
                y = prob[g, s] / (1.0 - prob[g, s] * phi[s] + 1e-12)
                slope[s] += variant[g, s] * x - other[g, s] * y
                curve[s] += variant[g, s] * x * x + other[g, s] * y * y
        for s in range(phi.shape[0]):
            x = phi[s] + slope[s] / curve[s]
            phi[s] = min(max(x, 0.3 * phi[s], 1e-9), 3.0 * phi[s] + 1e-6, 1.0)


@inner
def conjugate(data, k, own, above, scratch):
    """Sum over samples of `F_k(own - above)`; `own` and `above` are rows of prices."""
    start, _, _, _, v, r, w, _ = data
    phi = scratch[0]
    p = scratch[1]
    q = scratch[2]
    lp = scratch[3]
    lq = scratch[4]
    S = phi.shape[0]
    for s in range(S):
        phi[s] = _best_fraction(v[k, s], r[k, s], w[k, s], own[s] - above[s])
    if start[k + 1] - start[k] > 1:
        _refine_fractions(data, k, own, above, phi, lp, lq)
    total = 0.0
    for s in range(S):
        total += (own[s] - above[s]) * phi[s]
    return total + cluster_log_likelihood(data, k, phi, p, q, lp, lq)


@inner
def _add_demand(v, r, w, own, above, sign, slack, give):
    """Add `sign` times the wanted fraction to `slack`, and its change per unit of price to `give`."""
    for s in range(own.shape[0]):
        x = _best_fraction(v[s], r[s], w[s], own[s] - above[s])
        y = w[s] / (1.0 - w[s] * x + 1e-12)
        inside = 1.0 if 2e-9 < x < 1.0 else 0.0
        slack[s] += sign * x
        give[s] += inside / (v[s] / (x * x) + r[s] * y * y + 1e-9)


@inner
def reprice(data, k, parents, members, lam, scratch):
    """Move the price of node k close to its best value, every other price as it is. `members` are the placed nodes."""
    v, r, w = data[4:7]
    S = lam.shape[1]
    slack = scratch[5]
    give = scratch[6]
    low = scratch[7]
    high = scratch[8]
    for s in range(S):
        low[s] = 0.0
        high[s] = 1e12
    for _ in range(PRICE_STEPS):
        for s in range(S):
            slack[s] = 1.0 if k == 0 else 0.0
            give[s] = 1e-12
        if k > 0:
            _add_demand(v[k], r[k], w[k], lam[k], lam[parents[k]], 1.0, slack, give)
        for i in range(members.shape[0]):
            c = members[i]
            if parents[c] == k:
                _add_demand(v[c], r[c], w[c], lam[c], lam[k], -1.0, slack, give)
        for s in range(S):
            old = lam[k, s]
            high[s] = old if slack[s] > 0.0 else high[s]
            low[s] = low[s] if slack[s] > 0.0 else old
            limit = min(high[s], 8.0 * low[s] + 40.0)
            new = old - slack[s] / give[s]
            between = 0.5 * (low[s] + limit) if high[s] < 1e11 else limit
            new = new if low[s] <= new <= limit else between
            # A constraint that is slack at price nought keeps it.
            lam[k, s] = 0.0 if (slack[s] >= 0.0 and old <= 0.0) else new


@inner
def edge_table(data, members, lam, scratch, table):
    """Fill `table[c, p]` with the term of node c under parent p, prices as they are."""
    for i in range(members.shape[0]):
        c = members[i]
        for j in range(-1, members.shape[0]):
            k = 0 if j < 0 else members[j]
            if k != c:
                table[c, k] = conjugate(data, c, lam[c], lam[k], scratch)


@inner
def bound_after(data, trial, parents, members, changed, lam, saved, terms, scratch):
    """Bound the change of log-likelihood from tree `parents` to `trial`, pricing the nodes `changed` anew.

    `terms` holds the present term of every node of `parents`, 0 for a node that is not yet placed. `changed` ends
    at the first -1. `lam` is left as it was; `saved` is scratch.
    """
    S = lam.shape[1]
    n = 0
    while n < MOST_CHANGED and changed[n] >= 0:
        for s in range(S):
            saved[n, s] = lam[changed[n], s]
        n += 1
    for i in range(n):
        reprice(data, changed[i], trial, members, lam, scratch)
    total = 0.0
    for i in range(n):
        if changed[i] == 0:
            for s in range(S):
                total += lam[0, s] - saved[i, s]
    for i in range(members.shape[0]):
        c = members[i]
        touched = trial[c] != parents[c]
        for j in range(n):
            touched = touched or changed[j] == c or changed[j] == trial[c]
        if touched:
            total += conjugate(data, c, lam[c], lam[trial[c]], scratch) - terms[c]
    # A node may be listed twice: the first copy is the old price.
    for i in range(n - 1, -1, -1):
        for s in range(S):
            lam[changed[i], s] = saved[i, s]
    return total
