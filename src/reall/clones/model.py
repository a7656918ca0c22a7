"""What the clones room speaks of: samples, reads, clusters, trees, origin, story.

Only frozen values, no computation beyond look-ups. Cell fractions (`ccf`) are fractions of the leukaemic-or-normal
cells of a
sample that carry a cluster's mutations, between 0 and 1. Cluster ids count from 1; 0 is the normal root. Arrays are
indexed from 0, so row `k - 1` belongs to cluster `k`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Role(StrEnum):
    """What a sample stands for in the course of the disease."""

    DIAGNOSIS = "diagnosis"
    REMISSION = "remission"
    RELAPSE = "relapse"
    XENOGRAFT = "xenograft"
    OTHER = "other"


class Call(StrEnum):
    """Where a relapse came from, in the words of the contract `reall.clones/1`."""

    MAJOR = "major clone at diagnosis"
    MINOR = "minor subclone at diagnosis"
    BELOW_DETECTION = "below detection at diagnosis"
    NO_SHARED_ANCESTOR = "no shared ancestor"
    SEVERAL = "several clones"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sequenced sample.

    `number` counts within the role (relapse 1, relapse 2; a second diagnosis draw is diagnosis 2). `grown_from`
    names the
    role of the patient sample that a xenograft was grown from, `None` where unknown. `day` is days since diagnosis.
    `purity` is the fraction of leukaemic cells where it was measured; it enters through the variant read probability.
    """

    name: str
    role: Role
    number: int = 1
    grown_from: Role | None = None
    day: float | None = None
    purity: float | None = None

    @property
    def from_patient(self) -> bool:
        """Say whether the cells came straight from the child, so that their fractions describe the child."""
        return self.role is not Role.XENOGRAFT


@dataclass(frozen=True, slots=True)
class Variant:
    """One somatic variant; everything beyond `id` and `name` is known only from VCF, MAF or CSV input."""

    id: str
    name: str
    gene: str | None = None
    protein_change: str | None = None
    variant_class: str | None = None
    chromosome: str | None = None
    position: int | None = None
    reference: str | None = None
    alternate: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark on the data that a reader must know; `severity` is `note` or `warning`."""

    code: str
    severity: str
    text: str
    where: str = ""


@dataclass(frozen=True, eq=False)
class Reads:
    """Read counts of M variants in S samples, already checked by `reall.clones.reads.checked`.

    `variant_reads` and `total_reads` are (M, S) int64. `read_probability` is (M, S) float64: the chance that a
    read over
    the position, from a cell with the variant, shows it (0.5 for a heterozygous autosomal variant in pure cells).
    `given_clusters` holds variant ids, cluster k first at k - 1; `garbage` holds ids to leave out.
    """

    samples: tuple[Sample, ...]
    variants: tuple[Variant, ...]
    variant_reads: NDArray[np.int64]
    total_reads: NDArray[np.int64]
    read_probability: NDArray[np.float64]
    given_clusters: tuple[tuple[str, ...], ...] | None = None
    garbage: tuple[str, ...] = ()
    source: str = ""
    findings: tuple[Finding, ...] = ()

    def sample_index(self, role: Role) -> tuple[int, ...]:
        """List the columns with a role, in the order of their number."""
        found = [i for i, sample in enumerate(self.samples) if sample.role is role]
        return tuple(sorted(found, key=lambda i: self.samples[i].number))


@dataclass(frozen=True, slots=True)
class Settings:
    """How to tell a story. The same settings and reads give the same answer, bit for bit.

    `clusters` is `given`, `infer` or `auto` (given where the input has clusters). `exact_tree_limit` is the number of
    trees up to which the posterior is enumerated rather than sampled.
    """

    seed: int = 1
    clusters: str = "auto"
    max_clusters: int = 20
    overdispersion: bool = True
    exact_tree_limit: int = 20_000
    draws: int = 400
    steps: int = 20_000


@dataclass(frozen=True, slots=True)
class CellFraction:
    """A cell fraction with its central 95 % interval."""

    estimate: float
    low: float
    high: float

    def as_list(self) -> list[float]:
        """Give `[estimate, low, high]` as the contract writes it."""
        return [self.estimate, self.low, self.high]


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """Depth and sight of one sample: `detection_limit_ccf` is the smallest clone that shows a read in 95 % of cases."""

    sample: Sample
    median_depth: float
    detection_limit_ccf: float | None


@dataclass(frozen=True, eq=False)
class Clustering:
    """One way to group the variants.

    `clusters` lists variant rows per cluster; `garbage` the rows left out; `probability` its weight against the other
    clusterings of the same reads (1 when clusters are given).
    """

    clusters: tuple[tuple[int, ...], ...]
    garbage: tuple[int, ...] = ()
    probability: float = 1.0
    log_evidence: float = 0.0
    given: bool = True


@dataclass(frozen=True, slots=True)
class Cluster:
    """A subclone's mutations and its cell fraction per sample name, integrated over trees and read noise."""

    id: int
    mutations: tuple[str, ...]
    ccf: dict[str, CellFraction]


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree: `parents[k - 1]` is the parent of cluster k, 0 the normal root.

    `ccf` is (K, S), the maximum-likelihood cell fractions under this tree; `log_likelihood` (nats) belongs to them.
    """

    parents: tuple[int, ...]
    probability: float
    log_likelihood: float
    ccf: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TreePosterior:
    """Trees, most probable first, and what is sure about them.

    `method` is `exact` (every tree that carries weight is listed) or `sampled`. `ancestry` is (K + 1, K + 1):
    the probability that the row's cluster is an ancestor of the column's, index 0 the normal root. `diagnostics` holds
    plain numbers (trees visited, effective number of draws, agreement between chains).
    """

    trees: tuple[Tree, ...]
    method: str
    ancestry: NDArray[np.float64]
    diagnostics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The last ancestor of a relapse that is visible at diagnosis; cluster 0 means that only normal cells are
    shared."""

    cluster: int
    ccf: CellFraction
    probability: float


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one cluster between diagnosis and a relapse: `lost`, `gained`, `stayed`, `absent`, or
    `undecided`."""

    cluster: int
    fate: str
    probability: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one relapse came from; probabilities sum to 1 over every `Call` but `UNDECIDED`.

    `founding_clusters` are the clones from which the relapse's cells descend (more than one when several clones came
    back). `hidden_before` bounds the cell fraction at diagnosis (95 %) of each founding cluster that was not seen
    there.
    """

    relapse: str
    diagnosis: str
    call: Call
    probabilities: dict[Call, float]
    last_ancestor: Ancestor | None
    other_ancestors: tuple[Ancestor, ...]
    founding_clusters: tuple[int, ...]
    hidden_before: dict[int, float]
    fates: tuple[Fate, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a cluster is seen along the patient's samples in time order; names of samples, `None` where never."""

    cluster: int
    first_seen: str | None
    last_seen: str | None
    seen_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrunkMarker:
    """A mutation carried by every leukaemic cell in patient samples; `probability` over trees and read noise."""

    variant: str
    name: str
    gene: str | None
    cluster: int
    probability: float


@dataclass(frozen=True, slots=True)
class ResistanceHit:
    """A mutation known to give resistance, placed in a cluster; filled in from `knowledge/resistance`."""

    gene: str
    variant: str
    cluster: int
    drugs: tuple[str, ...]
    mechanism: str
    evidence: str
    source: str
    at: str = ""
    status: str = "draft"
    first_seen: str | None = None


@dataclass(frozen=True, eq=False)
class Story:
    """The whole answer for one patient; `reall.clones.contract.to_json` writes it as `reall.clones/1`."""

    reads: Reads
    settings: Settings
    samples: tuple[SampleSummary, ...]
    clustering: Clustering
    clusters: tuple[Cluster, ...]
    posterior: TreePosterior
    origins: tuple[Origin, ...]
    sightings: tuple[Sighting, ...]
    trunk_markers: tuple[TrunkMarker, ...]
    alternatives: tuple[Clustering, ...] = ()
    resistance: tuple[ResistanceHit, ...] = ()
    findings: tuple[Finding, ...] = ()
