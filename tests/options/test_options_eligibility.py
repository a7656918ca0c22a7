"""Options for children a board would meet. Expected answers follow from the criteria as cited in knowledge/options/."""

from __future__ import annotations

import pytest

from options.options_support import by_id
from reall.options.eligibility import PURPOSES

LATE_MARROW_B = {
    "relapse_number": 1, "lineage": "B", "age_at_relapse_years": 9, "months_from_diagnosis": 48,
    "on_primary_therapy_at_relapse": "no", "months_after_end_of_primary_therapy": 20, "marrow_blasts_pct": 80,
    "cns_status": "CNS1", "testis_biopsy_positive": "no", "other_em_sites": [], "prior_allo_hsct": "no",
    "bcr_abl1": "no", "down_syndrome": "no", "prior_blinatumomab": "no",
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "status", "words"),
    [
        (
            {"relapse_number": 1, "refractory_to_reinduction": "no", "prior_allo_hsct": "no"},
            "not_eligible",
            "first relapse",
        ),
        ({"relapse_number": 2}, "eligible", "second relapse"),
        ({"relapse_number": 1, "refractory_to_reinduction": "yes"}, "eligible", "refractory"),
        (
            {"relapse_number": 1, "refractory_to_reinduction": "no", "prior_allo_hsct": "yes"},
            "eligible",
            "after transplant",
        ),
        ({"relapse_number": 1, "prior_allo_hsct": "no"}, "not_eligible", "first relapse, not stated to be refractory"),
        ({"relapse_number": 0, "prior_allo_hsct": "no"}, "undetermined", "refractory disease or first treatment"),
        ({"relapse_number": 2, "cd19_status": "negative"}, "not_eligible", "CD19 is lost"),
    ],
)
def test_tisagenlecleucel(ask, facts, status, words):
    """Refractory, after transplant, or second or later relapse (EU label; the US label has the first and the last)."""
    answers = ask({"lineage": "B", "cd19_status": "positive", "age_at_relapse_years": 10, **facts})
    assert by_id(answers, "tisagenlecleucel").status == status, words


def test_a_no_names_what_would_change_it(ask):
    facts = {"lineage": "B", "cd19_status": "positive", "age_at_relapse_years": 10, "relapse_number": 1,
             "refractory_to_reinduction": "no", "prior_allo_hsct": "no"}  # fmt: skip
    answer = by_id(ask(facts), "tisagenlecleucel")
    assert answer.would_change_if == ("refractory_to_reinduction", "relapse_number >= 2", "prior_allo_hsct")
    assert [judged.criterion.id for judged in answer.deciding] == ["refractory_or_later_relapse"]
    assert answer.settling_sets == ()


@pytest.mark.parametrize(
    ("transplant", "status"), [("yes", "not_eligible"), ("no", "eligible"), (None, "undetermined")]
)
def test_clofarabine_cyclophosphamide_etoposide_after_a_transplant(ask, transplant, status):
    """Hijiya 2011 was amended to exclude a previous transplant; a history not recorded stays open, never eligible."""
    answers = ask({"relapse_number": 2, "prior_allo_hsct": transplant})
    answer = by_id(answers, "clofarabine_cyclophosphamide_etoposide")
    assert answer.status == status
    if status == "undetermined":
        assert answer.missing == ("prior_allo_hsct",)
        assert [list(one) for one in answer.settling_sets] == [["prior_allo_hsct"]]


@pytest.mark.parametrize(
    ("mrd", "arm_a", "arm_b"),
    [
        ("1e-5", "no", "no"),
        ("5e-4", "no", "yes"),  # below 1e-3 (arm A), at or above 1e-4 (arm B): therapy.md, section 9
        ("1e-4", "no", "yes"),
        ("1e-3", "yes", "yes"),
    ],
)
def test_mrd_after_reinduction_under_the_two_arms_of_intreall(ask, look, mrd, arm_a, arm_b):
    facts = {**LATE_MARROW_B, "mrd_end_of_reinduction_block1_level_fraction": float(mrd)}
    asked = look(facts)
    assert (asked.fact("transplant_intreall_arm_a"), asked.fact("transplant_intreall_arm_b")) == (arm_a, arm_b)
    answer = by_id(ask({**facts, "in_complete_remission": "yes"}), "allogeneic_transplant")
    assert answer.status == ("eligible" if "yes" in (arm_a, arm_b) else "not_eligible")


def test_a_ph_positive_child(ask):
    """Three inhibitors are open; the trials of blinatumomab consolidation and IntReALL excluded Ph-positive disease."""
    answers = ask({**LATE_MARROW_B, "bcr_abl1": "yes", "cd19_status": "positive", "in_complete_remission": "yes"})
    status = {answer.option.id: answer.status for answer in answers.options}
    assert {status[drug] for drug in ("imatinib", "dasatinib", "ponatinib")} == {"eligible"}
    assert status["blinatumomab"] == "eligible"
    assert status["blinatumomab_consolidation_before_transplant"] == "not_eligible"
    assert status["blinatumomab_consolidation_low_risk"] == "not_eligible"
    assert next(t.match for t in answers.trials if t.trial.id == "intreall_sr_2010") == "no"


def test_a_child_with_t_lineage_has_no_cd19_or_cd22_options(ask):
    answers = ask({"lineage": "T", "relapse_number": 1, "age_at_relapse_years": 9, "cd19_status": "positive"})
    status = {answer.option.id: answer.status for answer in answers.options}
    b_only = {"blinatumomab", "tisagenlecleucel", "inotuzumab_ozogamicin", "cd22_car_t", "cd19_car_t_adult_products",
              "blinatumomab_mrd", "blinatumomab_consolidation_before_transplant",
              "blinatumomab_consolidation_low_risk"}  # fmt: skip
    assert {status[option] for option in b_only} == {"not_eligible"}
    for option in ("nelarabine", "nelarabine_etoposide_cyclophosphamide", "daratumumab"):
        assert status[option] == "eligible"


NO, YES, OPEN = "not_eligible", "eligible", "undetermined"


@pytest.mark.parametrize(
    ("allergy", "silent", "pancreatitis", "peg", "erwinia"),
    [
        ("yes", None, "no", NO, YES),
        ("no", "yes", "no", NO, YES),
        ("no", "no", "no", YES, NO),
        (None, None, "no", OPEN, OPEN),
        ("yes", None, "yes", NO, NO),
    ],
)
def test_asparaginase_allergy(ask, allergy, silent, pancreatitis, peg, erwinia):  # noqa: PLR0917 - the columns
    """Allergic reaction of grade 2 or more, or silent inactivation: switch to an Erwinia product (flowchart 2020)."""
    well = {"asparaginase_thrombosis": "no", "asparaginase_haemorrhage": "no", "severe_hepatic_impairment": "no",
            "erwinia_hypersensitivity": "no", "age_at_relapse_years": 9, "relapse_number": 1}  # fmt: skip
    answers = ask({**well, "asparaginase_hypersensitivity": allergy, "asparaginase_silent_inactivation": silent,
                   "asparaginase_pancreatitis": pancreatitis})  # fmt: skip
    assert by_id(answers, "pegaspargase").status == peg
    assert by_id(answers, "crisantaspase_recombinant").status == erwinia
    assert by_id(answers, "asparaginase_erwinia").status == erwinia


def test_silent_inactivation_is_off_label_and_the_flowchart_is_shown_beside_it(ask):
    facts = {
        "age_at_relapse_years": 9,
        "asparaginase_hypersensitivity": "no",
        "asparaginase_silent_inactivation": "yes",
        "erwinia_hypersensitivity": "no",
        "asparaginase_pancreatitis": "no",
    }
    answer = by_id(ask(facts), "crisantaspase_recombinant")
    assert answer.label.status == "off label"
    assert "silent_inactivation_off_label" in {c.note.id for c in answer.cautions if c.holds == "yes"}


def test_nothing_known_makes_nothing_eligible_and_drops_nothing(knowledge, ask):
    answers = ask({})
    assert {answer.status for answer in answers.options} == {"undetermined"}
    assert len(answers.options) == len(knowledge.therapy.options)
    assert {trial.match for trial in answers.trials} == {"undetermined"}
    assert answers.ledger is None


def test_options_are_grouped_by_purpose_and_sorted_by_title_only(ask):
    answers = ask(LATE_MARROW_B).options
    keys = [(PURPOSES.index(answer.option.purpose), answer.option.title) for answer in answers]
    assert keys == sorted(keys)


def test_missing_facts_are_ranked_by_how_many_options_they_settle(ask):
    """CD22 alone is open for both CD22 options once the rest is known; CD19 for the CD19 ones."""
    facts = {"lineage": "B", "relapse_number": 2, "age_at_relapse_years": 10, "prior_sos": "no", "bcr_abl1": "no"}
    ranked = {fact: settles for fact, settles, _ in ask(facts).next_facts}
    assert set(ranked["cd22_status"]) == {"inotuzumab_ozogamicin", "cd22_car_t"}
    assert {"blinatumomab", "tisagenlecleucel"} <= set(ranked["cd19_status"])
    counts = [len(settles) for _, settles, _ in ask(facts).next_facts]
    assert counts == sorted(counts, reverse=True)


def test_a_caution_is_certain_or_cannot_be_excluded_but_never_silently_left_out(ask):
    recorded = by_id(ask({"prior_sos": "no", "prior_allo_hsct": "yes"}), "inotuzumab_ozogamicin")
    assert {c.note.id: c.holds for c in recorded.cautions}["prior_transplant"] == "yes"
    assert "prior_sos" not in {c.note.id for c in recorded.cautions}
    unrecorded = by_id(ask({}), "inotuzumab_ozogamicin")
    assert {c.note.id: (c.holds, c.missing) for c in unrecorded.cautions}["prior_sos"] == ("unknown", ("prior_sos",))


def test_evidence_says_whether_the_child_is_inside_the_population(ask):
    """ELIANA: 21 years or younger at first diagnosis. 24 years at relapse, 22 at diagnosis: label yes, trial no."""
    answers = ask({"lineage": "B", "cd19_status": "positive", "relapse_number": 2, "age_at_relapse_years": 24,
                   "age_at_diagnosis_years": 22})  # fmt: skip
    answer = by_id(answers, "tisagenlecleucel")
    assert (answer.status, answer.label.status) == ("eligible", "on label")
    row = next(one for one in answer.evidence if one.row.id == "E14d")
    assert row.applies.status == "outside"
    assert row.applies.by == ("21 years or younger at first diagnosis",)


def test_the_marrow_benefit_of_low_risk_blinatumomab_does_not_carry_over_to_isolated_cns(ask):
    """AALL1331 LR, isolated extramedullary: 36.6 against 38.8 % (E-A1), shown with a caution."""
    facts = {**LATE_MARROW_B, "cns_status": "CNS3a", "marrow_blasts_pct": 1, "blood_blasts": "no",
             "cd19_status": "positive", "mrd_end_of_reinduction_block1_level_fraction": 1e-5}  # fmt: skip
    answer = by_id(ask(facts), "blinatumomab_consolidation_low_risk")
    assert "isolated_em" in {c.note.id for c in answer.cautions if c.holds == "yes"}
    applies = {one.row.id: one.applies.status for one in answer.evidence}
    assert applies["E-A1a"] == "inside"
    assert applies["E06"] == "outside"
