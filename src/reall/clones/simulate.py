"""Simulated relapses with known truth: read counts, subclones, tree, MRD course and time to relapse.

Used for the calibration of the origin probabilities and for teaching. Growth and treatment come from
`evolution`; here the marrow is sampled and sequenced. A mutation enters the data only where its clone reaches
the share of cells from which a variant caller would report it in at least one sample, as in real data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reall.clones.evolution import NORMAL, UNUSED, Biology, Counts, Floats, Histories, Treatment, evolve
from reall.clones.model import Reads, Role, Sample, Variant


@dataclass(frozen=True, kw_only=True)
class Sequencing:
    """How samples are drawn and read. Fractions are shares of 1, depth is reads per position."""

    mean_depth: float = 300.0
    depth_shape: float = 8.0  # of the gamma that spreads depth over positions; larger is more even
    error_per_read: float = 2e-4  # that a read shows this very variant by mistake
    purity: tuple[float, float] = (0.70, 0.98)  # drawn evenly; known to the analysis
    remission_sample: bool = False
    callable_fraction: float = 0.02  # of cells, in at least one sample
    indistinguishable_fraction: float = 0.002  # clones closer than this in every sample count as one


@dataclass(frozen=True, kw_only=True)
class SimulatedRelapse:
    """One patient with truth: M mutations, S samples, K clusters; cluster k is node k of the tree.

    Attributes
    ----------
    samples, roles : names and roles of the S samples, in order of time.
    variant_reads, total_reads, variant_read_probability : (M, S).
    cluster : (M,) node of each mutation, 1 to K.
    parents : parent of node k at index k-1; 0 is the patient's healthy cells.
    fraction : (K, S) true share of cells with the cluster: of leukaemic cells at diagnosis and relapse, of
    all
        marrow cells in remission.
    resistant : for each node, whether its own mutations made it harder to kill than its parent.
    mrd_by_day : leukaemic cells per marrow cell on day 0, 1, … after diagnosis, up to relapse.
    relapse_day : days from diagnosis to relapse.
    """

    name: str
    samples: tuple[str, ...]
    roles: tuple[str, ...]
    variant_reads: Counts
    total_reads: Counts
    variant_read_probability: Floats
    cluster: Counts
    parents: tuple[int, ...]
    fraction: Floats
    resistant: tuple[bool, ...]
    mrd_by_day: Floats
    relapse_day: int

    @property
    def mutations(self) -> tuple[str, ...]:
        """Ids of the M mutations: s0, s1, …"""
        return tuple(f"s{m}" for m in range(len(self.cluster)))

    def to_reads(self, *, with_clusters: bool = True) -> Reads:
        """Give the patient as the input of a story; the true clusters go with it unless they are to be inferred."""
        nodes = range(1, len(self.parents) + 1)
        clusters = tuple(tuple(f"s{m}" for m in np.flatnonzero(self.cluster == node)) for node in nodes)
        return Reads(
            samples=tuple(Sample(name, Role(role)) for name, role in zip(self.samples, self.roles, strict=True)),
            variants=tuple(Variant(key, f"{self.name}_{m}") for m, key in enumerate(self.mutations)),
            variant_reads=self.variant_reads,
            total_reads=self.total_reads,
            read_probability=self.variant_read_probability,
            given_clusters=clusters if with_clusters else None,
            source=self.name,
        )

    def to_ssm(self) -> str:
        """Write the counts as a Pairtree `.ssm` table."""
        lines = ["id\tname\tvar_reads\ttotal_reads\tvar_read_prob"]
        for m, key in enumerate(self.mutations):
            vectors = (self.variant_reads[m], self.total_reads[m], self.variant_read_probability[m])
            lines.append("\t".join([key, f"{self.name}_{m}", *(",".join(f"{v:g}" for v in row) for row in vectors)]))
        return "\n".join(lines) + "\n"

    def to_params(self, *, with_clusters: bool = True) -> str:
        """Write the params file of the `.ssm`; true clusters included unless they are to be inferred."""
        params: dict[str, object] = {"samples": list(self.samples), "garbage": []}
        if with_clusters:
            nodes = range(1, len(self.parents) + 1)
            params["clusters"] = [[f"s{m}" for m in np.flatnonzero(self.cluster == node)] for node in nodes]
        return json.dumps(params, indent=1) + "\n"


def simulate_relapses(
    count: int,
    *,
    biology: Biology | None = None,
    treatment: Treatment | None = None,
    sequencing: Sequencing | None = None,
    rng: np.random.Generator,
) -> Iterator[SimulatedRelapse]:
    """Yield `count` relapses; patients who are cured or refractory are passed over.

    Patients are drawn in blocks, so the first n of a longer run are the same as a run of n when the block is
    the same: the block size depends on nothing but this function.
    """
    sequencing = sequencing or Sequencing()
    made = 0
    while made < count:
        block = evolve(_BLOCK, biology=biology, treatment=treatment, rng=rng)
        relapsed = np.flatnonzero(block.relapse_day >= 0)
        for patient in relapsed[: count - made]:
            yield _observe(block, int(patient), f"sim{made + 1:04d}", sequencing, rng)
            made += 1


_BLOCK = 256


def _observe(
    histories: Histories, patient: int, name: str, sequencing: Sequencing, rng: np.random.Generator
) -> SimulatedRelapse:
    fraction, roles = _true_fractions(histories, patient, sequencing)
    slots, parents, kept_fraction, mutations = _visible_tree(histories, patient, fraction, sequencing)
    cluster = np.repeat(np.arange(1, len(parents) + 1), mutations)
    purity = rng.uniform(*sequencing.purity, size=len(roles))
    purity[[role == "remission" for role in roles]] = 1.0  # counted there among all marrow cells
    shape = (len(cluster), len(roles))
    probability = np.broadcast_to((0.5 * purity).round(4), shape).copy()
    expected = probability * kept_fraction[cluster - 1]
    spread = rng.gamma(sequencing.depth_shape, 1 / sequencing.depth_shape, shape)
    total = np.maximum(1, rng.poisson(sequencing.mean_depth * spread))
    error = sequencing.error_per_read
    variant = rng.binomial(total, expected * (1 - error) + (1 - expected) * error)
    relapse_day = int(histories.relapse_day[patient])
    labels = {"diagnosis": "D", "remission": "CR", "relapse": "R1"}
    return SimulatedRelapse(
        name=name,
        samples=tuple(labels[role] for role in roles),
        roles=roles,
        variant_reads=variant,
        total_reads=total,
        variant_read_probability=probability,
        cluster=cluster,
        parents=parents,
        fraction=kept_fraction,
        resistant=tuple(bool(histories.resistance_gained[patient, group].any()) for group in slots),
        mrd_by_day=histories.mrd[patient, : relapse_day + 1],
        relapse_day=relapse_day,
    )


def _true_fractions(histories: Histories, patient: int, sequencing: Sequencing) -> tuple[Floats, tuple[str, ...]]:
    """Give (C, S) shares of cells in each clone or one of its descendants, and the role of each sample."""
    parent = histories.parent[patient]
    columns = [histories.at_diagnosis[patient], histories.at_relapse[patient]]
    wholes = [float(column.sum()) for column in columns]
    roles: tuple[str, ...] = ("diagnosis", "relapse")
    if sequencing.remission_sample:
        columns.insert(1, histories.at_remission[patient])
        marrow = wholes[0] / histories.mrd[patient, 0]
        wholes.insert(1, marrow)
        roles = ("diagnosis", "remission", "relapse")
    below = np.stack(columns, axis=1).astype(float)
    for slot in range(len(parent) - 1, -1, -1):  # a clone is always founded after its parent
        if parent[slot] >= 0:
            below[parent[slot]] += below[slot]
    below[parent == UNUSED] = 0
    return below / np.asarray(wholes), roles


def _visible_tree(
    histories: Histories, patient: int, fraction: Floats, sequencing: Sequencing
) -> tuple[list[list[int]], tuple[int, ...], Floats, Counts]:
    """Leave out clones that no sample shows and join those that no sample tells apart.

    Gives, per cluster in order of birth, the clone slots joined in it, its parent node, its (S,) fractions
    and its number of mutations.
    """
    parent, born = histories.parent[patient], histories.mutations[patient]
    visible = fraction.max(axis=1) >= sequencing.callable_fraction
    node_of: dict[int, int] = {NORMAL: 0}
    slots: list[list[int]] = []
    parents: list[int] = []
    rows: list[Floats] = []
    mutations: list[int] = []
    for slot in np.flatnonzero(visible):
        above = node_of[int(parent[slot])]
        if above and np.abs(rows[above - 1] - fraction[slot]).max() < sequencing.indistinguishable_fraction:
            slots[above - 1].append(int(slot))
            mutations[above - 1] += int(born[slot])
            node_of[int(slot)] = above
            continue
        slots.append([int(slot)])
        parents.append(above)
        rows.append(fraction[slot])
        mutations.append(int(born[slot]))
        node_of[int(slot)] = len(parents)
    return slots, tuple(parents), np.asarray(rows), np.asarray(mutations)
