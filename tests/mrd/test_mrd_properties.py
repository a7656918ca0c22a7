"""Laws that hold for every plate: dilution, input scale, order, and what negative and sensitivity mean."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rqpcr_plates import CURVE_GENOMES, plate

from reall.mrd.course import doubling_days, log_reduction
from reall.mrd.ddpcr import Droplets, ratio
from reall.mrd.plate import Role
from reall.mrd.result import MrdClass, Purpose
from reall.mrd.rqpcr import quantify_plate
from reall.mrd.rqpcr_dna import RunSettings
from reall.mrd.ruleset import load_ruleset

DRAFT = load_ruleset("draft")
LEVELS = st.floats(1e-4, 0.09)
GENOMES = st.floats(2e4, 1e5)
CQS = st.lists(st.one_of(st.none(), st.floats(20, 44)), min_size=1, max_size=4)
fewer = settings(max_examples=40, deadline=None)


def read(made, purpose=Purpose.THERAPY_REDUCTION, curve_genomes=CURVE_GENOMES):
    run = RunSettings(control_gene="ALB", curve_genomes=curve_genomes)
    return quantify_plate(made, run, rules=DRAFT, purpose=purpose).results[0]


@fewer
@given(level=LEVELS, genomes=GENOMES)
def test_diluting_the_sample_leaves_the_level(level, genomes):
    whole, diluted = read(plate(level=level, genomes=genomes)), read(plate(level=level, genomes=genomes / 2))
    assert whole.level_fraction == pytest.approx(level, rel=1e-6)
    if diluted.level_fraction is not None:
        assert diluted.level_fraction == pytest.approx(level, rel=1e-6)


@fewer
@given(level=LEVELS, factor=st.floats(0.01, 100))
def test_the_scale_of_the_input_does_not_matter(level, factor):
    """Counting all cells in another unit, curve and sample alike, leaves the level."""
    made = plate(level=level)
    scaled = replace(
        made,
        wells=tuple(
            replace(w, quantity=w.quantity * factor) if w.target == "ALB" and w.role is Role.STANDARD else w
            for w in made.wells
        ),
    )
    assert read(scaled, curve_genomes=CURVE_GENOMES * factor).level_fraction == pytest.approx(level, rel=1e-6)


@fewer
@given(cqs=CQS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_wells_does_not_matter(cqs, order):
    made = plate(sample_cqs=cqs)
    shuffled = list(made.wells)
    order.shuffle(shuffled)
    first, second = read(made), read(replace(made, wells=tuple(shuffled)))
    assert first.classification is second.classification
    assert first.level_fraction == second.level_fraction
    assert first.interval == second.interval


@fewer
@given(cqs=CQS, genomes=st.floats(10, 1e6), purpose=st.sampled_from(Purpose))
def test_negative_never_means_zero(cqs, genomes, purpose):
    result = read(plate(sample_cqs=cqs, genomes=genomes), purpose)
    assert result.level_fraction is None or result.level_fraction > 0
    assert result.interval is None or result.interval[1] > 0
    if result.classification is MrdClass.NEGATIVE:
        assert result.interval == (0.0, result.sensitivity_fraction)


@fewer
@given(few=st.floats(1e3, 1e6), more=st.floats(1, 100))
def test_more_cells_never_widen_a_negative(few, more):
    silent = (None, None, None)
    wide = read(plate(sample_cqs=silent, genomes=few))
    narrow = read(plate(sample_cqs=silent, genomes=few * more))
    assert narrow.sensitivity_fraction <= wide.sensitivity_fraction * (1 + 1e-9)
    assert narrow.interval[1] <= wide.interval[1] * (1 + 1e-9)


@fewer
@given(purpose=st.sampled_from(Purpose), cqs=CQS)
def test_intensification_never_calls_positive_what_reduction_calls_negative(purpose, cqs):
    made = plate(sample_cqs=cqs, background=(38.0, None, None, None, None, None))
    reduction = read(made, Purpose.THERAPY_REDUCTION)
    intensification = read(made, Purpose.THERAPY_INTENSIFICATION)
    if reduction.classification is MrdClass.NEGATIVE:
        assert intensification.classification is MrdClass.NEGATIVE


COUNTS = st.integers(0, 4_000).flatmap(
    lambda k: st.integers(k + 1, 25_000).map(lambda n: Droplets(positives=k, droplets=n))
)
PRESENT = COUNTS.filter(lambda counts: counts.positives > 0)


@given(target=COUNTS, reference=PRESENT)
def test_the_ratio_lies_in_its_interval_and_never_ends_at_zero(target, reference):
    value, (low, high) = ratio(target, reference)
    assert 0 <= low <= value <= high
    assert high > 0


@given(counts=PRESENT, volume=st.floats(0.1, 2))
def test_the_droplet_volume_cancels_out_of_the_ratio(counts, volume):
    other = Droplets(positives=1_000, droplets=10_000)
    by_volume = counts.concentration(volume)[0] / other.concentration(volume)[0]
    assert by_volume == pytest.approx(ratio(counts, other)[0])


SET = st.tuples(st.floats(0, 1), st.floats(1e-6, 1)).map(lambda p: (min(p), max(p)))


@given(before=SET, sensitivity=st.floats(1e-6, 1e-2), better=st.floats(0.01, 1))
def test_a_better_sensitivity_never_widens_the_log_reduction(before, sensitivity, better):
    worse_low, worse_high = log_reduction(before, (0.0, sensitivity))
    low, high = log_reduction(before, (0.0, sensitivity * better))
    assert high is worse_high is None
    assert (low is None) == (worse_low is None)
    assert low is None or low >= worse_low - 1e-9


@given(before=SET, after=SET, days=st.floats(1, 400))
def test_growth_and_reduction_agree(before, after, days):
    _, most = log_reduction(before, after)
    low, _ = log_reduction(before, after)
    doubling = doubling_days(before, after, days)
    if low is not None and low > 1e-6:
        assert doubling is None
    if most is not None and most < -1e-6:
        assert doubling is not None
        assert doubling[1] is not None
