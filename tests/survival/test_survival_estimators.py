"""The estimators on tables worked out by hand, and against statsmodels and lifelines on whatever Hypothesis finds."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reall.cohort.survival.concordance import harrell
from reall.cohort.survival.counts import LifeTable, Tally
from reall.cohort.survival.incidence import aalen_johansen, incidence_at
from reall.cohort.survival.kaplan_meier import at_years, kaplan_meier, median, restricted_mean
from reall.cohort.survival.log_rank import log_rank

Child = tuple[int, float, int]
"""Stratum, days, what ended it (0: last seen)."""
children = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12).map(float), st.integers(0, 2)), min_size=6, max_size=60
)


def tables(rows: list[Child], causes: int = 2, batches: int = 1) -> list[LifeTable]:
    tally = Tally(causes)
    for part in np.array_split(np.array(rows, dtype=np.float64), batches):
        tally.add(part[:, 0].astype(np.int64), part[:, 1], part[:, 2].astype(np.int64))
    return [tally.table([stratum]) for stratum in range(3)]


def survfunc() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("statsmodels.duration.survfunc")


BY_HAND = [(0, 6.0, 1), (0, 6.0, 1), (0, 6.0, 1), (0, 6.0, 0), (0, 7.0, 1), (0, 9.0, 0), (0, 10.0, 1), (0, 10.0, 0)]
"""Eight children, three deaths and one last seen on day 6, made up for this test."""


def test_kaplan_meier_by_hand() -> None:
    """8 at risk, 3 die: 5/8. The one last seen at 6 was still at risk. 4 at risk at 7, 1 dies: 5/8 x 3/4; and so on."""
    table = tables(BY_HAND)[0]
    curve = kaplan_meier(table)
    assert curve.times.tolist() == [6, 7, 10]
    assert curve.survival.tolist() == pytest.approx([5 / 8, 15 / 32, 15 / 64])
    assert [table.at_risk_at(day) for day in (0, 6, 6.5, 7, 10, 11)] == [8, 8, 4, 4, 2, 0]
    assert median(curve)[0] == 7
    # Greenwood at 7: 3/(8 x 5) + 1/(4 x 3)
    assert curve.variance_of_log[1] == pytest.approx(3 / 40 + 1 / 12)
    # 6 days of 1, one of 5/8, two of 15/32
    assert restricted_mean(table, curve, 9.0)[0] == pytest.approx(6 + 5 / 8 + 2 * 15 / 32)  # type: ignore[index]


@pytest.mark.parametrize(
    ("years", "value", "has_interval"),
    [(0.5, 1.0, False), (1.0, 0.5, True), (2.0, 0.5, True), (2.5, None, False)],
)
def test_nothing_is_said_beyond_the_last_observation(years: float, value: float | None, has_interval: bool) -> None:
    """Of two children one dies after a year, the other is last seen after two. No event yet: no interval."""
    table = tables([(0, 1.0, 1), (0, 2.0, 0)])[0]
    found = at_years(table, kaplan_meier(table), years, 1.0)
    assert found.value == (None if value is None else pytest.approx(value))
    assert (found.interval is not None) == has_interval


def test_when_all_have_died_the_estimate_stays_at_nought() -> None:
    table = tables([(0, 1.0, 1), (0, 2.0, 1)])[0]
    assert at_years(table, kaplan_meier(table), 9.0, 1.0).value == 0


def test_cumulative_incidence_by_hand() -> None:
    """4 at risk: 1 relapse (1/4); 3 left: 1 death (3/4 x 1/3); one last seen; 1 left: relapse (1/2 x 1)."""
    table = tables([(0, 1.0, 1), (0, 2.0, 2), (0, 3.0, 0), (0, 4.0, 1)])[0]
    found = aalen_johansen(table)
    assert found.share[0].tolist() == pytest.approx([0.25, 0.25, 0.75])
    assert found.share[1].tolist() == pytest.approx([0.0, 0.25, 0.25])
    assert incidence_at(table, found, 0, 5.0, 1.0).value is None  # nobody was followed so long


def test_tied_times_are_exact_under_competing_risks() -> None:
    """All at one time: 2 of 5 relapse, 1 dies, 2 are last seen. No order among them may matter."""
    table = tables([(0, 3.0, 1), (0, 3.0, 1), (0, 3.0, 2), (0, 3.0, 0), (0, 3.0, 0)])[0]
    assert aalen_johansen(table).share[:, 0].tolist() == pytest.approx([0.4, 0.2])


@settings(max_examples=60, deadline=None)
@given(children, st.integers(1, 5))
def test_batches_do_not_matter(rows: list[Child], batches: int) -> None:
    for whole, parts in zip(tables(rows), tables(rows, batches=batches), strict=True):
        assert whole.times.tolist() == parts.times.tolist()
        assert whole.events.tolist() == parts.events.tolist()
        assert whole.at_risk.tolist() == parts.at_risk.tolist()


@settings(max_examples=60, deadline=None)
@given(children)
def test_kaplan_meier_is_that_of_statsmodels(rows: list[Child]) -> None:
    for stratum, table in enumerate(tables(rows)):
        own = [(days, cause > 0) for s, days, cause in rows if s == stratum]
        if not any(event for _, event in own):
            continue
        with np.errstate(all="ignore"):
            theirs = survfunc().SurvfuncRight(*map(np.array, zip(*own, strict=True)))
        curve = kaplan_meier(table)
        assert curve.times.tolist() == theirs.surv_times.tolist()
        assert curve.survival == pytest.approx(theirs.surv_prob, abs=1e-12)
        inside = curve.survival > 0
        errors = np.sqrt(curve.variance_of_log[inside]) * curve.survival[inside]
        assert errors == pytest.approx(theirs.surv_prob_se[inside], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(children)
def test_cumulative_incidence_is_that_of_statsmodels(rows: list[Child]) -> None:
    for stratum, table in enumerate(tables(rows)):
        own = [(days, cause) for s, days, cause in rows if s == stratum]
        if {cause for _, cause in own} < {1, 2} or not {1, 2} <= {cause for _, cause in own}:
            continue
        with np.errstate(all="ignore"):
            theirs = survfunc().CumIncidenceRight(*map(np.array, zip(*own, strict=True)))
        found = aalen_johansen(table)
        place = np.searchsorted(theirs.times, found.times)
        for cause in (0, 1):
            assert found.share[cause] == pytest.approx(theirs.cinc[cause][place], abs=1e-12)
            error = theirs.cinc_se[cause][place]
            there = np.isfinite(error)  # theirs fails where the last child at risk has the event
            assert found.standard_error[cause][there] == pytest.approx(error[there], abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(children)
def test_log_rank_is_that_of_statsmodels(rows: list[Child]) -> None:
    found = log_rank(tables(rows))
    stratum, days, cause = (np.array(column) for column in zip(*rows, strict=True))
    if found is None or len(set(stratum.tolist())) < 2:
        return
    try:
        chi2, p = survfunc().survdiff(days, (cause > 0).astype(int), stratum)
    except np.linalg.LinAlgError:
        return
    if np.isfinite(chi2) and found.df == len(set(stratum.tolist())) - 1:
        assert (found.chi2, found.p) == pytest.approx((chi2, p), abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(children)
def test_concordance_is_that_of_lifelines(rows: list[Child]) -> None:
    """lifelines scores survival, we score risk; it counts two events at one time as half, we leave the pair out."""
    distinct = [(s, days + i / 1000, cause) for i, (s, days, cause) in enumerate(rows)]
    found = harrell(tables(distinct))
    if found is None:
        return
    index = importlib.import_module("lifelines.utils").concordance_index
    stratum, days, cause = (np.array(column) for column in zip(*distinct, strict=True))
    assert found.c == pytest.approx(index(days, -stratum, cause > 0), abs=1e-12)


def test_nothing_to_compare() -> None:
    assert log_rank(tables([(0, 1.0, 1), (0, 2.0, 0)])) is None
    assert log_rank(tables([(0, 1.0, 0), (1, 2.0, 0)])) is None
    assert harrell(tables([(0, 1.0, 0), (1, 2.0, 0)])) is None
