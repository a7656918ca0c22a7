"""Counts and their intervals, against tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reall.mrd.intervals import (
    beta_hdi,
    cells_for_detection,
    detection_limit,
    expected_events_for_detection,
    fraction_interval,
    poisson_interval,
    poisson_upper_limit,
)


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [
        (0, 0.0, 3.69),  # Garwood's exact limits, as tabulated for 95 %
        (1, 0.03, 5.57),
        (3, 0.62, 8.77),
        (20, 12.2, 30.9),
    ],
)
def test_exact_poisson_limits(events, low, high):
    found = poisson_interval(events)
    assert found == (pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05))


def test_nothing_seen_still_has_an_upper_limit_of_three_events():
    assert poisson_upper_limit(0) == pytest.approx(-math.log(0.05))


@pytest.mark.parametrize(
    ("level", "events", "cells"),
    [  # scipy Poisson tails, rounded up to whole cells
        (1e-4, 1, 29_958),
        (1e-5, 1, 299_574),
        (1e-6, 1, 2_995_733),
        (1e-4, 2, 47_439),
        (1e-4, 3, 62_958),
        (1e-4, 10, 157_053),
        (1e-5, 50, 6_217_105),
    ],
)
def test_cells_needed_for_95_percent_detection(level, events, cells):
    assert cells_for_detection(level, events=events) == pytest.approx(cells, abs=1)
    assert 1 - stats.poisson.cdf(events - 1, cells * level) == pytest.approx(0.95, abs=1e-5)


@given(level=st.floats(1e-7, 1), events=st.integers(1, 60))
def test_design_and_limit_are_inverse(level, events):
    cells = cells_for_detection(level, events=events)
    assert detection_limit(cells, events=events) <= level * (1 + 1e-9)


@given(total=st.integers(1, 20_000), share=st.floats(0, 1))
def test_highest_density_interval_has_its_mass_and_holds_the_mode(total, share):
    positives = round(share * total)
    low, high = beta_hdi(positives, total)
    posterior = stats.beta(positives + 1, total - positives + 1)
    assert posterior.cdf(high) - posterior.cdf(low) == pytest.approx(0.95, abs=1e-6)
    assert low <= positives / total <= high


def test_highest_density_interval_is_no_wider_than_the_equal_tailed_one():
    posterior = stats.beta(8, 994)
    low, high = beta_hdi(7, 1000)
    assert high - low < posterior.ppf(0.975) - posterior.ppf(0.025)


def test_no_positive_droplet_gives_an_upper_limit_of_three_over_n():
    assert beta_hdi(0, 20_000) == (0.0, pytest.approx(3.0 / 20_000, rel=0.01))


@given(events=st.integers(0, 500), cells=st.floats(500, 1e7))
def test_fraction_stays_between_zero_and_one(events, cells):
    low, high = fraction_interval(events, cells)
    assert 0 <= low <= high <= 1
    assert high > 0


def test_one_event_needs_three_expected_ones():
    assert expected_events_for_detection() == pytest.approx(2.9957, abs=1e-4)


@pytest.mark.parametrize(
    "call", [lambda: poisson_interval(-1), lambda: beta_hdi(3, 2), lambda: fraction_interval(1, 0)]
)
def test_impossible_counts_are_refused(call):
    with pytest.raises(ValueError, match=r"\d"):
        call()


def _coverage(distribution, interval, truth):
    """The probability that the interval of a count holds the truth, summed over the counts, not simulated."""
    least, most = (int(distribution.ppf(tail)) for tail in (1e-7, 1 - 1e-7))
    counts = range(least, most + 1)
    return sum(distribution.pmf(k) for k in counts if interval(k)[0] <= truth <= interval(k)[1])


@pytest.mark.parametrize(("mean", "most"), [(1, 0.985), (3, 0.99), (10, 0.98), (50, 0.96)])
def test_poisson_limits_hold_the_mean_in_at_least_95_of_100(mean, most):
    """Garwood's limits never fall below their mass; few events make them wider than needed."""
    assert 0.95 <= _coverage(stats.poisson(mean), poisson_interval, mean) <= most


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1, 0.5])
def test_highest_density_intervals_hold_the_share_in_95_of_100(share):
    droplets = 5_000
    covered = _coverage(stats.binom(droplets, share), lambda k: beta_hdi(k, droplets), share)
    assert covered == pytest.approx(0.95, abs=0.02)
