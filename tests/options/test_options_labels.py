"""Label time travel. Dates and lines: knowledge/agents/, from notices and label copies named there."""

from __future__ import annotations

import datetime as dt

import pytest

from options.options_support import by_id
from reall.base.errors import WrongUsage
from reall.options.labels import first_day, last_day

B_RELAPSE = {"lineage": "B", "relapse_number": 1, "age_at_relapse_years": 10, "cd19_status": "positive",
             "in_complete_remission": "no", "refractory_to_reinduction": "no"}  # fmt: skip


def label(ask_one, option, facts, on, country="US"):
    return ask_one(option, facts, on=dt.date.fromisoformat(on), country=country).label.status


@pytest.mark.parametrize(
    ("on", "ph", "status"),
    [
        ("2013-06-01", "yes", "not authorised"),
        ("2015-06-01", "yes", "off label"),  # Ph-negative only, and adults only
        ("2017-01-15", "yes", "off label"),  # children since September 2016, still Ph-negative only
        ("2017-01-15", "no", "on label"),
        ("2019-05-01", "yes", "on label"),  # since July 2017 whatever the Philadelphia chromosome
        ("2019-05-01", "no", "on label"),
        ("2026-11-21", "yes", "on label"),
        ("2017-07-15", "yes", "undetermined"),  # the day in July 2017 was not seen
    ],
)
def test_blinatumomab_in_ph_positive_relapse_before_and_after_2017(ask_one, on, ph, status):
    assert label(ask_one, "blinatumomab", {**B_RELAPSE, "bcr_abl1": ph}, on) == status


@pytest.mark.parametrize(
    ("on", "mrd", "status"),
    [
        ("2017-12-01", 2e-3, "off label"),
        ("2018-03-28", 2e-3, "off label"),
        ("2018-03-29", 2e-3, "on label"),  # remission with MRD of 0.1 % or more
        ("2023-12-01", 5e-4, "off label"),
        ("2024-06-13", 5e-4, "off label"),
        ("2024-06-14", 5e-4, "on label"),  # consolidation, whatever the MRD, Ph-negative
        ("2024-06-13", 2e-3, "on label"),
    ],
)
def test_blinatumomab_consolidation_by_mrd_before_and_after_june_2024(ask_one, on, mrd, status):
    facts = {**B_RELAPSE, "relapse_number": 0, "in_complete_remission": "yes", "bcr_abl1": "no",
             "latest_marrow_mrd_level_fraction": mrd}  # fmt: skip
    assert label(ask_one, "blinatumomab_mrd", facts, on) == status


def test_ph_positive_is_outside_the_2024_consolidation_line(ask_one):
    facts = {**B_RELAPSE, "relapse_number": 0, "in_complete_remission": "yes", "latest_marrow_mrd_level_fraction": 5e-4}
    assert label(ask_one, "blinatumomab_mrd", {**facts, "bcr_abl1": "yes"}, "2024-07-01") == "off label"


@pytest.mark.parametrize(
    ("country", "facts", "status"),
    [
        ("US", {"prior_allo_hsct": "yes"}, "off label"),  # first relapse after transplant: EU line only
        ("EU", {"prior_allo_hsct": "yes"}, "on label"),
        ("US", {"prior_allo_hsct": "yes", "refractory_to_reinduction": "yes"}, "on label"),
        ("US", {"relapse_number": 2}, "on label"),
        ("EU", {"relapse_number": 2, "age_at_relapse_years": 25}, "on label"),
        ("EU", {"relapse_number": 2, "age_at_relapse_years": 26}, "off label"),
        ("US", {"prior_allo_hsct": "no"}, "off label"),
    ],
)
def test_tisagenlecleucel_in_two_countries(ask_one, country, facts, status):
    assert label(ask_one, "tisagenlecleucel", {**B_RELAPSE, **facts}, "2020-01-01", country) == status


@pytest.mark.parametrize(("on", "status"), [("2017-08-29", "not authorised"), ("2017-08-30", "on label")])
def test_tisagenlecleucel_before_its_first_day(ask_one, on, status):
    assert label(ask_one, "tisagenlecleucel", {**B_RELAPSE, "relapse_number": 2}, on) == status


@pytest.mark.parametrize(("on", "required"), [("2024-12-01", True), ("2025-12-01", False)])
def test_the_risk_programme_of_tisagenlecleucel_ended_in_june_2025(ask, on, required):
    answer = by_id(ask({**B_RELAPSE, "relapse_number": 2}, on=dt.date.fromisoformat(on)), "tisagenlecleucel")
    assert bool(answer.label.events) is required


HIGH_RISK = {"months_from_diagnosis": 20, "on_primary_therapy_at_relapse": "yes", "marrow_blasts_pct": 80,
             "cns_status": "CNS1", "testis_biopsy_positive": "no", "other_em_sites": [], "prior_allo_hsct": "no",
             "bcr_abl1": "no", "prior_regimens": 1}  # fmt: skip
LATE = {**HIGH_RISK, "months_from_diagnosis": 60, "on_primary_therapy_at_relapse": "no",
        "months_after_end_of_primary_therapy": 30}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "on", "status"),
    [
        (HIGH_RISK, "2022-01-01", "on label"),
        (LATE, "2022-01-01", "off label"),
        (
            {**HIGH_RISK, "age_at_relapse_years": 0.67},
            "2022-01-01",
            "undetermined",
        ),  # the extension to 1 month: day not seen
        ({**HIGH_RISK, "age_at_relapse_years": 0.67}, "2025-08-01", "on label"),
        ({**HIGH_RISK, "bcr_abl1": "yes"}, "2022-01-01", "off label"),
    ],
)
def test_blinatumomab_in_the_eu_is_for_high_risk_first_relapse(ask_one, facts, on, status):
    assert label(ask_one, "blinatumomab", {**B_RELAPSE, **facts}, on, "EU") == status


@pytest.mark.parametrize(
    ("option", "facts", "on", "status"),
    [
        ("inotuzumab_ozogamicin", {"cd22_status": "positive"}, "2024-03-05", "off label"),
        ("inotuzumab_ozogamicin", {"cd22_status": "positive"}, "2024-03-06", "on label"),
        ("inotuzumab_ozogamicin", {"cd22_status": "positive", "age_at_relapse_years": 0.5}, "2024-03-06", "off label"),
        ("dasatinib", {"bcr_abl1": "yes"}, "2026-11-21", "off label"),  # children: newly diagnosed only
        ("ponatinib", {"bcr_abl1": "yes"}, "2026-11-21", "off label"),  # adults only
        ("ponatinib", {"bcr_abl1": "yes"}, "2018-01-01", "undetermined"),  # the start of the row was not seen
        ("revumenib", {"primary_subtype": "KMT2A_AFF1"}, "2024-11-14", "not authorised"),
        ("revumenib", {"primary_subtype": "KMT2A_AFF1"}, "2024-11-15", "on label"),
        ("bortezomib_vxld", {}, "2026-11-21", "off label"),  # no ALL line in any age group
        ("clofarabine", {"prior_regimens": 1}, "2026-11-21", "off label"),
        ("clofarabine", {"prior_regimens": 2}, "2026-11-21", "on label"),
        ("clofarabine", {"prior_regimens": 2}, "2003-12-31", "not authorised"),
        ("clofarabine", {"prior_regimens": 2}, "2004-06-01", "undetermined"),  # only the year was seen
        ("trametinib", {}, "2026-11-21", "not recorded"),
    ],
)
def test_other_labels(ask_one, option, facts, on, status):
    assert label(ask_one, option, {**B_RELAPSE, **facts}, on) == status


def test_an_open_label_names_the_facts_that_decide(ask):
    facts = {key: value for key, value in B_RELAPSE.items() if key != "cd19_status"}
    answer = by_id(ask(facts), "blinatumomab").label
    assert (answer.status, "cd19_status" in answer.missing) == ("undetermined", True)


def test_a_country_without_label_rows_is_refused(ask):
    with pytest.raises(WrongUsage, match="no label of 'Atlantis'"):
        ask({}, country="Atlantis")


@pytest.mark.parametrize(
    ("partial", "first", "last"),
    [
        ("2016", "2016-01-01", "2016-12-31"),
        ("2016-02", "2016-02-01", "2016-02-29"),
        ("2016-02-03", "2016-02-03", "2016-02-03"),
    ],
)
def test_a_partial_date_is_the_span_of_days_it_can_mean(partial, first, last):
    assert (first_day(partial).isoformat(), last_day(partial).isoformat()) == (first, last)
