"""Clusters from variants alone, and the story as a whole."""

import json
from dataclasses import replace

import numpy as np
import pytest
from test_clones_fitting import reads_of

from reall.base.errors import UnusableLaboratoryData, WrongUsage
from reall.clones.clustering import infer_clusterings
from reall.clones.contract import to_json
from reall.clones.model import Call, Role, Sample, Settings
from reall.clones.story import tell

# True fractions of four clusters at diagnosis and relapse: trunk, risen subclone, lost subclone, new at relapse.
TRUTH = np.array([[0.95, 0.95], [0.20, 0.90], [0.40, 0.0], [0.0, 0.50]])


def drawn(sizes, depth, seed=1, truth=TRUTH):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(len(sizes)), sizes)
    total = rng.poisson(depth, (len(label), truth.shape[1])) + 1
    reads = reads_of(rng.binomial(total, 0.5 * truth[label]), total)
    roles = (Sample("D", Role.DIAGNOSIS), Sample("R1", Role.RELAPSE))
    return replace(reads, samples=roles), label


def test_clear_clusters_are_found_and_weighed():
    reads, label = drawn((20, 10, 8, 12), 400)
    found = infer_clusterings(reads, Settings())
    assert sum(clustering.probability for clustering in found) == pytest.approx(1)
    assert [sorted(label[list(rows)].tolist()) for rows in found[0].clusters] == [[0] * 20, [1] * 10, [3] * 12, [2] * 8]
    assert found[0].clusters == infer_clusterings(reads, Settings())[0].clusters


def test_more_reads_than_a_full_clone_gives_are_garbage():
    reads, _ = drawn((20, 10, 8, 12), 400)
    variant = reads.variant_reads.copy()
    variant[3] = reads.total_reads[3]  # all reads show it, half are expected
    found = infer_clusterings(replace(reads, variant_reads=variant), Settings())
    assert 3 in found[0].garbage


def test_one_variant_is_one_cluster():
    reads, _ = drawn((1,), 100, truth=np.array([[0.8, 0.7]]))
    assert infer_clusterings(reads, Settings())[0].clusters == ((0,),)


def test_a_hypermutated_relapse_of_100_000_variants_is_told():
    reads, label = drawn((20_000, 30_000, 10_000, 40_000), 80)
    story = tell(reads, Settings(clusters="infer", max_clusters=8, overdispersion=False))
    placed = sum(len(cluster.mutations) for cluster in story.clusters) + len(story.clustering.garbage)
    assert placed == len(label)
    large = [rows for rows in story.clustering.clusters if len(rows) > 1000]
    assert all((label[list(rows)] == np.bincount(label[list(rows)]).argmax()).mean() > 0.95 for rows in large)


def test_the_story_follows_the_contract_and_holds_no_nan():
    reads, _ = drawn((20, 10, 8, 12), 400)
    written = to_json(tell(reads, Settings(clusters="infer")), trees=2)
    text = json.dumps(written, allow_nan=False)
    assert {"samples", "clusters", "trees", "origin", "resistance", "trunk_markers", "seed"} <= json.loads(text).keys()
    assert written["samples"][0]["role"] == "diagnosis"
    assert len(written["trees"]) <= 2
    assert len(written["trees"][0]["parents"]) == len(written["clusters"])
    origin = written["origin"][0]
    assert (origin["relapse"], origin["call"]) == ("R1", Call.MINOR.value)
    low, high = origin["last_ancestor_seen_at_diagnosis"]["interval"]
    assert low < 0.20 < high
    assert len(written["trunk_markers"]) == 20
    fates = {fate["cluster"]: fate["fate"] for fate in origin["fates"]}
    assert sorted(fates.values()) == ["gained", "lost", "stayed", "stayed"]


def test_a_second_leukaemia_shares_no_ancestor():
    reads, _ = drawn((15, 15), 500, truth=np.array([[0.9, 0.0], [0.0, 0.9]]))
    story = tell(reads, Settings(clusters="infer"))
    origin = story.origins[0]
    assert origin.probabilities[Call.NO_SHARED_ANCESTOR] + origin.probabilities[Call.BELOW_DETECTION] == pytest.approx(
        1
    )
    # No read of the relapse's line at diagnosis: never there, or one cell in a million? Reads cannot tell.
    assert origin.call is Call.UNDECIDED
    assert 0.4 < origin.probabilities[Call.NO_SHARED_ANCESTOR] < 0.7


def test_a_diagnosis_without_leukaemia_gives_no_answer():
    reads, _ = drawn((15, 15), 300, truth=np.array([[0.0, 0.9], [0.0, 0.4]]))
    origin = tell(reads, Settings(clusters="infer")).origins[0]
    assert origin.call is Call.UNDECIDED
    assert "no cluster is seen in D" in origin.reason


def test_samples_without_roles_give_trees_but_no_origin():
    reads, _ = drawn((20, 10, 8, 12), 400)
    story = tell(replace(reads, samples=(Sample("a", Role.OTHER), Sample("b", Role.OTHER))), Settings(clusters="infer"))
    assert story.origins == ()
    assert story.posterior.trees


def test_wishes_that_cannot_be_met_are_refused():
    reads, _ = drawn((5,), 100, truth=np.array([[0.8, 0.7]]))
    with pytest.raises(UnusableLaboratoryData, match="no given clusters"):
        tell(reads, Settings(clusters="given"))
    with pytest.raises(WrongUsage):
        tell(reads, Settings(clusters="guess"))
