"""From counts to a level: classes, limits, and what may never happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow.level import Counts, level_from_counts
from reall.mrd.result import MrdClass
from reall.mrd.ruleset import Limit, load_ruleset

DRAFT = load_ruleset("draft")
NUCLEATED = "nucleated cells"


def counted(target, cells, rules=DRAFT, kind=NUCLEATED):
    return level_from_counts(Counts(target_events=target, cells=cells, cells_counted=kind), rules)


@pytest.mark.parametrize(
    ("events", "cells", "reading", "level", "sensitivity"),
    [
        # draft rule set: detected from 20, quantified from 50 events; one million cells
        (0, 1_000_000, "negative", None, 2e-5),
        (19, 1_000_000, "negative", None, 2e-5),
        (20, 1_000_000, "positive_not_quantifiable", None, 2e-5),
        (49, 1_000_000, "positive_not_quantifiable", None, 2e-5),
        (50, 1_000_000, "quantified", 5e-5, 2e-5),
        # the same 25 events among fewer cells: still 25 events, another limit
        (25, 250_000, "positive_not_quantifiable", None, 8e-5),
        # 20 of 1,000,000 is the 0.002 % of a commercial laboratory (mrd_addendum row 2.2, own arithmetic there)
        (89, 4_452_000, "quantified", 1.99910153e-5, 4.49236298e-6),
    ],
)
def test_the_classes_follow_the_counted_events(events, cells, reading, level, sensitivity):
    result = counted(events, cells)
    assert (str(result.classification), result.level_fraction) == (reading, level)
    assert result.sensitivity_fraction == sensitivity
    assert result.denominator == NUCLEATED
    assert result.knowledge_status == "draft"


def test_the_interval_is_the_exact_poisson_interval():
    """50 events: 37.11 to 65.92 (Garwood 1936; chi-square quantiles 0.025 of 100 and 0.975 of 102 degrees, halved)."""
    low, high = counted(50, 1_000_000).interval
    assert (low * 1e6, high * 1e6) == (pytest.approx(37.11, abs=0.01), pytest.approx(65.92, abs=0.01))


def test_without_a_rule_set_there_is_a_level_and_no_call():
    result = counted(50, 1_000_000, rules=None)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert result.level_fraction == 5e-5
    assert result.sensitivity_fraction is None
    assert result.findings[-1].rule == "no rule set chosen"


def test_mononuclear_cells_are_not_called_by_a_rule_set_for_nucleated_cells():
    result = counted(500, 1_000_000, kind="mononuclear cells")
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert "written for nucleated cells" in result.findings[-1].text


def test_cells_of_unknown_kind_are_not_called_and_it_is_said():
    result = counted(500, 1_000_000, kind=None)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert result.denominator == "cells, kind not stated"


def test_too_few_cells_block_the_call():
    """A rule set may ask for a number of cells; below it nothing is negative."""
    fewest = Limit(name="cells_min", value=500_000, unit="cells", source=None, at="made for this test", status="draft")
    rules = replace(DRAFT, sections=DRAFT.sections | {"flow": DRAFT.sections["flow"] | {"cells_min": fewest}})
    result = counted(0, 400_000, rules=rules)
    assert result.classification is MrdClass.NOT_EVALUABLE
    assert "400000 cells" in result.findings[-1].text


@pytest.mark.parametrize(("events", "cells"), [(1, 0), (0, 0), (5, 4), (-1, 100)])
def test_impossible_counts_are_refused(events, cells):
    """No cells, swapped numbers, negative events."""
    with pytest.raises(UnusableLaboratoryData):
        counted(events, cells)


counts = st.integers(0, 200).flatmap(lambda k: st.tuples(st.just(k), st.integers(max(k, 1), 10_000_000)))


@given(counts, st.sampled_from([None, DRAFT]))
def test_negative_never_means_zero(pair, rules):
    """Whatever was counted, the level is a positive number or unknown, and the interval reaches above 0."""
    result = counted(*pair, rules=rules)
    assert result.level_fraction is None or result.level_fraction > 0
    assert result.interval[1] > 0
    if result.classification is MrdClass.NEGATIVE:
        assert result.interval[1] >= result.sensitivity_fraction > 0


@given(events=st.integers(0, 100), cells=st.integers(1000, 5_000_000), more=st.integers(1, 5_000_000))
def test_more_cells_never_widen_the_interval(events, cells, more):
    """The same events among more cells: better sensitivity, and an interval that is no wider."""
    few, many = counted(events, cells), counted(events, cells + more)
    assert many.sensitivity_fraction <= few.sensitivity_fraction
    assert many.interval[1] - many.interval[0] <= few.interval[1] - few.interval[0] + 1e-15


@given(events=st.integers(1, 500), cells=st.integers(10_000, 1_000_000), factor=st.integers(2, 50))
def test_ten_times_the_cells_and_events_keep_the_level_and_narrow_the_interval(events, cells, factor):
    """The scale of the input does not move the level."""
    one, scaled = counted(events, cells, rules=None), counted(events * factor, cells * factor, rules=None)
    assert scaled.level_fraction == pytest.approx(one.level_fraction, rel=1e-8)
    assert scaled.interval[0] >= one.interval[0]
    assert scaled.interval[1] <= one.interval[1]


@given(target=counts)
def test_the_interval_holds_the_measured_level(target):
    result = counted(*target, rules=None)
    if result.level_fraction is not None:
        assert result.interval[0] <= result.level_fraction <= result.interval[1] + 1e-12
