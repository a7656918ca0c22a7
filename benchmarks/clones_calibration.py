"""Are the origin probabilities of `reall clones` true? A reliability diagram over simulated relapses.

    python benchmarks/clones_calibration.py --patients 1000 --jobs 2 --picture reliability.png

Patients differ in depth, purity, number of mutations and sequencing error. For every answer the stated probability is
compared with how often it was right. The aim: an answer stated with 80 % is right in 75 to 85 % of cases.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from reall.clones.calling import load_calling_rule
from reall.clones.evolution import Biology
from reall.clones.model import Call, Settings
from reall.clones.reads import checked
from reall.clones.simulate import Sequencing, simulate_relapses
from reall.clones.story import tell
from reall.clones.truth import true_origin

_EDGES = (0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0)
_DEPTHS = (60.0, 150.0, 400.0)
_PASSENGERS = (0.01, 0.04)
_BATCH = 25


@dataclass(frozen=True)
class Answer:
    """One patient: the probability of each answer, the call, and the truth."""

    probabilities: dict[Call, float]
    call: Call
    truth: Call
    mutations: int


def answers(job: tuple[int, int, str, str]) -> list[Answer]:
    """Simulate and tell one batch; the seed of the batch decides everything."""
    seed, count, clusters, sight = job
    rng = np.random.default_rng(seed)
    sequencing = Sequencing(mean_depth=float(rng.choice(_DEPTHS)), error_per_read=float(rng.choice([1e-5, 2e-4])))
    biology = Biology(passengers_per_day=float(rng.choice(_PASSENGERS)), second_leukaemia_probability=0.05)
    found = []
    for patient in simulate_relapses(count, biology=biology, sequencing=sequencing, rng=rng):
        reads = checked(patient.to_reads(with_clusters=clusters == "given"))
        story = tell(reads, Settings(seed=seed, clusters=clusters))
        (origin,) = story.origins
        by_reads = frozenset(s.cluster for s in story.sightings if origin.diagnosis in s.seen_in)
        truth = true_origin(patient, load_calling_rule(), by_reads if sight == "reads" else None)
        found.append(Answer(dict(origin.probabilities), origin.call, truth, len(patient.cluster)))
    return found


def reliability(stated: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int, float, float]]:
    """Give, per bin, its edges, the number of statements, the mean stated probability and the share right."""
    rows = []
    for low, high in pairwise(_EDGES):
        inside = (stated >= low) & ((stated < high) | (high == 1.0))
        if inside.any():
            rows.append((low, high, int(inside.sum()), float(stated[inside].mean()), float(right[inside].mean())))
    return rows


def report(found: list[Answer], seconds: float, clusters: str) -> str:
    """Write the table."""
    calls = [call for call in Call if call is not Call.UNDECIDED]
    top = [max(answer.probabilities.items(), key=lambda pair: pair[1]) for answer in found]
    best = np.array([share for _, share in top])
    hit = np.array([call is answer.truth for (call, _), answer in zip(top, found, strict=True)])
    every = np.array([answer.probabilities.get(call, 0.0) for answer in found for call in calls])
    correct = np.array([call is answer.truth for answer in found for call in calls])
    decided = np.array([answer.call is not Call.UNDECIDED for answer in found])
    lines = [
        f"machine: {platform.machine()}, Python {platform.python_version()}",
        f"clusters {clusters}; {len(found)} patients in {seconds:.1f} s",
        f"truth: {dict(Counter(str(answer.truth) for answer in found))}",
        f"calls: {dict(Counter(str(answer.call) for answer in found))}",
        f"most probable answer right: {hit.mean():.3f} of all",
        f"of the {decided.sum()} decided: {hit[decided].mean():.3f}",
        f"mean stated probability of it: {best.mean():.3f}",
        f"Brier score over all answers: {np.mean((every - correct) ** 2) * len(calls):.4f}",
    ]
    for title, stated, right in (("most probable answer", best, hit), ("every answer", every, correct)):
        lines.append(f"{title}:  stated between | n | mean stated | right | 95 % range expected if calibrated")
        for low, high, count, mean, share in reliability(stated, right):
            spread = 1.96 * np.sqrt(max(mean * (1 - mean), 1e-9) / count)
            lines.append(
                f"  {low:4.2f} to {high:4.2f} | {count:5d} | {mean:.3f} | {share:.3f} | "
                f"{max(0, mean - spread):.3f} to {min(1, mean + spread):.3f}"
            )
    near = (best >= 0.75) & (best < 0.85)
    if near.any():
        lines.append(f"stated 75 to 85 %: right in {hit[near].mean():.3f} of {near.sum()} (aim 0.75 to 0.85)")
    return "\n".join(lines)


def picture(found: list[Answer], path: Path) -> None:
    """Draw the reliability diagram of every answer."""
    calls = [call for call in Call if call is not Call.UNDECIDED]
    stated = np.array([answer.probabilities.get(call, 0.0) for answer in found for call in calls])
    right = np.array([call is answer.truth for answer in found for call in calls])
    rows = reliability(stated, right)
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    means, shares = [row[3] for row in rows], [row[4] for row in rows]
    errors = [1.96 * np.sqrt(max(s * (1 - s), 1e-3) / row[2]) for s, row in zip(shares, rows, strict=True)]
    ax.errorbar(means, shares, yerr=errors, fmt="o-", color="#0072B2", capsize=2)
    ax.set_xlabel("stated probability")
    ax.set_ylabel("share right")
    ax.set_title(f"{len(found)} simulated relapses", loc="left")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--clusters", choices=["given", "infer"], default="given")
    parser.add_argument(
        "--sight",
        choices=["truth", "reads"],
        default="truth",
        help="a clone is at diagnosis when it truly is (default), or when the reads show it (given clusters only)",
    )
    parser.add_argument("--picture", type=Path)
    said = parser.parse_args()
    if said.sight == "reads" and said.clusters != "given":
        parser.error("--sight reads needs --clusters given: inferred clusters are not the true ones")
    seeds = (said.seed * 100_000 + at for at in range(-(-said.patients // _BATCH)))
    batches = [(seed, _BATCH, said.clusters, said.sight) for seed in seeds]
    start = time.perf_counter()
    if said.jobs == 1:
        found = [answer for batch in batches for answer in answers(batch)]
    else:
        with ProcessPoolExecutor(said.jobs, mp_context=get_context("spawn")) as pool:
            found = [answer for batch in pool.map(answers, batches) for answer in batch]
    found = found[: said.patients]
    print(report(found, time.perf_counter() - start, said.clusters))
    if said.picture:
        picture(found, said.picture)


if __name__ == "__main__":
    main()
