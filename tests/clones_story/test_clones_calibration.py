"""A stated probability is a true one: simulated relapses of which the origin is known.

The large version, with the reliability table, is `benchmarks/clones_calibration.py`.
"""

from dataclasses import replace

import numpy as np
import pytest

from reall.clones.calling import load_calling_rule
from reall.clones.evolution import Biology
from reall.clones.model import Settings
from reall.clones.noise import share_of_reads
from reall.clones.reads import checked
from reall.clones.simulate import Sequencing, simulate_relapses
from reall.clones.story import tell
from reall.clones.truth import true_origin

PATIENTS = 160


@pytest.fixture(scope="module")
def answers():
    """Probability of the most probable answer, and whether it is right; shallow reads, where noise matters."""
    rng = np.random.default_rng(20)
    relapses = simulate_relapses(
        PATIENTS,
        biology=Biology(second_leukaemia_probability=0.05),
        sequencing=Sequencing(mean_depth=100),
        rng=rng,
    )
    stated, right = [], []
    for patient in relapses:
        (origin,) = tell(checked(patient.to_reads()), replace(Settings(), draws=100)).origins
        call = max(origin.probabilities, key=lambda c: origin.probabilities[c])
        stated.append(origin.probabilities[call])
        right.append(call is true_origin(patient, load_calling_rule()))
    return np.array(stated), np.array(right)


def test_answers_are_right_as_often_as_stated(answers):
    """As many right answers as the probabilities promise, within 2.6 standard deviations (1 in 100)."""
    stated, right = answers
    spread = np.sqrt((stated * (1 - stated)).sum())
    assert abs(right.sum() - stated.sum()) < 2.6 * spread


def test_certain_answers_are_right_and_uncertain_ones_are_said_to_be(answers):
    stated, right = answers
    assert right[stated >= 0.95].mean() >= 0.97
    assert right[stated < 0.7].mean() < 0.8


@pytest.mark.parametrize(("variant", "other"), [(1, 99), (5, 295), (150, 150)])
def test_the_prior_adds_no_reads(variant, other):
    """The mean of a beta distribution with the counted reads and one other: variant / (variant + other + 1)."""
    reads = np.full(20_000, float(variant)), np.full(20_000, float(other))
    share = share_of_reads(*reads, 1e-12, np.random.default_rng(1))
    assert share.mean() == pytest.approx(variant / (variant + other + 1), rel=0.03)


def test_without_a_variant_read_small_shares_stay_even_by_order_of_magnitude():
    """Of shares from 1e-12 on, 300 reads without a variant leave about even chances to each of 1e-12 … 1e-3."""
    reads = np.zeros(20_000), np.full(20_000, 300.0)
    share = share_of_reads(*reads, 1e-12, np.random.default_rng(1))
    orders = np.bincount(np.floor(np.log10(share)).astype(int) + 12, minlength=12)[:9]
    assert np.abs(orders - orders.mean()).max() < 4 * np.sqrt(orders.mean())
    # At 2 % and above, 300 reads would have shown it: (1 - 0.02)**300 is 0.002.
    assert (share >= 0.02).mean() < 1e-3


def test_no_reads_at_all_leave_everything_open():
    share = share_of_reads(np.zeros(1000), np.zeros(1000), 1e-12, np.random.default_rng(1))
    assert share.min() < 1e-10
    assert 0.01 < share.max() <= 1
