"""The worked examples: what a clinician should read on the screen and find in the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from assess_examples import EXAMPLE_FILES, EXAMPLES, NOTHING_KNOWN

from reall.report.terminal import WIDTH, summary
from reall.report.to_json import assessment_json, dumps
from reall.stratify.assess import Assessment

Assessed = Callable[[str], Assessment]

# example: {answer: value, or status where there is none}; by hand from the rules in the design's source list
EXPECTED: dict[str, dict[str, str]] = {
    "late-marrow-mrd-between-cut-offs.yaml": {
        "site_class": "isolated_marrow", "bfm_time": "late", "all_rez_bfm_s": "S2", "intreall_2010": "SR",
        "ukall_r3": "intermediate", "cog_aall1331": "LR", "cog_first_relapse_hr20": "low", "jplsg_all_r08": "S2",
        "cooprall_97_iem": "not_eligible", "irving_2016_cytogenetics": "good",
        # 5e-4 lies above the cut-off 1e-4 and below 1e-3
        "transplant ukall_r3": "yes", "transplant intreall_arm_b": "yes",
        "transplant intreall_arm_a": "no", "transplant all_rez_bfm_2002": "no", "transplant jplsg_all_r08": "no",
    },
    "very-early-t-cell.yaml": {
        "site_class": "isolated_marrow", "bfm_time": "very_early", "all_rez_bfm_s": "S4", "intreall_2010": "HR",
        "ukall_r3": "high", "cog_aall1331": "not_eligible", "cog_first_relapse_hr20": "high",
        "transplant ukall_r3": "yes",
    },
    "early-combined-cns.yaml": {
        "cns_status": "CNS3a", "site_class": "combined", "bfm_time": "early", "all_rez_bfm_s": "S2",
        "ukall_r3": "intermediate", "intreall_2010": "SR", "cog_aall1331": "HR", "cog_first_relapse_hr20": "high",
        "transplant intreall_arm_a": "yes", "transplant intreall_arm_b": "yes",
    },
    "isolated-cns.yaml": {
        "site_class": "isolated_em", "bfm_time": "late", "all_rez_bfm_s": "S1", "intreall_2010": "SR",
        "ukall_r3": "standard", "cooprall_97_iem": "G3B", "cog_first_relapse_hr20": "undetermined",
    },
    "late-testis.json": {
        "site_class": "isolated_em", "bfm_time": "late", "all_rez_bfm_s": "S1", "cooprall_97_iem": "G3B",
        "cog_aall1331": "LR", "cog_first_relapse_hr20": "low", "ukall_r3": "standard",
    },
    "mrd-below-detection.yaml": {
        "all_rez_bfm_s": "S2", "cog_aall1331": "LR", "transplant all_rez_bfm_2002": "no",
        # below 1e-3 may lie on either side of 1e-4
        "transplant ukall_r3": "undetermined", "transplant intreall_arm_b": "undetermined",
    },
    "lineage-unknown.yaml": {
        "bfm_time": "very_early", "site_class": "isolated_marrow", "all_rez_bfm_s": "undetermined",
        "cog_epidemiology_time": "early", "mrc_time_30": "early",
    },
    "ten-lines.yaml": {
        "site_class": "isolated_marrow", "bfm_time": "late", "all_rez_bfm_s": "S2", "cog_first_relapse_hr20": "low",
        # age, transplant before and others are not given, so children whom these systems exclude are possible
        "intreall_2010": "undetermined", "ukall_r3": "undetermined", "cog_aall1331": "undetermined",
        "transplant all_rez_bfm_2002": "no", "transplant ukall_r3": "undetermined",
    },
    "refractory.yaml": {
        "pdl_2022_marrow_relapse": "not_relapse:no_previous_cr", "all_rez_bfm_s": "not_eligible",
        "sj18_refractory": "yes",
    },
}  # fmt: skip


def _data(assessed: Assessed, name: str) -> dict[str, Any]:
    return assessment_json(assessed((EXAMPLES / name).read_text()))


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_gets_its_groups(name: str, assessed: Assessed) -> None:
    data = _data(assessed, name)
    for wanted, expected in EXPECTED[name].items():
        id_ = wanted.removeprefix("transplant ")
        part = data["transplant"] if id_ != wanted else {**data["derived"], **data["systems"]}
        finding = part[id_]
        assert (finding["value"] or finding["status"]) == expected, wanted


def test_every_example_is_expected() -> None:
    assert {file.name for file in EXAMPLE_FILES} == set(EXPECTED)


def test_mrd_below_detection_asks_for_a_more_sensitive_assay(assessed: Assessed) -> None:
    finding = _data(assessed, "mrd-below-detection.yaml")["transplant"]["ukall_r3"]
    assert finding["possible"] == ["yes", "no"]
    assert finding["missing"] == [
        "mrd_end_of_reinduction_block1_level_fraction",
        "mrd_end_of_reinduction_block1_assay_sensitivity_fraction",
    ]


# --- the contract `reall.assessment/1`, design section 3 -------------------------------------------------------------

TOP = {
    "schema",
    "case",
    "reall_version",
    "knowledge_version",
    "derived",
    "systems",
    "transplant",
    "options",
    "outcomes",
}
FINDING = {
    "status", "value", "possible", "because", "missing", "excluded_by", "conflicts", "knowledge_status",
}  # fmt: skip
BECAUSE = {"rule", "facts", "source", "at"}
STATUSES = {"determined", "undetermined", "not_eligible", "silent", "unconfirmed"}
SYSTEMS = {
    "all_rez_bfm_s", "intreall_2010", "ukall_r3", "cog_first_relapse_hr20", "cog_aall1331", "jplsg_all_r08",
    "cooprall_97_iem", "mrc_time_30", "locatelli_2012_time_30", "sj18_time", "sj18_refractory",
    "irving_2016_cytogenetics", "pdri_all_group",
}  # fmt: skip
DERIVED = {"site_class", "bfm_time", "cog_epidemiology_time", "cns_status", "pdl_2022_marrow_relapse"}
TRANSPLANT = {
    "all_rez_bfm_2002", "intreall_arm_a", "intreall_arm_b", "intreall_hr", "ukall_r3", "cog_aall1331", "jplsg_all_r08",
}  # fmt: skip


@pytest.mark.parametrize("text", [*(f.read_text() for f in EXAMPLE_FILES), NOTHING_KNOWN])
def test_the_json_keeps_the_contract(text: str, assessed: Assessed) -> None:
    def no_nan(token: str) -> None:
        raise AssertionError(f"{token} in the JSON")

    data = json.loads(dumps(assessment_json(assessed(text))), parse_constant=no_nan)
    assert data["schema"] == "reall.assessment/1"
    assert set(data) >= TOP
    assert set(data["systems"]) >= SYSTEMS
    assert set(data["derived"]) >= DERIVED
    assert set(data["transplant"]) == TRANSPLANT
    for finding in (*data["derived"].values(), *data["systems"].values(), *data["transplant"].values()):
        _check_finding(finding)


def _check_finding(finding: dict[str, Any]) -> None:
    assert set(finding) >= FINDING
    assert finding["status"] in STATUSES
    assert (finding["value"] is not None) == (finding["status"] == "determined")
    assert finding["possible"]
    assert "impossible" not in finding["possible"]
    assert bool(finding["excluded_by"]) == (finding["status"] == "not_eligible")
    for reason in finding["because"]:
        assert set(reason) >= BECAUSE
        assert reason["source"]
        assert reason["at"]


def test_nothing_known_gives_no_group(assessed: Assessed) -> None:
    data = assessment_json(assessed(NOTHING_KNOWN))
    findings = {**data["derived"], **data["systems"], **data["transplant"]}
    assert [id_ for id_, f in findings.items() if f["value"] is not None] == []
    assert data["next_questions"][0]["fact"] == "relapse_number"


# --- the screen ------------------------------------------------------------------------------------------------------

LINES = 48


@pytest.mark.parametrize("text", [*(f.read_text() for f in EXAMPLE_FILES), NOTHING_KNOWN])
def test_a_child_fits_on_one_screen(text: str, assessed: Assessed) -> None:
    lines = summary(assessed(text)).splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("late-marrow-mrd-between-cut-offs", "late, BFM clock; 40.3 months from diagnosis; 13.7 months after end of"),
        ("late-marrow-mrd-between-cut-offs", "yes  UKALL R3: MRD 5e-4, cut-off 1e-4, end of reinduction block 1"),
        ("late-marrow-mrd-between-cut-offs", "no   ALL-REZ BFM 2002: MRD 5e-4, cut-off 1e-3, end of reinduction"),
        ("late-marrow-mrd-between-cut-offs", "Transplant in second remission: no - "),
        ("late-marrow-mrd-between-cut-offs", "never pooled"),
        ("very-early-t-cell", "S4*"),
        ("very-early-t-cell", "* rests on knowledge that is not confirmed yet (draft)."),
        ("lineage-unknown", "First relapse, lineage not known, 5 years old."),
        ("lineage-unknown", "Which lineage is the leukaemia (B = B-cell precursor)? settles"),
        ("refractory", "No relapse: refractory disease or first treatment"),
        ("isolated-cns", "Site: isolated extramedullary; 1 % blasts in the marrow; CNS3a."),
    ],
)  # fmt: skip
def test_the_screen_says(example: str, said: str, assessed: Assessed) -> None:
    assert said in summary(assessed((EXAMPLES / f"{example}.yaml").read_text()))


def test_the_screen_speaks_words_not_codes(assessed: Assessed) -> None:
    """Codes of values never reach the screen; names of facts do, in brackets, because they are typed into a case."""
    for file in EXAMPLE_FILES:
        shown = re.sub(r"\[\w+\]", "", summary(assessed(file.read_text())))
        assert not re.search(r"\b[a-z]+_[a-z_]+\b", shown), file.name


def test_colour_changes_no_word(assessed: Assessed) -> None:
    for file in EXAMPLE_FILES:
        done = assessed(file.read_text())
        painted = summary(done, colour=True)
        assert "\x1b[" in painted
        assert [line.rstrip() for line in re.sub(r"\x1b\[\d+m", "", painted).splitlines()] == summary(done).splitlines()


def test_a_case_name_cannot_drive_the_terminal(assessed: Assessed) -> None:
    done = assessed('case: "\\e[31mred\\a\\r"\nfacts: {genetics: ["\\e[2J"]}\n')
    assert not set(summary(done)) & {"\x1b", "\x07", "\r"}


def test_assumptions_and_notes_are_shown(assessed: Assessed) -> None:
    shown = summary(assessed("facts: {relapse_number: 1, days_from_diagnosis: 600}\n"))
    assert "600 days / 30.4375" in shown
