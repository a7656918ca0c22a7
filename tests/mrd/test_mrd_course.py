"""The course over time: intervals all the way, methods side by side, cut-offs where they were defined."""

import pytest

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.course import doubling_days, follow, log_reduction, measurement_from
from reall.mrd.decision_points import (
    DecisionPoint,
    canonical_method,
)
from reall.mrd.markers import advice_on_choice, compare_markers, order_targets, preserved_share, read_markers


def result(day, classification="quantified", level=None, interval=None, **more):
    base = {
        "schema": "reall.mrd/1",
        "method": "RQ-PCR",
        "tissue": "marrow",
        "day": day,
        "class": classification,
    }
    return base | {"level_fraction": level, "interval": interval, "findings": []} | more


QUANTIFIED = {"level": 1e-2, "interval": [8e-3, 1.2e-2]}
NEGATIVE = {"classification": "negative", "interval": [0.0, 1e-5], "sensitivity_fraction": 1e-5}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((1e-2, 1e-2), (1e-4, 1e-4), (2.0, 2.0)),
        ((8e-3, 1.2e-2), (8e-5, 1.2e-4), (1.823909, 2.176091)),  # log10(8e-3/1.2e-4), log10(1.2e-2/8e-5)
        ((1e-2, 1e-2), (0.0, 1e-5), (3.0, None)),  # negative: at least
        ((0.0, 1e-4), (1e-3, 1e-3), (None, -1.0)),
        ((0.0, 1e-4), (0.0, 1e-5), (None, None)),
    ],
)
def test_log_reduction_is_an_interval(before, after, expected):
    found = log_reduction(before, after)
    assert found == tuple(None if end is None else pytest.approx(end, abs=1e-5) for end in expected)


@pytest.mark.parametrize(
    ("before", "after", "days", "expected"),
    [
        ((1e-4, 1e-4), (8e-4, 8e-4), 30, (10.0, 10.0)),  # three doublings in 30 days
        ((1e-4, 1e-4), (1e-5, 8e-4), 30, (10.0, None)),  # growth possible, not shown
        ((0.0, 1e-4), (8e-4, 8e-4), 30, (0.0, 10.0)),  # from almost nothing: no shortest time
        ((1e-3, 1e-3), (1e-5, 1e-4), 30, None),  # growth excluded
    ],
)
def test_doubling_time_is_an_interval(before, after, days, expected):
    found = doubling_days(before, after, days)
    if expected is None:
        assert found is None
    else:
        assert found == tuple(None if end is None else pytest.approx(end) for end in expected)


def test_methods_stand_side_by_side():
    course = follow(
        measurement_from(r)
        for r in (
            result(0, **QUANTIFIED),
            result(33, **NEGATIVE),
            result(33, method="flow cytometry", **QUANTIFIED),
        )
    )
    assert [(s.method, len(s.measurements), len(s.changes)) for s in course.series] == [
        ("RQ-PCR", 2, 1),
        ("flow cytometry", 1, 0),
    ]
    assert "methods are not converted" in {finding.rule for finding in course.findings}


def test_positive_after_negative_and_a_rise_are_reported():
    course = follow(measurement_from(r) for r in (result(0, **NEGATIVE), result(40, **QUANTIFIED)))
    assert {"positive after negative", "level rises"} <= {finding.rule for finding in course.findings}
    assert course.series[0].changes[0].kind == "rise"


def test_a_blocked_sample_gives_no_level_to_the_course():
    blocked = [{"rule": "negative control clean", "severity": "blocking", "text": ""}]
    contaminated = result(10, "not_evaluable", 1e-3, [8e-4, 1.2e-3]) | {"findings": blocked}
    missing_rules = [{"rule": "no rule set chosen", "severity": "blocking", "text": ""}]
    unjudged = result(20, "not_evaluable", 1e-3, [8e-4, 1.2e-3]) | {"findings": missing_rules}
    first, second = follow([measurement_from(contaminated), measurement_from(unjudged)]).series[0].measurements
    assert (first.level, first.interval) == (None, None)
    assert (second.level, second.interval) == (1e-3, (8e-4, 1.2e-3))


def test_a_result_without_a_day_is_refused():
    with pytest.raises(UnusableLaboratoryData, match="day"):
        measurement_from(result(None, **QUANTIFIED))
    assert measurement_from(result(None, **QUANTIFIED), day=5).day == 5


POINT = DecisionPoint(
    name="example: block 1",
    timepoints=("end_of_reinduction_block1", "end_of_induction"),
    cut_off_fraction=1e-3,
    method="RQ-PCR of Ig/TCR rearrangements",
    tissue="marrow",
    source="example",
    at="table",
    status="draft",
)


@pytest.mark.parametrize(
    ("method", "tissue", "level", "interval", "answer"),
    [
        ("RQ-PCR", "marrow", 1e-3, (8e-4, 1.2e-3), "at_or_above"),  # the cut-off itself belongs above
        ("RQ-PCR", "marrow", 9.9e-4, (8e-4, 1.2e-3), "below"),
        ("RQ-PCR", "marrow", None, (0.0, 1e-4), "below"),
        ("RQ-PCR", "marrow", None, (0.0, 1e-3), "open"),  # sensitivity no better than the cut-off
        ("RQ-PCR", "marrow", None, None, "open"),
        ("RQ-PCR", "blood", 1e-2, (8e-3, 1.2e-2), "not_comparable"),
        ("flow cytometry", "marrow", 1e-2, (8e-3, 1.2e-2), "not_comparable"),
    ],
)
def test_a_level_meets_a_cut_off_only_where_it_was_defined(method, tissue, level, interval, answer):
    verdict = POINT.judge(
        timepoint="end_of_reinduction_block1", method=method, tissue=tissue, level=level, interval=interval
    )
    assert verdict.answer == answer
    assert verdict.why


def test_a_level_near_the_cut_off_says_so():
    verdict = POINT.judge(timepoint=None, method="RQ-PCR", tissue="marrow", level=9.9e-4, interval=(8e-4, 1.2e-3))
    assert "reaches across" in verdict.why


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("RQ-PCR of Ig/TCR rearrangements", "rq-pcr"),
        ("qPCR", "rq-pcr"),
        ("Flow cytometry", "flow cytometry"),
        ("MFC", "flow cytometry"),
        ("dPCR", "ddpcr"),
        ("PCR", "pcr"),  # not said which: compared with nothing else
    ],
)
def test_one_name_per_method(word, name):
    assert canonical_method(word) == name


@pytest.mark.parametrize(
    ("timepoint", "is_it"),
    [
        ("end_of_reinduction_block1", True),
        ("End of induction", True),
        ("end-of-induction", True),
        ("day 78", False),
        (None, False),
    ],
)
def test_a_time_point_is_known_under_all_its_names(timepoint, is_it):
    assert POINT.at_timepoint(timepoint) is is_it


# ---------------------------------------------------------------- markers

MARKERS = """\
marker,kind,diagnosis,relapse,monoclonal,sensitivity
IGH-1,IGH,yes,no,yes,1e-5
Kde-1,IGK-Kde,yes,yes,yes,1e-4
TRG-1,TRG,no,yes,no,1e-3
DH-1,other,yes,,,
"""


@pytest.fixture
def markers(tmp_path):
    file = tmp_path / "markers.csv"
    file.write_text(MARKERS, encoding="utf-8")
    return read_markers(file)


def test_markers_are_kept_lost_gained_or_unknown(markers):
    compared = compare_markers(markers)
    assert [row["fate"] for row in compared["markers"]] == ["lost", "kept", "gained", "unknown"]
    assert compared["source"] == "szczepanski_2002"


@pytest.mark.parametrize(("kind", "share"), [("IGK-Kde", 0.90), ("TRG", 0.75), ("IGH", 0.64), ("other", None)])
def test_published_stability_by_kind(kind, share):
    """Szczepanski 2002, 96 children."""
    assert preserved_share(kind) == share


def test_targets_are_ordered_by_clonality_stability_and_sensitivity(markers):
    ordered = order_targets(markers, needed_sensitivity=1e-4)
    assert [row["marker"] for row in ordered] == ["Kde-1", "IGH-1", "DH-1", "TRG-1"]
    assert [row["meets_sensitivity"] for row in ordered] == [True, True, None, False]


def test_one_target_or_one_locus_is_advised_against(markers):
    assert "Only one target" in advice_on_choice(markers[:1])[0]
    assert "one locus" in advice_on_choice([markers[0], markers[0]])[0]
    assert advice_on_choice(markers[:2]) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("marker,kind", "name,type", "columns marker and kind"),
        ("yes,no", "maybe,no", "'maybe'"),
        ("1e-5", "low", "'low'"),
    ],
)
def test_marker_tables_that_are_not_understood_are_refused(tmp_path, old, new, words):
    file = tmp_path / "markers.csv"
    file.write_text(MARKERS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match=words):
        read_markers(file)
