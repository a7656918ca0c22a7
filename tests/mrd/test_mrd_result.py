"""The result model refuses what could be misread, and crosses into a case as a set."""

import json

import pytest

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.bridge import read_results, to_case_entry
from reall.mrd.result import MrdClass, MrdResult, weakest_status


def result(classification, **more):
    return MrdResult(
        method="RQ-PCR",
        timepoint="end_of_reinduction_block1",
        tissue="marrow",
        classification=classification,
        **more,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"classification": MrdClass.QUANTIFIED, "level_fraction": 0.0, "interval": (0.0, 1e-4)},
        {"classification": MrdClass.QUANTIFIED, "level_fraction": float("nan"), "interval": (0.0, 1e-4)},
        {"classification": MrdClass.QUANTIFIED, "level_fraction": 1e-4},
        {"classification": MrdClass.NEGATIVE},
        {"classification": MrdClass.NEGATIVE, "sensitivity_fraction": 1e-4, "interval": (0.0, 0.0)},
        {"classification": MrdClass.NOT_EVALUABLE, "interval": (2e-4, 1e-4)},
    ],
)
def test_a_result_that_could_be_misread_cannot_be_made(fields):
    classification = fields.pop("classification")
    with pytest.raises(ValueError, match=r"level_fraction|interval|sensitivity"):
        result(classification, **fields)


CASES = [
    # class, fields, what the case file says
    (
        MrdClass.QUANTIFIED,
        {"level_fraction": 5e-4, "interval": (4e-4, 6.5e-4), "sensitivity_fraction": 1e-5},
        {"detected": True, "level_fraction": 5e-4, "assay_sensitivity_fraction": 1e-5},
    ),
    (
        MrdClass.NEGATIVE,
        {"interval": (0.0, 1e-5), "sensitivity_fraction": 1e-5},
        {"detected": False, "level_fraction": "<1e-05", "assay_sensitivity_fraction": 1e-5},
    ),
    (
        MrdClass.POSITIVE_NOT_QUANTIFIABLE,
        {"interval": (0.0, 1e-4), "sensitivity_fraction": 1e-5},
        {"detected": True, "level_fraction": "<0.0001", "assay_sensitivity_fraction": 1e-5},
    ),
    (
        MrdClass.POSITIVE_NOT_QUANTIFIABLE,
        {"interval": (0.2, 1.0), "sensitivity_fraction": 1e-5},
        {"detected": True, "level_fraction": "0.2..1", "assay_sensitivity_fraction": 1e-5},
    ),
    (MrdClass.NOT_EVALUABLE, {"level_fraction": 5e-4, "interval": (4e-4, 6e-4)}, {}),
]


@pytest.mark.parametrize(("classification", "fields", "expected"), CASES)
def test_a_result_becomes_a_case_entry(classification, fields, expected):
    """What was not evaluable says only that it was taken: its level stays unknown."""
    entry = to_case_entry(result(classification, **fields))
    where = {"timepoint": "end_of_reinduction_block1", "method": "RQ-PCR", "tissue": "marrow"}
    assert entry == where | expected


def test_the_whole_interval_can_be_handed_over():
    measured = result(MrdClass.QUANTIFIED, level_fraction=5e-4, interval=(4e-4, 6.5e-4))
    assert to_case_entry(measured, whole_interval=True)["level_fraction"] == "0.0004..0.00065"


def test_some_signal_below_the_limit_keeps_the_entry_open_as_far_as_it_reaches():
    found = to_case_entry(result(MrdClass.NEGATIVE, sensitivity_fraction=1e-5, interval=(0.0, 3e-5)))
    assert found["level_fraction"] == "<3e-05"


def test_a_negative_entry_never_says_zero():
    entry = to_case_entry(result(MrdClass.NEGATIVE, sensitivity_fraction=2e-4, interval=(0.0, 2e-4)))
    assert entry["level_fraction"] == "<0.0002"


def test_json_survives_the_way_to_a_file_and_back(tmp_path):
    measured = result(MrdClass.QUANTIFIED, level_fraction=5e-4, interval=(4e-4, 6.5e-4))
    file = tmp_path / "result.json"
    file.write_text(json.dumps(measured.to_json()), encoding="utf-8")
    (found,) = read_results(file)
    assert to_case_entry(found) == to_case_entry(measured)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "{}",
        '{"results": []}',
        '{"schema": "reall.case/1", "method": "x", "class": "negative"}',
        '{"schema": "reall.mrd/1", "method": "x", "class": "cured"}',
    ],
)
def test_other_files_are_refused(tmp_path, text):
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData):
        read_results(file)


def test_a_negative_without_sensitivity_cannot_cross():
    with pytest.raises(UnusableLaboratoryData, match="sensitivity_fraction"):
        to_case_entry({"class": "negative", "method": "RQ-PCR"})


def test_the_weakest_status_is_reported():
    assert weakest_status(["double-checked", "transcribed"]) == "transcribed"
    assert weakest_status([]) is None
