"""The anthracycline ledger. Expected totals: the worked example of the research notes, recomputed by hand."""

from __future__ import annotations

import pytest

from reall.facts.case import Exposure
from reall.options.ledger import course_exposures, ledger

EXAMPLE = (
    Exposure(agent="daunorubicin", cumulative_mg_m2=100),
    Exposure(agent="doxorubicin", cumulative_mg_m2=75),
    Exposure(agent="mitoxantrone", cumulative_mg_m2=20),
)


def totals(knowledge, exposures):
    return {total.factor_set.id: total for total in ledger(exposures, knowledge.therapy).totals}


@pytest.mark.parametrize(
    ("factor_set", "total"),
    [
        ("cog_older", 255),  # 100 x 1 + 75 + 20 x 4
        ("feijen_2019_mean", 345),  # 100 x 0.6 + 75 + 20 x 10.5
        ("feijen_2019_linear", 401),  # 100 x 0.5 + 75 + 20 x 13.8
        ("ighg_2025", 345),
    ],
)
def test_the_same_child_has_different_totals_under_different_sets(knowledge, factor_set, total):
    found = totals(knowledge, EXAMPLE)[factor_set]
    assert (found.low, found.high) == (pytest.approx(total), pytest.approx(total))
    assert found.words == f"{total} mg/m²"


@pytest.mark.parametrize("factor_set", ["ighg_2025", "feijen_2019_mean", "feijen_2019_linear"])
def test_idarubicin_is_not_computable_where_a_set_has_no_factor(knowledge, factor_set):
    found = totals(knowledge, (*EXAMPLE, Exposure(agent="idarubicin", cumulative_mg_m2=20)))[factor_set]
    assert found.low is None
    assert found.not_computable == ("idarubicin",)
    assert found.words == "not computable (no factor for idarubicin)"


def test_a_printed_range_of_factors_gives_a_range(knowledge):
    """Older substitution: idarubicin 4 to 5. 20 x 4 = 80, 20 x 5 = 100, beside 255."""
    found = totals(knowledge, (*EXAMPLE, Exposure(agent="idarubicin", cumulative_mg_m2=20)))["cog_older"]
    assert (found.low, found.high) == (pytest.approx(335), pytest.approx(355))


@pytest.mark.parametrize(
    ("doxorubicin", "answers"),
    [
        (99, ["not reached", "not reached", "not reached"]),
        (100, ["not reached", "not reached", "reached"]),
        (250, ["not reached", "reached", "reached"]),
        (450, ["reached", "reached", "reached"]),
    ],
)
def test_published_limits(knowledge, doxorubicin, answers):
    found = totals(knowledge, (Exposure(agent="doxorubicin", cumulative_mg_m2=doxorubicin),))["ighg_2025"]
    assert [found.against(limit) for limit in knowledge.therapy.cumulative_limits] == answers


def test_a_range_across_a_limit_depends_on_the_factor(knowledge):
    exposures = (Exposure(agent="doxorubicin", cumulative_mg_m2=360), Exposure(agent="idarubicin", cumulative_mg_m2=20))
    found = totals(knowledge, exposures)
    limit = next(limit for limit in knowledge.therapy.cumulative_limits if limit.id == "pog_substitution")
    assert found["cog_older"].against(limit) == "depends on the factor"
    assert found["ighg_2025"].against(limit) == "not computable"


def test_no_exposure_recorded_is_unknown_not_zero(knowledge):
    assert ledger((), knowledge.therapy) is None


def test_other_drugs_are_named_and_unknown_names_never_counted(knowledge):
    exposures = (Exposure(agent="Vincristine", cumulative_mg_m2=6), Exposure(agent="pirarubicin", cumulative_mg_m2=50))
    found = ledger(exposures, knowledge.therapy)
    assert (found.other_drugs, found.not_recognised) == (("Vincristine",), ("pirarubicin",))


def test_one_course_of_ida_flag_adds_idarubicin_36(knowledge):
    """12 mg/m² on days 2 to 4 (Fleischhack 1998)."""
    added = course_exposures(knowledge.therapy.regimens["ida_flag"], knowledge.therapy)
    assert added == (Exposure(agent="idarubicin", cumulative_mg_m2=36.0),)
    assert totals(knowledge, added)["ighg_2025"].low is None
