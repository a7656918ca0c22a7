"""Write a story as `reall.clones/1`, the contract other programs rely on."""

from __future__ import annotations

from typing import Any

from reall.clones.model import Ancestor, Origin, Story


def to_json(story: Story, trees: int | None = None) -> dict[str, Any]:
    """Give the story as plain values; `trees` limits how many trees are written, most probable first."""
    posterior = story.posterior
    return {
        "schema": "reall.clones/1",
        "samples": [
            {
                "name": summary.sample.name,
                "role": summary.sample.role.value,
                "number": summary.sample.number,
                "median_depth": summary.median_depth,
                "detection_limit_ccf": summary.detection_limit_ccf,
            }
            for summary in story.samples
        ],
        "clusters": [
            {
                "id": cluster.id,
                "mutations": list(cluster.mutations),
                "ccf": {name: ccf.as_list() for name, ccf in cluster.ccf.items()},
            }
            for cluster in story.clusters
        ],
        "garbage": [story.reads.variants[row].id for row in story.clustering.garbage],
        "trees": [
            {"parents": list(tree.parents), "probability": tree.probability, "log_likelihood": tree.log_likelihood}
            for tree in posterior.trees[:trees]
        ],
        "trees_in_all": len(posterior.trees),
        "posterior": {"method": posterior.method, "diagnostics": dict(posterior.diagnostics)},
        "ancestry": [[float(p) for p in row] for row in posterior.ancestry],
        "origin": [_origin(origin) for origin in story.origins],
        "sightings": [
            {"cluster": s.cluster, "first_seen": s.first_seen, "last_seen": s.last_seen, "seen_in": list(s.seen_in)}
            for s in story.sightings
        ],
        "resistance": [
            {
                "gene": hit.gene,
                "variant": hit.variant,
                "cluster": hit.cluster,
                "drugs": list(hit.drugs),
                "mechanism": hit.mechanism,
                "evidence": hit.evidence,
                "source": hit.source,
                "at": hit.at,
                "status": hit.status,
                "first_seen": hit.first_seen,
            }
            for hit in story.resistance
        ],
        "trunk_markers": [marker.name for marker in story.trunk_markers],
        "clusterings": [
            {"clusters": len(c.clusters), "probability": c.probability, "given": c.given}
            for c in (story.clustering, *story.alternatives)
        ],
        "findings": [
            {"code": f.code, "severity": f.severity, "text": f.text, "where": f.where} for f in story.findings
        ],
        "seed": story.settings.seed,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "relapse": origin.relapse,
        "diagnosis": origin.diagnosis,
        "call": origin.call.value,
        "probabilities": {call.value: probability for call, probability in origin.probabilities.items()},
        "last_ancestor_seen_at_diagnosis": _ancestor(origin.last_ancestor),
        "other_ancestors": [_ancestor(ancestor) for ancestor in origin.other_ancestors],
        "founding_clusters": list(origin.founding_clusters),
        "hidden_before": {str(cluster): bound for cluster, bound in origin.hidden_before.items()},
        "fates": [{"cluster": f.cluster, "fate": f.fate, "probability": f.probability} for f in origin.fates],
        "reason": origin.reason,
    }


def _ancestor(ancestor: Ancestor | None) -> dict[str, Any] | None:
    """The last ancestor; `None` where there is none but normal cells."""
    if ancestor is None or ancestor.cluster == 0:
        return None
    return {
        "cluster": ancestor.cluster,
        "ccf": ancestor.ccf.estimate,
        "interval": [ancestor.ccf.low, ancestor.ccf.high],
        "probability": ancestor.probability,
    }
