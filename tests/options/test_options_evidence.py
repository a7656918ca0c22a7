"""The evidence linter: the shipped rows are clean, and each kind of fault is caught when it is seeded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reall.library.therapy_rows import Arm, Effect, PValue
from reall.options.evidence import lint


def test_the_shipped_rows_have_no_fault(knowledge):
    assert lint(knowledge.therapy.evidence.values()) == []


def rules(row):
    return {fault.rule for fault in lint([row])}


@pytest.fixture
def e01(knowledge):
    """AALL1331 HR/IR: disease-free survival 54.4 against 39.0 %, hazard ratio 0.70 (0.47-1.03)."""
    return knowledge.therapy.evidence["E01"]


def test_an_inverted_ratio_is_caught_and_its_reciprocal_fits(e01):
    """A tertiary page prints 1.43 (0.97-2.13), chemotherapy over blinatumomab, beside the same arms."""
    turned = replace(e01, effect=replace(e01.effect, estimate=1.43, interval=(0.97, 2.13)))
    (fault,) = lint([turned])
    assert fault.rule == "inverted"
    assert "1/x = 0.70" in fault.words


@pytest.mark.parametrize(("id_", "printed"), [("E01", 1.43), ("E02", 1.60), ("E06", 1.89), ("E07", 3.57)])
def test_every_ratio_that_a_tertiary_page_turned_round_is_caught(knowledge, id_, printed):
    row = knowledge.therapy.evidence[id_]
    assert "inverted" in rules(replace(row, effect=replace(row.effect, estimate=printed, interval=None)))


def test_an_odds_ratio_of_something_wanted_points_the_other_way(knowledge):
    """Went on to transplant: 70 against 43 %, odds ratio 3.2 (1.7-5.9)."""
    row = knowledge.therapy.evidence["E03"]
    assert rules(row) == set()
    assert "inverted" in rules(replace(row, effect=replace(row.effect, estimate=1 / 3.2, interval=None)))


def test_an_interval_must_contain_its_estimate(e01):
    assert "interval" in rules(replace(e01, effect=replace(e01.effect, interval=(0.8, 1.03))))
    arms = (Arm(arm="a", estimate_pct=40, interval_pct=(50, 60), level=0.95),)
    assert "interval" in rules(replace(e01, arms=arms, effect=None))


def test_an_interval_needs_its_level(e01):
    assert "level" in rules(replace(e01, effect=replace(e01.effect, level=None)))
    arms = (Arm(arm="a", estimate_pct=58.3, interval_pct=(46.5, 69.3)),)
    assert "level" in rules(replace(e01, arms=arms, effect=None))


@pytest.mark.parametrize("sided", [None, 2])
def test_significant_beside_an_interval_over_1_is_asked_about(knowledge, sided):
    """E07 prints P .02 beside 0.08-1.02; it is one-sided. Without that word the row is refused."""
    row = knowledge.therapy.evidence["E07"]
    assert "significance" in rules(replace(row, p=replace(row.p, sided=sided)))
    assert "significance" in rules(replace(row, endpoint_words="a significant difference"))
    assert "significance" not in rules(replace(row, endpoint_words="not significant"))


def test_counts_and_percentages_must_agree(e01):
    """Printed 42.1 %, but 8 of 18 is 44.4 % (Turk J Hematol 2017; 8 of 19 would fit)."""
    assert "counts" in rules(replace(e01, arms=(Arm(arm="a", estimate_pct=42.1, n=18, events=8),), effect=None))
    assert "counts" not in rules(replace(e01, arms=(Arm(arm="a", estimate_pct=42.1, n=19, events=8),), effect=None))


def test_a_lost_decimal_point_is_out_of_range(e01):
    """A page copy lost its decimal points: 359 % (259-459)."""
    arms = (Arm(arm="a", estimate_pct=359, interval_pct=(259, 459), level=0.95),)
    assert "range" in rules(replace(e01, arms=arms, effect=None))


def test_rows_are_not_pooled_across_event_definitions(e01):
    assert "pooled" in rules(replace(e01, endpoint_words="EFS and DFS together"))


def test_an_mrd_rate_needs_assay_and_threshold(knowledge):
    row = knowledge.therapy.evidence["E16c"]
    assert rules(row) == set()
    assert "assay" in rules(replace(row, assay=""))
    assert "assay" in rules(replace(row, mrd_threshold_fraction=None))


def test_an_effect_names_arms_of_its_own_row(e01):
    assert "arm" in rules(replace(e01, effect=replace(e01.effect, numerator="placebo")))


def test_two_assays_of_the_same_patients_are_two_rows(knowledge):
    """ITCC-059, FDA set: 95.5 % by flow cytometry, 86.4 % by PCR."""
    rows = knowledge.therapy.evidence
    assert (rows["E16b"].assay, rows["E16b"].arms[0].estimate_pct) == ("flow cytometry", 95.5)
    assert (rows["E16c"].assay, rows["E16c"].arms[0].estimate_pct) == ("RQ-PCR", 86.4)


def test_a_90_percent_interval_keeps_its_level(knowledge):
    """AALL1621 prints a 90 % interval (46.5-69.3)."""
    assert knowledge.therapy.evidence["E15a"].arms[0].level == 0.90


def test_the_printed_p_values_of_aall1331_are_one_sided(knowledge):
    for id_ in ("E04", "E05", "E06", "E07"):
        assert knowledge.therapy.evidence[id_].p.sided == 1


def test_a_p_value_of_a_clear_effect_is_left_alone(e01):
    clear = replace(e01, effect=Effect(measure="HR", numerator="blinatumomab", denominator="chemotherapy", estimate=0.5,
                                       interval=(0.3, 0.8), level=0.95), p=PValue(value=0.003))  # fmt: skip
    assert rules(clear) == set()
