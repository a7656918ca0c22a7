"""Trials, studies of ClinicalTrials.gov and CTML. A child without sequencing is undetermined, never matched or lost."""

from __future__ import annotations

import json

import pytest

from options.options_support import child
from reall.base.documents import Document, read_document
from reall.base.errors import UnusableCase
from reall.options.ctgov import answer_study, read_study
from reall.options.ctml import answer_ctml, to_ctml

RELAPSED = {"lineage": "B", "relapse_number": 1, "age_at_relapse_years": 9, "age_at_diagnosis_years": 5,
            "performance_score_pct": 90}  # fmt: skip


@pytest.mark.parametrize(
    ("trial", "fact"),
    [
        ("hem_ismart_b", "mapk_src_alteration"),
        ("hem_ismart_c", "jak_stat_alteration"),
        ("hem_ismart_d", "ras_pathway_alteration"),
    ],
)
def test_a_genomic_criterion_without_sequencing_stays_open(ask, trial, fact):
    def match(facts):
        answers = ask({**RELAPSED, **facts})
        return next(answer for answer in answers.trials if answer.trial.id == trial)

    unsequenced = match({})
    assert (unsequenced.match, unsequenced.missing) == ("undetermined", (fact,))
    assert [judged.criterion.genomic for judged in unsequenced.deciding] == [True]
    assert match({fact: "yes"}).match == "yes"
    assert match({fact: "no"}).match == "no"


def test_the_arm_without_a_molecular_criterion_needs_no_sequencing(ask):
    answers = ask(RELAPSED)
    assert next(answer.match for answer in answers.trials if answer.trial.id == "hem_ismart_a") == "yes"


def test_the_trials_of_the_issue_are_there(knowledge):
    wanted = {"intreall_sr_2010", "intreall_hr_2010", "aall1331", "aall07p1", "aall1621", "eliana", "hem_ismart_a",
              "hem_ismart_b", "hem_ismart_c", "hem_ismart_d"}  # fmt: skip
    assert wanted <= set(knowledge.therapy.trials)
    assert all(trial.status_as_of for trial in knowledge.therapy.trials.values())


STUDY = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000000", "briefTitle": "A made-up study for this test"},
        "statusModule": {"overallStatus": "NOT_YET_RECRUITING", "statusVerifiedDate": "2026-01"},
        "conditionsModule": {"conditions": ["Recurrent Childhood ALL"]},
        "eligibilityModule": {"eligibilityCriteria": "Inclusion: …", "sex": "ALL", "minimumAge": "1 Year",
                              "maximumAge": "17 Years"},
        "contactsLocationsModule": {"locations": [{"facility": "Hospital", "city": "City", "country": "Country"}]},
    }
}  # fmt: skip


def study(**rules):
    data = json.loads(json.dumps(STUDY))
    data["protocolSection"]["eligibilityModule"] |= rules
    return read_study(json.dumps(data), name="study.json")


@pytest.mark.parametrize(
    ("age", "match"),
    [
        (0.99, "no"),
        (1, "yes"),
        (17, "yes"),
        (17.99, "yes"),
        (18, "no"),
        ("16..19", "undetermined"),
        (None, "undetermined"),
    ],
)
def test_ages_of_a_study_include_the_whole_last_year(knowledge, age, match):
    case = child(knowledge, {"age_at_relapse_years": age} if age is not None else {})
    assert answer_study(study(), case).match == match


@pytest.mark.parametrize(("sex", "match"), [("female", "yes"), ("male", "no"), (None, "undetermined")])
def test_sex_of_a_study(knowledge, sex, match):
    case = child(knowledge, {"age_at_relapse_years": 9, **({"sex": sex} if sex else {})})
    assert answer_study(study(sex="FEMALE"), case).match == match


def test_the_eligibility_text_is_for_a_person_and_the_status_is_not_open(knowledge):
    made = study()
    assert (made.status, made.sites) == ("not_yet_recruiting", ("Hospital, City, Country",))
    assert answer_study(made, child(knowledge, {"age_at_relapse_years": 9})).by_hand == "Inclusion: …"


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"protocolSection": {}}'])
def test_what_is_no_study_is_refused(text):
    with pytest.raises(UnusableCase, match="no study of ClinicalTrials"):
        read_study(text, name="study.json")


def test_an_age_that_cannot_be_read_is_refused():
    with pytest.raises(UnusableCase, match="is no age"):
        study(minimumAge="one year or so")


CTML = """
protocol_no: "00-000"
nct_id: NCT00000000
treatment_list:
  step:
    - arm:
        - arm_code: A
          arm_description: a made-up arm for this test
          match:
            - and:
                - clinical:
                    {age_numerical: ">=1", disease_status: [Recurrent, Refractory], oncotree_primary_diagnosis: BLL}
                - genomic: {hugo_symbol: "%s"}
"""


def ctml(gene: str) -> Document:
    return read_document(CTML % gene, name="trial.yaml", error=UnusableCase)


@pytest.mark.parametrize(
    ("gene", "facts", "match"),
    [
        ("KMT2A", {}, "undetermined"),  # MatchMiner: silently dropped
        ("!KMT2A", {}, "undetermined"),  # MatchMiner: eligible, because no result is on file
        ("KMT2A", {"primary_subtype": "KMT2A_AFF1"}, "yes"),
        ("!KMT2A", {"primary_subtype": "KMT2A_AFF1"}, "no"),
        ("!KMT2A", {"primary_subtype": "ETV6_RUNX1"}, "yes"),
        ("NOSUCHGENE", {}, "undetermined"),
        ("KMT2A", {"relapse_number": 0, "refractory_to_reinduction": "no"}, "no"),
        ("KMT2A", {"lineage": "T", "primary_subtype": "KMT2A_AFF1"}, "no"),
    ],
)
def test_ctml_matches_without_taking_absence_for_an_answer(look, gene, facts, match):
    (arm,) = answer_ctml(ctml(gene), look({**RELAPSED, **facts})).arms
    assert arm.match == match


def test_a_ctml_field_that_no_fact_stands_for_is_for_a_person(look):
    text = CTML.replace("age_numerical", "tmb_numerical") % "KMT2A"
    document = read_document(text, name="trial.yaml", error=UnusableCase)
    (arm,) = answer_ctml(document, look({**RELAPSED, "primary_subtype": "KMT2A_AFF1"})).arms
    assert arm.match == "undetermined"
    assert [(clause.field, clause.read) for clause in arm.clauses if not clause.read] == [("tmb_numerical", False)]


@pytest.mark.parametrize("text", ["a: 1", "treatment_list: {step: [{arm: [{match: [{nand: []}]}]}]}"])
def test_what_is_no_ctml_is_refused(look, text):
    with pytest.raises(UnusableCase):
        answer_ctml(read_document(text, name="trial.yaml", error=UnusableCase), look({}))


def test_a_trial_written_as_ctml_keeps_every_condition_and_reads_back(knowledge, look):
    trial = knowledge.therapy.trials["aall1621"]
    written = to_ctml(trial)
    assert [c["must"] for c in written["reall_criteria"]] == [c.must for c in trial.criteria]
    back = answer_ctml(Document(written, {}, "written"), look(RELAPSED))
    assert (back.nct, [arm.code for arm in back.arms]) == (trial.nct, [arm.id for arm in trial.arms])
    assert {arm.match for arm in back.arms} == {"yes"}
