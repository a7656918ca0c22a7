"""Tell the story of one patient: from checked reads to clusters, trees, origin and markers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.clones.calling import CallingRule, load_calling_rule
from reall.clones.clustering import infer_clusterings
from reall.clones.counts import ClusterReads, pool
from reall.clones.model import (
    Call,
    Cluster,
    Clustering,
    Finding,
    Origin,
    Reads,
    Role,
    Settings,
    Sighting,
    Story,
    TreePosterior,
    TrunkMarker,
)
from reall.clones.noise import Draws, draw
from reall.clones.origin import Pair, origin_of, summarise_draws
from reall.clones.posterior import tree_posterior
from reall.clones.sight import seen, summarise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COARSER = 8
_LEUKAEMIC = (Role.DIAGNOSIS, Role.RELAPSE)


def tell(reads: Reads, settings: Settings | None = None) -> Story:
    """Tell the whole story; the same reads and settings give the same answer.

    Raises `UnusableLaboratoryData` when clusters are wanted as given and there are none, `WrongUsage` for unknown
    settings.
    """
    settings = settings or Settings()
    rule = load_calling_rule()
    clusterings = _clusterings(reads, settings)
    chapters = [_Chapter(reads, clustering, settings, rule) for clustering in clusterings]
    main = chapters[0]
    origins = main.origins()
    if len(chapters) > 1 and origins:
        origins = _weighed(origins, [(c.clustering.probability, c.origins()) for c in chapters], rule)
    findings = reads.findings + _posterior_findings(main.posterior, len(main.clustering.clusters))
    return Story(
        reads=reads,
        settings=settings,
        samples=summarise(reads),
        clustering=main.clustering,
        clusters=main.clusters(),
        posterior=main.posterior,
        origins=origins,
        sightings=main.sightings(),
        trunk_markers=main.trunk_markers(),
        alternatives=tuple(clusterings[1:]),
        findings=findings,
    )


class _Chapter:
    """Everything that follows from one clustering."""

    def __init__(self, reads: Reads, clustering: Clustering, settings: Settings, rule: CallingRule) -> None:
        self.reads, self.clustering, self.rule = reads, clustering, rule
        self.counts: ClusterReads = pool(reads, clustering)
        self.posterior: TreePosterior = tree_posterior(self.counts, settings)
        self.seen: NDArray[np.bool_] = seen(self.counts, rule)
        # Xenografts inform the trees, no statement about the child: a coarser interval will do.
        own = tuple(i for i, sample in enumerate(reads.samples) if sample.from_patient)
        grown = tuple(i for i, sample in enumerate(reads.samples) if not sample.from_patient)
        rng = np.random.default_rng(settings.seed)
        ccf = np.ones((settings.draws, self.counts.clusters + 1, len(reads.samples)))
        self.draws = Draws(np.empty((0, 0), dtype=np.int64), ccf)
        for columns, number in ((grown, settings.draws // _COARSER), (own, settings.draws)):
            if columns:
                some = self.counts.columns(columns)
                drawn = draw(some, self.posterior, number, rule.smallest_clone_possible, rng)
                ccf[:, :, list(columns)] = np.resize(drawn.ccf, (settings.draws, *drawn.ccf.shape[1:]))
                self.draws = Draws(drawn.parents, ccf)

    def clusters(self) -> tuple[Cluster, ...]:
        """Mutations and fractions of every cluster."""
        ids = [variant.id for variant in self.reads.variants]
        return tuple(
            Cluster(
                id=k,
                mutations=tuple(ids[row] for row in rows),
                ccf={s.name: summarise_draws(self.draws.ccf[:, k, i]) for i, s in enumerate(self.reads.samples)},
            )
            for k, rows in enumerate(self.clustering.clusters, start=1)
        )

    def origins(self) -> tuple[Origin, ...]:
        """The origin of every relapse sample, against the first diagnosis sample."""
        diagnoses = self.reads.sample_index(Role.DIAGNOSIS)
        if not diagnoses:
            return ()
        names = [sample.name for sample in self.reads.samples]
        pairs = [Pair(diagnoses[0], r, names[diagnoses[0]], names[r]) for r in self.reads.sample_index(Role.RELAPSE)]
        return tuple(origin_of(self.counts, self.draws, self.seen, pair, self.rule) for pair in pairs)

    def sightings(self) -> tuple[Sighting, ...]:
        """When each cluster is seen along the patient's own samples."""
        order = _in_time(self.reads)
        found = []
        for k in range(1, self.counts.clusters + 1):
            where = tuple(self.reads.samples[s].name for s in order if self.seen[k, s])
            found.append(Sighting(k, where[0] if where else None, where[-1] if where else None, where))
        return tuple(found)

    def trunk_markers(self) -> tuple[TrunkMarker, ...]:
        """Mutations in (nearly) every leukaemic cell at diagnosis and relapse, the surest first."""
        columns = [s for role in _LEUKAEMIC for s in self.reads.sample_index(role)]
        if not columns:
            return ()
        top = self.draws.parents[:, 1:, None] == 0
        leukaemia = (self.draws.ccf[:, 1:, columns] * top).sum(1)
        inside = self.draws.ccf[:, 1:, columns] >= self.rule.trunk_share * leukaemia[:, None, :]
        probability = inside.all(2).mean(0)
        markers = [
            TrunkMarker(v.id, v.name, v.gene, k + 1, float(probability[k]))
            for k, rows in enumerate(self.clustering.clusters)
            if probability[k] >= self.rule.sure_enough
            for v in (self.reads.variants[row] for row in rows)
        ]
        return tuple(sorted(markers, key=lambda marker: -marker.probability))


def _clusterings(reads: Reads, settings: Settings) -> list[Clustering]:
    if settings.clusters not in ("given", "infer", "auto"):
        raise WrongUsage(f"{settings.clusters!r} is not a way to get clusters", next="Use given, infer or auto.")
    if reads.given_clusters is not None and settings.clusters != "infer":
        return [_given(reads, reads.given_clusters)]
    if settings.clusters == "given":
        raise UnusableLaboratoryData(
            "there are no given clusters",
            where=reads.source,
            why="The params file has no field clusters, or there is no params file.",
            next="Name the params file, or use --clusters infer.",
        )
    return infer_clusterings(reads, settings)


def _given(reads: Reads, clusters: tuple[tuple[str, ...], ...]) -> Clustering:
    row = {variant.id: i for i, variant in enumerate(reads.variants)}
    used = {name for members in clusters for name in members}
    left_out = tuple(i for i, variant in enumerate(reads.variants) if variant.id not in used)
    return Clustering(tuple(tuple(row[name] for name in members) for members in clusters), garbage=left_out)


def _in_time(reads: Reads) -> list[int]:
    """Columns of the patient's own samples in order of time: by day where all are known, else by role and number."""
    order = {Role.DIAGNOSIS: 0, Role.REMISSION: 1, Role.RELAPSE: 2}
    own = [i for i, sample in enumerate(reads.samples) if sample.role in order]
    if all(reads.samples[i].day is not None for i in own):
        return sorted(own, key=lambda i: reads.samples[i].day or 0.0)
    return sorted(own, key=lambda i: (order[reads.samples[i].role], reads.samples[i].number))


def _weighed(
    origins: tuple[Origin, ...], told: list[tuple[float, tuple[Origin, ...]]], rule: CallingRule
) -> tuple[Origin, ...]:
    """Average the probabilities over clusterings; everything else is told for the most probable clustering."""
    out = []
    for i, origin in enumerate(origins):
        mean: defaultdict[Call, float] = defaultdict(float)
        for weight, others in told:
            for call, probability in others[i].probabilities.items():
                mean[call] += weight * probability
        call = max(mean, key=lambda c: mean[c])
        reason = origin.reason
        if call is not Call.UNDECIDED and mean[call] < rule.sure_enough:
            reason = f"no answer reaches {rule.sure_enough:.0%}; the most probable is {call.value}"
            call = Call.UNDECIDED
        out.append(replace(origin, call=call, probabilities=dict(mean), reason=reason))
    return tuple(out)


def _posterior_findings(posterior: TreePosterior, clusters: int) -> tuple[Finding, ...]:
    found = []
    below = posterior.diagnostics.get("nats_below_free_fit", 0.0)
    if below > 10.0 * clusters:
        text = (
            f"no tree fits the clusters well ({below:.0f} nats below the fit without a tree): look for lost mutations, "
        )
        found.append(Finding("ill-fitting", "warning", text + "wrong copy numbers or mixed clusters"))
    if posterior.method == "sampled":
        apart = posterior.diagnostics.get("largest_disagreement_between_chains", 0.0)
        if apart > 0.1:
            text = f"the chains over trees disagree by up to {apart:.0%} on a relation: take single relations with care"
            found.append(Finding("chains-disagree", "warning", text))
    return tuple(found)
