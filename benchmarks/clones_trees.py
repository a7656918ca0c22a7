"""Clone trees: likelihood, relationship loss, time and memory, beside the stored figures of other programs.

Run from the repository root: `python benchmarks/clones_trees.py [--shared ../shared] [--only NAME]`.
`bits` is the mean of -log2 likelihood per mutation and sample at the best fractions under the tree, read chances kept
within 1e-5 of 0 and 1; `loss` is the mean Jensen-Shannon divergence (bits) between the posterior of pairwise relations
and the relations of all trees that the generating fractions allow. Peers: `research/data/clones_baseline.csv`, and
PyClone-VI where it is installed.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import math
import os
import platform
import resource
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from reall.clones.counts import pool
from reall.clones.model import Role, Settings
from reall.clones.posterior import fitted, tree_posterior
from reall.clones.reads import read_ssm
from reall.clones.story import _given

TRUTH_TREES, TRUTH_STEPS = 5000, 150_000


def baseline(path):
    """Best stored bits, and seconds and losses by method, for every data set."""
    rows = defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["status"] == "ok" and row["bits_best_mle"]:
                rows[row["dataset"]][row["method"]] = row
    return rows


def bits(counts, reads, clustering, parents):
    """Mean -log2 likelihood per mutation and sample."""
    ccf, _ = fitted(counts.for_kernels, np.array((-1, *parents)), 1e-6)
    mutations = sum(len(rows) for rows in clustering.clusters)
    return -counts.log_likelihood(ccf) / (mutations * len(reads.samples)) / math.log(2)


def relations(trees):
    """Probability (K, K, 4) that the row's cluster is above, below, the same as or beside the column's."""
    clusters = len(trees[0][0])
    out = np.zeros((clusters, clusters, 4))
    total = sum(weight for _, weight in trees)
    for parents, weight in trees:
        above = np.zeros((clusters + 1, clusters + 1), dtype=bool)
        for k in range(1, clusters + 1):
            node = parents[k - 1]
            while node:
                above[node, k] = True
                node = parents[node - 1]
        kind = np.full((clusters, clusters), 3)
        kind[above[1:, 1:]] = 0
        kind[above[1:, 1:].T] = 1
        np.fill_diagonal(kind, 2)
        np.put_along_axis(out, kind[..., None], np.take_along_axis(out, kind[..., None], 2) + weight / total, 2)
    return out


def loss(found, truth, sizes):
    """Mean Jensen-Shannon divergence over pairs of mutations; pairs within a cluster count as right."""
    middle = (found + truth) / 2

    def divergence(p):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(p > 0, p * np.log2(p / middle), 0.0).sum(-1)

    each = (divergence(found) + divergence(truth)) / 2
    mutations = sizes.sum()
    return (np.outer(sizes, sizes) * each).sum() / 2 / (mutations * (mutations - 1) / 2)


def allowed_trees(fraction):
    """Every tree that the generating fractions (K + 1, S) allow; none when there are too many."""
    order = np.argsort(-fraction.sum(1), kind="stable")
    left, parent, found, steps = fraction.copy(), [-1] * len(fraction), [], 0

    def place(t):
        nonlocal steps
        if t == len(order):
            found.append((tuple(parent[1:]), 1.0))
            return len(found) <= TRUTH_TREES
        node = order[t]
        for above in order[:t]:
            steps += 1
            if steps > TRUTH_STEPS:
                return False
            if (left[above] - fraction[node] >= -1e-10).all():
                left[above] -= fraction[node]
                parent[node] = int(above)
                go_on = place(t + 1)
                left[above] += fraction[node]
                if not go_on:
                    return False
        return True

    return found if place(1) else None


def told(path, params, *, patient_only=False):
    """Posterior of one data set, with the processor seconds it took, as the stored figures of the peers."""
    reads = read_ssm(path, params)
    clustering = _given(reads, reads.given_clusters)
    counts = pool(reads, clustering)
    if patient_only:
        counts = counts.columns(tuple(i for i, s in enumerate(reads.samples) if s.role is not Role.XENOGRAFT))
    begin = time.process_time()
    posterior = tree_posterior(counts, Settings())
    return reads, clustering, counts, posterior, time.process_time() - begin


def seconds(rows):
    return "  ".join(f"{name} {float(row['cpu_s']):.1f} s" for name, row in sorted(rows.items()) if row["cpu_s"])


def patients(folder, stored, only):
    """The patients of Dobson 2020, all samples, then the child's own samples."""
    total = own_total = 0.0
    print("\npatient (clusters, samples)            bits  best peer        seconds  own samples  trees   peers, cpu")
    for path in sorted(folder.glob("*.ssm")):
        if only and only not in path.name:
            continue
        params = path.with_suffix(".nostruct.params.json")
        reads, clustering, counts, posterior, took = told(path, params)
        *_, own_took = told(path, params, patient_only=True)
        total, own_total = total + took, own_total + own_took
        mine = bits(counts, reads, clustering, posterior.trees[0].parents)
        peers = stored.get(path.stem, {})
        best = min((float(row["bits_best_mle"]) for row in peers.values()), default=math.nan)
        sign = "" if math.isnan(best) else ("not worse" if mine <= best + 6e-5 else "WORSE")
        shape = f"{path.stem} ({counts.clusters}, {len(reads.samples)})"
        print(
            f"{shape:36s} {mine:8.4f} {best:8.4f} {sign:9s} {took:7.3f} {own_took:9.3f} {posterior.method:>14s} "
            f"{len(posterior.trees):5d}   {seconds(peers)}"
        )
    print(f"all: {total:.2f} s, own samples only: {own_total:.2f} s")


def simulations(folder, stored, only):
    """The simulations: bits against the generating fractions, losses of the best tree and of the posterior."""
    print(
        "\nsimulation                          bits - truth  peer  loss best / posterior  peer's post.  seconds  peers"
    )
    for path in sorted(folder.glob("*.ssm")):
        if only and only not in path.name:
            continue
        reads, clustering, counts, posterior, took = told(path, path.with_suffix(".params.json"))
        truth = np.load(path.with_suffix(".truth.npz"), allow_pickle=False)
        mutations = sum(len(rows) for rows in clustering.clusters)
        at_truth = -counts.log_likelihood(truth["phi"][1:]) / (mutations * len(reads.samples)) / math.log(2)
        mine = bits(counts, reads, clustering, posterior.trees[0].parents)
        peers = stored.get(path.stem, {})
        best = min((float(row["bits_best_mle"]) for row in peers.values()), default=math.nan)
        post = min((float(row["rrl_post"]) for row in peers.values() if row["rrl_post"]), default=math.nan)
        trees = allowed_trees(truth["phi"]) or [(tuple(truth["structure"].tolist()), 1.0)]
        true = relations(trees)
        sizes = np.array([len(rows) for rows in clustering.clusters])
        of_best = loss(relations([(posterior.trees[0].parents, 1.0)]), true, sizes)
        of_all = loss(relations([(tree.parents, tree.probability) for tree in posterior.trees]), true, sizes)
        print(
            f"{path.stem:36s} {mine - at_truth:9.4f} {best - at_truth:9.4f}   {of_best:.3f} / {of_all:.3f} "
            f"{post:14.3f} {took:10.3f}  {posterior.method} {len(posterior.trees)}  {seconds(peers)}"
        )


def main():
    """Print the machine, then both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("REALL_SHARED", "../shared")))
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one core used")
    print(
        "installed peers:", [name for name in ("pyclone_vi", "phyclone", "metient") if importlib.util.find_spec(name)]
    )
    stored = baseline(chosen.shared / "research" / "data" / "clones_baseline.csv")
    begin = time.process_time()
    told(
        chosen.shared / "data/dobson_ball/SJBALL031.ssm",
        chosen.shared / "data/dobson_ball/SJBALL031.nostruct.params.json",
    )
    told(chosen.shared / "data/clone_sims/sim_K10_S1_T200_M100_G0_run1.ssm", None)
    print(f"first calls (compile once per machine, then load), processor seconds: {time.process_time() - begin:.1f} s")
    patients(chosen.shared / "data" / "dobson_ball", stored, chosen.only)
    simulations(chosen.shared / "data" / "clone_sims", stored, chosen.only)
    print(f"\nlargest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
