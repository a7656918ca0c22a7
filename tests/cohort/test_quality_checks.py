"""Every data-quality check finds its seeded error, and lets the same row pass once one cell is corrected."""

from __future__ import annotations

import pyarrow as pa
import pytest

from reall.cohort.quality.run import COMPUTED, check_frame
from reall.cohort.quality.verdict import CheckResult, QualityReport
from reall.library.knowledge import Knowledge

ERRORS = """
    # check                               | rows, the wrong one last; / parts rows                        || what corrects it
    diagnosis_before_birth                | birth_date=2015-03-02 diagnosis_date=2015-03-01               || diagnosis_date=2015-03-02
    relapse_before_diagnosis              | diagnosis_date=2016-01-02 relapse_date=2016-01-01             || relapse_date=2016-01-02
    first_remission_before_diagnosis      | diagnosis_date=2016-01-02 first_cr_date=2015-12-31            || first_cr_date=2016-02-05
    relapse_before_first_remission        | first_cr_date=2016-02-05 relapse_date=2016-02-04              || relapse_date=2017-02-04
    treatment_end_before_diagnosis        | diagnosis_date=2016-01-02 treatment_end_date=2014-01-02       || treatment_end_date=2018-01-02
    induction_end_before_diagnosis        | diagnosis_date=2016-01-02 induction_end_date=2016-01-01       || induction_end_date=2016-02-05
    relapse_before_end_of_induction       | induction_end_date=2016-02-05 relapse_date=2016-02-04         || relapse_date=2016-02-05
    transplant_before_diagnosis           | diagnosis_date=2016-01-02 previous_hsct_date=2015-01-02       || previous_hsct_date=2017-01-02
    transplant_after_this_relapse         | previous_hsct_date=2018-01-02 relapse_date=2018-01-01         || relapse_date=2019-01-01
    previous_relapse_before_diagnosis     | diagnosis_date=2016-01-02 previous_relapse_date=2016-01-01    || previous_relapse_date=2017-01-01
    previous_relapse_not_before_this      | previous_relapse_date=2017-01-01 relapse_date=2017-01-01      || relapse_date=2017-01-02
    remission_before_previous_relapse     | previous_relapse_date=2017-01-01 previous_cr_date=2016-12-31  || previous_cr_date=2017-02-10
    relapse_before_its_remission          | previous_cr_date=2017-02-10 relapse_date=2017-02-09           || relapse_date=2018-02-09
    date_in_the_future                    | relapse_date=2150-01-01                                       || relapse_date=2015-01-01
    very_early_date                       | birth_date=1949-12-31                                         || birth_date=1950-01-01
    months_against_dates                  | months_from_diagnosis=19 diagnosis_date=2016-01-01 relapse_date=2017-07-01 || months_from_diagnosis=18.9
    months_after_therapy_against_dates    | months_after_end_of_primary_therapy=7 treatment_end_date=2016-01-01 relapse_date=2016-07-01 || months_after_end_of_primary_therapy=6
    months_of_first_remission_against_dates | months_of_first_cr=10 first_cr_date=2016-01-01 relapse_date=2017-01-01 || months_of_first_cr=12
    months_of_previous_remission_against_dates | months_of_previous_cr=10 previous_cr_date=2016-01-01 relapse_date=2017-01-01 || months_of_previous_cr=12
    months_from_previous_relapse_against_dates | months_from_previous_relapse=24 previous_relapse_date=2016-01-01 relapse_date=2017-01-01 || months_from_previous_relapse=12
    days_against_dates                    | days_from_diagnosis=368 diagnosis_date=2016-01-01 relapse_date=2017-01-01 || days_from_diagnosis=367
    days_after_therapy_against_dates      | days_after_end_of_primary_therapy=300 treatment_end_date=2016-01-01 relapse_date=2017-01-01 || days_after_end_of_primary_therapy=366
    months_against_days                   | months_from_diagnosis=13 days_from_diagnosis=365              || months_from_diagnosis=12.9
    age_at_diagnosis_against_birth        | age_at_diagnosis_years=6 birth_date=2010-01-01 diagnosis_date=2015-01-01 || age_at_diagnosis_years=5.9
    age_at_relapse_against_birth          | age_at_relapse_years=9 birth_date=2010-01-01 relapse_date=2018-01-01 || age_at_relapse_years=8
    ages_against_months                   | age_at_diagnosis_years=4 age_at_relapse_years=8 months_from_diagnosis=24 || age_at_relapse_years=6
    disease_longer_than_life              | months_from_diagnosis=96 age_at_relapse_years=7               || age_at_relapse_years=7.5
    age_runs_backwards                    | age_at_diagnosis_years=6 age_at_relapse_years=5.9             || age_at_relapse_years=6
    therapy_ends_before_diagnosis         | months_after_end_of_primary_therapy=20 months_from_diagnosis=18 || months_from_diagnosis=20
    first_remission_longer_than_disease   | months_of_first_cr=20 months_from_diagnosis=19                || months_from_diagnosis=21
    remission_longer_than_interval        | months_of_previous_cr=20 months_from_previous_relapse=19      || months_from_previous_relapse=21
    previous_relapse_before_diagnosis_in_months | months_from_previous_relapse=20 months_from_diagnosis=19 || months_from_diagnosis=40
    on_therapy_after_its_end              | on_primary_therapy_at_relapse=yes months_after_end_of_primary_therapy=0.1 || months_after_end_of_primary_therapy=-3
    off_therapy_before_its_end            | on_primary_therapy_at_relapse=no months_after_end_of_primary_therapy=-3 || months_after_end_of_primary_therapy=0
    relapse_within_a_month                | relapse_number=1 months_from_diagnosis=0.9                    || months_from_diagnosis=1
    therapy_of_four_years                 | on_primary_therapy_at_relapse=yes months_from_diagnosis=48.1  || months_from_diagnosis=48
    length_of_primary_therapy             | months_from_diagnosis=60 months_after_end_of_primary_therapy=50 || months_after_end_of_primary_therapy=36
    adult_at_diagnosis                    | age_at_diagnosis_years=18                                     || age_at_diagnosis_years=17.9
    testis_of_a_girl                      | sex=female testis_biopsy_positive=yes                         || sex=male
    testis_after_reinduction_of_a_girl    | sex=female testis_positive_after_reinduction=yes              || sex=male
    isolated_marrow_with_other_site       | site_class=isolated_marrow cns_status=CNS3a                   || site_class=combined
    isolated_marrow_with_other_site       | site_class=isolated_marrow testis_biopsy_positive=yes         || site_class=combined
    combined_without_other_site           | site_class=combined cns_status=CNS2a testis_biopsy_positive=no other_em_sites=none || other_em_sites=skin
    isolated_em_without_site              | site_class=isolated_em cns_status=CNS1 testis_biopsy_positive=no other_em_involved=no || cns_status=CNS3
    isolated_em_with_marrow_blasts        | site_class=isolated_em marrow_blasts_pct=5                    || marrow_blasts_pct=4.9
    isolated_em_with_blood_blasts         | site_class=isolated_em blood_blasts=yes                       || blood_blasts=no
    isolated_marrow_below_5_percent       | site_class=isolated_marrow marrow_blasts_pct=4.9 blood_blasts=no || marrow_blasts_pct=5
    combined_below_5_percent              | site_class=combined marrow_blasts_pct=4.9 blood_blasts=no     || blood_blasts=yes
    no_disease_anywhere                   | relapse_number=1 marrow_blasts_pct=3 blood_blasts=no cns_status=CNS1 testis_biopsy_positive=no other_em_involved=no || marrow_blasts_pct=30
    class_without_relapse                 | relapse_number=1 site_class=no_relapse_by_definition          || relapse_number=0
    marrow_class_against_blasts           | marrow_class=M1 marrow_blasts_pct=5                            || marrow_blasts_pct=4.9
    marrow_class_against_blasts           | marrow_class=M2 marrow_blasts_pct=25.1                         || marrow_blasts_pct=25
    marrow_class_against_blasts           | marrow_class=M3 marrow_blasts_pct=24.9                         || marrow_blasts_pct=25
    no_em_disease_with_site               | em_disease=no testis_biopsy_positive=yes                      || em_disease=yes
    em_disease_without_site               | em_disease=yes cns_status=CNS2 testis_biopsy_positive=no other_em_involved=no || cns_status=CNS3
    cns1_with_blasts                      | cns_status=CNS1 csf_blasts=yes                                || csf_blasts=no
    cns2_without_blasts                   | cns_status=CNS2b csf_blasts=no                                || csf_blasts=yes
    cns2_with_many_clean_cells            | cns_status=CNS2 csf_blasts=yes csf_wbc_per_ul=5 csf_rbc_per_ul=9 || csf_wbc_per_ul=4
    cns2a_against_counts                  | cns_status=CNS2a csf_wbc_per_ul=5                             || csf_wbc_per_ul=4 csf_rbc_per_ul=9
    cns2b_against_counts                  | cns_status=CNS2b csf_rbc_per_ul=9                             || csf_wbc_per_ul=4 csf_rbc_per_ul=10
    cns2c_against_counts                  | cns_status=CNS2c csf_wbc_per_ul=4                             || csf_wbc_per_ul=5 csf_rbc_per_ul=10
    cns3a_against_counts                  | cns_status=CNS3a csf_wbc_per_ul=4                             || csf_wbc_per_ul=5 csf_rbc_per_ul=9
    cns3b_against_counts                  | cns_status=CNS3b csf_rbc_per_ul=9                             || csf_wbc_per_ul=5 csf_rbc_per_ul=10
    cns3ab_without_blasts                 | cns_status=CNS3b csf_blasts=no                                || csf_blasts=yes
    cns3c_without_signs                   | cns_status=CNS3c clinical_cns_signs=no cns_mass=no            || cns_mass=yes
    signs_without_cns3                    | cns_status=CNS1 clinical_cns_signs=yes                        || clinical_cns_signs=no cns_mass=no
    contaminated_fluid_without_blood_counts | csf_blasts=yes csf_wbc_per_ul=5 csf_rbc_per_ul=10           || csf_rbc_per_ul=9
    blood_blasts_with_empty_marrow        | blood_blasts=yes marrow_blasts_pct=4.9                        || marrow_blasts_pct=5
    blasts_against_first_marrow_level     | marrow_blasts_pct=25 bm1_mrd_fraction=0.04                    || bm1_mrd_fraction=0.3
    blasts_against_mrd_at_relapse         | marrow_blasts_pct=80 marrow_mrd_at_relapse_fraction=0.008     || marrow_mrd_at_relapse_fraction=0.8
    relapse_without_remission             | relapse_number=1 previous_cr=no                               || relapse_number=0
    no_relapse_after_remission            | relapse_number=0 previous_cr=yes                              || relapse_number=1
    no_relapse_with_remission_months      | relapse_number=0 months_of_first_cr=5                         || months_of_first_cr=0
    refractory_in_remission               | refractory_to_reinduction=yes in_complete_remission=yes       || in_complete_remission=no
    remission_with_high_mrd               | in_complete_remission=yes latest_marrow_mrd_level_fraction=0.05 || latest_marrow_mrd_level_fraction=0.049
    t_with_etv6_runx1                     | lineage=T primary_subtype=ETV6_RUNX1                          || lineage=B
    t_with_another_b_subtype              | lineage=T genetics=iAMP21                                     || genetics=KMT2A-r
    t_with_trisomies                      | lineage=T trisomy_4_and_10=yes                                || lineage=B
    mature_b                              | lineage=mature_B                                              || lineage=B
    philadelphia_against_subtype          | bcr_abl1=no primary_subtype=BCR_ABL1                          || bcr_abl1=yes
    philadelphia_with_abl_class           | bcr_abl1=yes abl_class_fusion=yes                             || abl_class_fusion=no
    trisomies_with_hypodiploidy           | trisomy_4_and_10=yes primary_subtype=near_haploidy            || trisomy_4_and_10=no
    masked_hypodiploidy_as_hyperdiploidy  | masked_low_hypodiploidy=yes primary_subtype=high_hyperdiploidy || primary_subtype=low_hypodiploidy
    t_with_cd19                           | lineage=T cd19_status=positive                                || cd19_status=negative
    t_with_cd22                           | lineage=T cd22_status=positive                                || lineage=B
    b_without_cd19                        | lineage=B cd19_status=negative prior_blinatumomab=no prior_cd19_car_t=no || prior_blinatumomab=yes
    blinatumomab_in_t                     | lineage=T prior_blinatumomab=yes                              || prior_blinatumomab=no
    inotuzumab_in_t                       | lineage=T prior_inotuzumab=yes                                || lineage=B
    cd19_car_t_in_t                       | lineage=T prior_cd19_car_t=yes                                || lineage=B
    transplant_on_primary_therapy         | relapse_number=1 prior_allo_hsct=yes on_primary_therapy_at_relapse=yes || on_primary_therapy_at_relapse=no
    transplant_without_relapse            | relapse_number=0 prior_allo_hsct=yes previous_cr=no           || prior_allo_hsct=no
    gvhd_without_transplant               | active_gvhd=yes prior_allo_hsct=no                            || prior_allo_hsct=yes
    transplant_date_without_transplant    | previous_hsct_date=2017-01-01 prior_allo_hsct=no              || prior_allo_hsct=yes
    fewer_regimens_than_relapses          | prior_regimens=1 relapse_number=2                             || prior_regimens=2
    pregnant_boy                          | sex=male pregnant=yes                                         || sex=female
    silent_inactivation_with_allergy      | asparaginase_silent_inactivation=yes asparaginase_hypersensitivity=yes || asparaginase_hypersensitivity=no
    mrd_above_one                         | mrd_before_hsct_level_fraction=1.1                            || mrd_before_hsct_level_fraction=1
    mrd_below_sensitivity                 | mrd_before_hsct_level_fraction=1e-5 mrd_before_hsct_assay_sensitivity_fraction=1e-4 || mrd_before_hsct_level_fraction=2e-4
    mrd_equals_sensitivity                | mrd_before_hsct_level_fraction=1e-4 mrd_before_hsct_assay_sensitivity_fraction=1e-4 || mrd_before_hsct_level_fraction=2e-4
    mrd_not_detected_with_level           | mrd_before_hsct_level_fraction=1e-3 mrd_before_hsct_detected=no mrd_before_hsct_assay_sensitivity_fraction=1e-4 || mrd_before_hsct_level_fraction=1e-5
    mrd_detected_without_level            | mrd_before_hsct_level_fraction=0 mrd_before_hsct_detected=yes || mrd_before_hsct_level_fraction=0.01
    mrd_zero_without_sensitivity          | mrd_before_hsct_level_fraction=0                              || mrd_before_hsct_assay_sensitivity_fraction=1e-4
    mrd_sensitivity_implausible           | mrd_before_hsct_level_fraction=0.2 mrd_before_hsct_assay_sensitivity_fraction=0.1 || mrd_before_hsct_assay_sensitivity_fraction=0.01
    mrd_of_another_tissue                 | mrd_before_hsct_level_fraction=0.2 mrd_before_hsct_tissue=blood || mrd_before_hsct_tissue=marrow
    mrd_without_method                    | mrd_before_hsct_level_fraction=0.2                            || mrd_before_hsct_method=RQ-PCR
    mrd_rises_during_reinduction          | mrd_end_of_reinduction_block1_level_fraction=1e-4 mrd_end_of_reinduction_block2_level_fraction=1e-3 || mrd_end_of_reinduction_block2_level_fraction=1e-4
    row_cannot_be_used                    | lineage=X                                                     || lineage=B
    row_cannot_be_used                    | sex=female testis_biopsy_positive=yes                         || sex=male
    case_twice                            | case=a sex=male / case=a sex=female                           || case=b
    relapse_twice                         | patient=a relapse_number=1 / patient=a relapse_number=1       || relapse_number=2
    same_relapse_date_twice               | patient=a relapse_date=2016-01-01 / patient=a relapse_date=2016-01-01 || relapse_date=2017-01-01
    children_look_alike                   | patient=a birth_date=2010-05-03 diagnosis_date=2015-03-04 relapse_date=2017-01-01 sex=male / patient=b birth_date=2010-05-03 diagnosis_date=2015-03-04 relapse_date=2017-01-01 sex=male || sex=female
    identical_rows                        | case=a lineage=B months_from_diagnosis=19.3 / case=b lineage=B months_from_diagnosis=19.3 || months_from_diagnosis=19.4
    not_linked                            | relapse_number=2 patient=                                     || patient=a
    earlier_relapse_missing               | patient=a relapse_number=2                                    || relapse_number=1
    earlier_relapse_missing               | patient=a relapse_number=1 / patient=a relapse_number=3       || relapse_number=2
    first_relapse_with_previous           | relapse_number=1 previous_relapse_date=2016-01-01             || relapse_number=2
    relapse_order                         | patient=a relapse_number=1 relapse_date=2018-01-01 / patient=a relapse_number=2 relapse_date=2017-01-01 || relapse_date=2019-01-01
    relapse_months_order                  | patient=a relapse_number=1 months_from_diagnosis=30 / patient=a relapse_number=2 months_from_diagnosis=20 || months_from_diagnosis=40
    relapses_close_together               | patient=a relapse_number=1 relapse_date=2018-01-01 / patient=a relapse_number=2 relapse_date=2018-01-28 || relapse_date=2018-01-29
    previous_relapse_disagrees            | patient=a relapse_number=1 relapse_date=2018-01-01 / patient=a relapse_number=2 relapse_date=2019-01-01 previous_relapse_date=2018-01-02 || previous_relapse_date=2018-01-01
    interval_disagrees                    | patient=a relapse_number=1 relapse_date=2018-01-01 / patient=a relapse_number=2 relapse_date=2019-01-01 months_from_previous_relapse=10 || months_from_previous_relapse=12
    age_between_rows                      | patient=a relapse_number=1 relapse_date=2016-01-01 age_at_relapse_years=7 / patient=a relapse_number=2 relapse_date=2018-01-01 age_at_relapse_years=7.5 || age_at_relapse_years=9
    sex_differs                           | patient=a sex=male / patient=a sex=female                     || sex=male
    birth_differs                         | patient=a birth_date=2010-01-01 / patient=a birth_date=2010-01-02 || birth_date=2010-01-01
    diagnosis_differs                     | patient=a diagnosis_date=2015-01-01 / patient=a diagnosis_date=2017-01-01 || diagnosis_date=2015-01-01
    down_syndrome_differs                 | patient=a down_syndrome=yes / patient=a down_syndrome=no      || down_syndrome=yes
    lineage_differs                       | patient=a lineage=B / patient=a lineage=T                     || lineage=B
    philadelphia_differs                  | patient=a bcr_abl1=yes / patient=a bcr_abl1=no                || bcr_abl1=yes
    subtype_differs                       | patient=a genetics=iAMP21 / patient=a genetics=TCF3::HLF      || genetics=iAMP21
    transplant_forgotten                  | patient=a relapse_number=1 prior_allo_hsct=yes / patient=a relapse_number=2 prior_allo_hsct=no || prior_allo_hsct=yes
    blinatumomab_forgotten                | patient=a relapse_number=1 prior_blinatumomab=yes / patient=a relapse_number=2 prior_blinatumomab=no || prior_blinatumomab=yes
    inotuzumab_forgotten                  | patient=a relapse_number=1 prior_inotuzumab=yes / patient=a relapse_number=3 prior_inotuzumab=no || prior_inotuzumab=yes
    car_t_forgotten                       | patient=a relapse_number=1 prior_cd19_car_t=yes / patient=a relapse_number=2 prior_cd19_car_t=no || prior_cd19_car_t=yes
    radiation_forgotten                   | patient=a relapse_number=1 prior_cranial_radiation=yes / patient=a relapse_number=2 prior_cranial_radiation=no || prior_cranial_radiation=yes
    regimens_shrink                       | patient=a relapse_number=1 prior_regimens=3 / patient=a relapse_number=2 prior_regimens=2 || prior_regimens=4
"""

WHOLE_COLUMNS = {
    "mrd_looks_like_percent": ("mrd_before_hsct_level_fraction", ["0.06"] * 20, ["0.05"] * 20),
    "blasts_look_like_fractions": ("marrow_blasts_pct", ["0.8"] * 9 + ["1"], ["0.8"] * 9 + ["1.1"]),
    "months_look_like_days": ("months_from_diagnosis", ["540"] * 10, ["180"] * 10),
    "months_look_like_years": ("months_from_diagnosis", ["2.5"] * 30, ["2.5"] * 29 + ["12.5"]),
    "ages_look_like_months": ("age_at_relapse_years", ["96"] * 10, ["25"] * 10),
    "blood_white_cells_in_other_unit": ("blood_wbc_per_ul", ["4.2"] * 10, ["4200"] * 10),
    "blood_red_cells_in_other_unit": ("blood_rbc_per_ul", ["4.1"] * 10, ["4100000"] * 10),
    "empty_column": ("sex", [""] * 3, ["", "male", ""]),
    "constant_column": ("sex", ["male"] * 20, ["male"] * 19 + ["female"]),
    "days_of_month_heap": (
        "relapse_date",
        [f"2015-{m:02}-{d:02}" for m in range(1, 11) for d in (1, 15, 20)],
        [f"2015-{m:02}-{d:02}" for m in range(1, 11) for d in (2, 14, 20)],
    ),
    "months_heap": ("months_from_diagnosis", ["18", "24"] * 15, ["18.5", "24"] * 15),
}
"""Check: the column, values that are told, and values just inside the limit."""


def rows_of(text: str) -> list[dict[str, str]]:
    """Read `column=value` cells; `/` parts rows."""
    return [dict(cell.split("=", 1) for cell in row.split()) for row in text.split(" / ")]


def seeded() -> list[tuple[str, list[dict[str, str]], dict[str, str]]]:
    """Read the table of errors."""
    made = []
    for line in ERRORS.strip().splitlines():
        if not line.strip().startswith("#"):
            error, correction = line.split("||")
            check, rows = error.split("|", 1)
            made.append((check.strip(), rows_of(rows.strip()), rows_of(correction.strip())[0]))
    return made


def checked(rows: list[dict[str, str]], knowledge: Knowledge) -> QualityReport:
    columns = dict.fromkeys(["lineage", *(name for row in rows for name in row)])
    return check_frame(pa.table({name: [row.get(name, "") for row in rows] for name in columns}), knowledge)


def result(report: QualityReport, check: str) -> CheckResult:
    return next(result for result in report.results if result.check.id == check)


@pytest.mark.parametrize(("check", "rows", "correction"), seeded())
def test_a_seeded_error_is_found_and_its_correction_passes(
    check: str, rows: list[dict[str, str]], correction: dict[str, str], knowledge: Knowledge
) -> None:
    found = result(checked(rows, knowledge), check)
    assert found.status == "found"
    assert len(rows) in found.first_rows
    corrected = result(checked([*rows[:-1], {**rows[-1], **correction}], knowledge), check)
    assert corrected.rows == 0
    assert corrected.status in {"clean", "not judged"}


@pytest.mark.parametrize("check", WHOLE_COLUMNS)
def test_whole_columns(check: str, knowledge: Knowledge) -> None:
    """A column is told by its distribution; just inside the limit it is not."""
    column, wrong, right = WHOLE_COLUMNS[check]
    found = result(checked([{column: value} for value in wrong], knowledge), check)
    assert (found.status, found.rows) == ("found", 0)
    assert any(column in detail for detail in found.details)
    other = result(checked([{column: value} for value in right], knowledge), check)
    assert not any(column in detail for detail in other.details)


def test_every_check_of_the_knowledge_is_tested_here(knowledge: Knowledge) -> None:
    assert {check.id for check in knowledge.quality} == {check for check, _, _ in seeded()} | WHOLE_COLUMNS.keys()
    assert len(knowledge.quality) >= 60


def test_every_function_is_named_by_a_check_and_exists(knowledge: Knowledge) -> None:
    assert {check.computed for check in knowledge.quality if check.computed} == COMPUTED


def test_a_number_that_decides_has_a_source(knowledge: Knowledge) -> None:
    """A check whose condition compares with more than 0 or 1 rests on something that it cites."""
    for check in knowledge.quality:
        numbers = [float(word) for word in check.finds.replace(")", " ").split() if word.replace(".", "").isdigit()]
        if check.limits or any(number > 1 for number in numbers):
            assert check.citation is not None, check.id


@pytest.mark.parametrize(
    "rows",
    [
        "sex=female",
        "sex=female testis_biopsy_positive=",
        "lineage=B|T primary_subtype=ETV6_RUNX1",
        "marrow_blasts_pct=<10 site_class=isolated_em",
        "cns_status=CNS1|CNS2 csf_blasts=yes",
        "relapse_number=1 previous_cr=unknown",
        "mrd_before_hsct_level_fraction=<1e-4 mrd_before_hsct_assay_sensitivity_fraction=1e-4 mrd_before_hsct_method=RQ-PCR",
        "patient= relapse_number=1 / patient= relapse_number=1 sex=male",
        "patient=a sex=male / patient=a sex= / patient=a sex=male down_syndrome=no",
    ],
)
def test_what_is_not_known_for_certain_is_never_an_error(rows: str, knowledge: Knowledge) -> None:
    report = checked(rows_of(rows), knowledge)
    assert [r.check.id for r in report.found if r.check.severity == "error"] == []


def test_an_open_interval_is_judged_to_its_edge(knowledge: Knowledge) -> None:
    """`>5` and `>=5` percent are 5 % or more; `<5` is below; `<=5` may be either."""
    rows = [{"site_class": "isolated_em", "marrow_blasts_pct": value} for value in (">5", ">=5", "<5", "<=5", "4..6")]
    found = result(checked(rows, knowledge), "isolated_em_with_marrow_blasts")
    assert (found.first_rows, found.judged) == ((1, 2), 3)


def test_a_value_between_two_others_does_not_hide_a_difference(knowledge: Knowledge) -> None:
    rows = rows_of("patient=a sex=male / patient=a sex= / patient=a sex=female / patient=b sex=female")
    assert result(checked(rows, knowledge), "sex_differs").first_rows == (1, 3)


def test_rows_of_other_batches_are_compared(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reall.exchange.tables.ROWS_PER_BATCH", 2)
    rows = [{"case": f"c{i % 5}", "patient": f"p{i % 4}", "relapse_number": "1", "sex": "male"} for i in range(9)]
    report = checked(rows, knowledge)
    assert result(report, "case_twice").first_rows == (1, 2, 3, 4, 6, 7, 8, 9)
    assert result(report, "relapse_twice").rows == 9
    assert result(report, "identical_rows").rows == 9
    assert report.rows == 9
