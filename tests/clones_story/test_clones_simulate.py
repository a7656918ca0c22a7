"""The simulator: same seed same patients, truth that obeys a tree, reads that follow the truth."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reall.clones.evolution import NORMAL, UNUSED, Biology, Treatment, evolve
from reall.clones.simulate import Sequencing, simulate_relapses


@pytest.fixture(scope="module")
def relapses():
    return list(simulate_relapses(200, rng=np.random.default_rng(5)))


def test_the_same_seed_gives_the_same_patients(relapses):
    again = list(simulate_relapses(40, rng=np.random.default_rng(5)))
    for one, other in zip(again, relapses, strict=False):
        assert one.parents == other.parents
        assert (one.variant_reads == other.variant_reads).all()


def test_no_clone_is_larger_than_its_parent_and_children_fit_into_it(relapses):
    for patient in relapses:
        whole = np.vstack([np.ones(patient.fraction.shape[1]), patient.fraction])
        for node in range(len(patient.parents) + 1):
            below = [child for child, parent in enumerate(patient.parents, start=1) if parent == node]
            assert (whole[below].sum(axis=0) <= whole[node] + 1e-9).all()


def test_parents_are_born_before_their_children(relapses):
    for patient in relapses:
        assert all(parent < child for child, parent in enumerate(patient.parents, start=1))


def test_the_share_of_variant_reads_follows_the_truth(relapses):
    """Over all mutations the mean of (observed - expected) is zero; five standard errors are allowed."""
    gaps = []
    for patient in relapses:
        expected = patient.variant_read_probability * patient.fraction[patient.cluster - 1]
        gaps.append((patient.variant_reads / patient.total_reads - expected).ravel())
    gaps = np.concatenate(gaps)
    assert abs(gaps.mean()) < 5 * gaps.std() / np.sqrt(len(gaps)) + Sequencing().error_per_read


def test_the_course_starts_full_reaches_remission_and_ends_in_relapse(relapses):
    biology = Biology()
    for patient in relapses:
        course = patient.mrd_by_day
        assert len(course) == patient.relapse_day + 1
        assert course.min() < biology.remission_fraction
        assert course[-1] >= biology.relapse_fraction


def test_relapses_come_from_every_origin(relapses):
    """The bench is of use only if major, minor and hidden origins all occur."""
    founder = [patient.fraction[:, -1] >= 0.8 for patient in relapses]
    last = [
        max((patient.fraction[k, 0], k) for k in np.flatnonzero(f))[0] if f.any() else 0
        for patient, f in zip(relapses, founder, strict=True)
    ]
    deepest = [patient.fraction[f, 0].min() if f.any() else 0 for patient, f in zip(relapses, founder, strict=True)]
    assert np.mean([value < 0.01 for value in deepest]) > 0.1
    assert np.mean([0.01 <= value < 0.5 for value in deepest]) > 0.05
    assert np.mean([value > 0.9 for value in last]) > 0.5


def test_remission_samples_hold_few_leukaemic_cells():
    sequencing = Sequencing(remission_sample=True)
    for patient in simulate_relapses(20, sequencing=sequencing, rng=np.random.default_rng(2)):
        assert patient.roles == ("diagnosis", "remission", "relapse")
        assert patient.fraction[:, 1].max() < Biology().remission_fraction


def test_without_drivers_every_relapse_is_one_clone():
    biology = Biology(driver_rate_per_division=0, second_leukaemia_probability=0)
    weak = Treatment(kill_rate_per_day=(0.4, 0.12, 0.05))
    for patient in simulate_relapses(10, biology=biology, treatment=weak, rng=np.random.default_rng(1)):
        assert patient.parents == (0,)


def test_growth_and_killing_follow_the_rates():
    """One day changes 2e11 cells by exp(b - d - k): 0.20, 0.14 and 0.5 per day give exp(0.06) and exp(-0.44).

    Chance moves the total of so many cells by less than one in a thousand.
    """
    biology = Biology(driver_rate_per_division=0, second_leukaemia_probability=0)
    for kill, factor in ((0.0, np.exp(0.06)), (0.5, np.exp(-0.44))):
        treatment = Treatment(until_day=(1,), kill_rate_per_day=(kill,), observed_until_day=1)
        histories = evolve(50, biology=biology, treatment=treatment, rng=np.random.default_rng(3))
        np.testing.assert_allclose(histories.mrd[:, 1] / histories.mrd[:, 0], factor, rtol=1e-3)
        assert (histories.at_diagnosis.sum(axis=1) >= biology.cells_at_diagnosis).all()
        assert (histories.parent[:, 0] == NORMAL).all()
        assert (histories.parent[:, 1:] == UNUSED).all()


def test_full_resistance_escapes_the_killing():
    """A second leukaemia with resistance 0.9 meets a tenth of the killing and outgrows one that meets all of it."""
    biology = Biology(driver_rate_per_division=0, second_leukaemia_probability=1)
    histories = evolve(60, biology=biology, rng=np.random.default_rng(4))
    relapsed = histories.relapse_day >= 0
    assert (histories.parent[relapsed, 1] == NORMAL).all()
    assert (histories.at_relapse[relapsed, 1] > histories.at_relapse[relapsed, 0]).mean() > 0.9


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_files_hold_what_the_patient_holds(seed):
    (patient,) = simulate_relapses(1, rng=np.random.default_rng(seed))
    rows = [line.split("\t") for line in patient.to_ssm().splitlines()[1:]]
    assert [row[0] for row in rows] == list(patient.mutations)
    assert [[int(x) for x in row[2].split(",")] for row in rows] == patient.variant_reads.tolist()
    params = json.loads(patient.to_params())
    assert params["samples"] == list(patient.samples)
    assert sum(len(cluster) for cluster in params["clusters"]) == len(patient.cluster)
    assert "clusters" not in json.loads(patient.to_params(with_clusters=False))
