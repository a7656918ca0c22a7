"""The importer of cBioPortal tables on rows made up for each trap of the real one; nobody in them exists."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from reall.base.errors import UnusableCase
from reall.exchange.cbioportal import import_first_relapses
from reall.exchange.ddpr import import_relapses
from reall.exchange.registries import form_of
from reall.library.knowledge import Knowledge

PATIENT = {
    "Patient ID": "made-up-1", "Sample ID": "made-up-1-09", "First Event": "Relapse", "Time To Event (days)": "730.5",
    "Diagnosis Age (days)": "3652.5", "Sex": "Female", "Cell of tumor origin": "B-Precursor",
    "Bone Marrow Site of Relapse": "Yes", "CNS Site of Relapse": "No", "Testes Site of Relapse": "No",
    "Other Site of Relapse": "No", "Trisomy 4_10": "Negative", "Molecular Subtype": "NA",
    "BCR ABL1 Status": "Negative", "ETV6-RUNX1 Fusion Status": "Unknown", "TCF3-PBX1 Status": "NA", "MLL Status": ".",
    "MRD Percentage Day 29": "0.0", "Overall Survival Days": "900",
}  # fmt: skip


def imported(knowledge: Knowledge, *changes: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [PATIENT | change for change in changes]
    table = pa.table({name: [row[name] for row in rows] for name in PATIENT})
    subtypes = [str(a) for a in knowledge.vocabulary.facts["primary_subtype"].answers]
    made: list[dict[str, Any]] = import_first_relapses(table, subtypes).to_pylist()
    return made


def test_what_one_row_says(knowledge: Knowledge) -> None:
    (row,) = imported(knowledge, {})
    assert (row["case"], row["relapse_number"], row["lineage"], row["sex"]) == ("made-up-1", "1", "B", "female")
    assert (row["age_at_diagnosis_years"], row["age_at_relapse_years"]) == ("10.0", "12.0")
    assert (row["days_from_diagnosis"], row["site_class"]) == ("730.5", "isolated_marrow")
    assert not any("mrd" in name.lower() for name in row)  # first-line MRD is not MRD after reinduction


def test_one_row_per_patient_and_only_relapses(knowledge: Knowledge) -> None:
    rows = imported(
        knowledge,
        {},
        {"Sample ID": "made-up-1-40"},
        {"Patient ID": "made-up-2", "First Event": "Censored"},
        {"Patient ID": "made-up-3", "First Event": ""},
    )
    assert [row["case"] for row in rows] == ["made-up-1"]


@pytest.mark.parametrize(
    ("marrow", "cns", "other", "site_class"),
    [
        ("Yes", "No", "No", "isolated_marrow"),
        ("Yes", "Yes", "No", "combined"),
        ("No", "No", "Yes", "isolated_em"),
        ("Yes", "Unknown", "No", "combined|isolated_marrow"),
        ("Yes", "Unknown", "Yes", "combined"),
        ("NA", "Yes", "No", "combined|isolated_em"),
        ("NA", "No", "No", "isolated_marrow"),
        (".", "NA", "Unknown", "combined|isolated_marrow|isolated_em"),
        ("No", "No", "No", None),
    ],
)
def test_a_site_that_is_not_known_leaves_two_classes(
    marrow: str, cns: str, other: str, site_class: str | None, knowledge: Knowledge
) -> None:
    sites = {"Bone Marrow Site of Relapse": marrow, "CNS Site of Relapse": cns, "Other Site of Relapse": other}
    (row,) = imported(knowledge, sites)
    assert row["site_class"] == site_class


@pytest.mark.parametrize(
    ("changes", "subtype", "bcr_abl1"),
    [
        ({"ETV6-RUNX1 Fusion Status": "Positive"}, {"ETV6_RUNX1"}, "no"),
        ({"MLL Status": "Positive"}, {"KMT2A_AFF1", "KMT2A_r_other"}, "no"),
        ({"BCR ABL1 Status": "Positive"}, {"BCR_ABL1"}, "yes"),
        ({"Molecular Subtype": "Hypodiploid"}, {"near_haploidy", "low_hypodiploidy", "high_hypodiploidy"}, "no"),
        ({"BCR ABL1 Status": "Unknown", "Molecular Subtype": "None of the above"}, None, None),
    ],
)
def test_fusions_leave_a_set_of_subtypes(
    changes: dict[str, str], subtype: set[str] | None, bcr_abl1: str | None, knowledge: Knowledge
) -> None:
    (row,) = imported(knowledge, changes)
    assert (set(row["primary_subtype"].split("|")) if row["primary_subtype"] else None) == subtype
    assert row["bcr_abl1"] == bcr_abl1


def test_a_negative_fusion_excludes_only_itself(knowledge: Knowledge) -> None:
    (row,) = imported(knowledge, {})
    left = set(row["primary_subtype"].split("|"))
    assert left == {str(a) for a in knowledge.vocabulary.facts["primary_subtype"].answers} - {"BCR_ABL1"}


def test_what_an_importer_refuses(knowledge: Knowledge) -> None:
    with pytest.raises(UnusableCase, match="two samples of one patient differ in 'CNS Site of Relapse'"):
        imported(knowledge, {}, {"CNS Site of Relapse": "Yes"})
    with pytest.raises(UnusableCase, match="'Cell of tumor origin' holds 'NK Cell'"):
        imported(knowledge, {"Cell of tumor origin": "NK Cell"})
    with pytest.raises(UnusableCase, match="no row has the first event Relapse"):
        imported(knowledge, {"First Event": "Censored"})
    with pytest.raises(UnusableCase, match="no column 'First Event'"):
        import_first_relapses(pa.table({"Patient ID": ["1"]}), [])


def test_specimens_of_one_child_are_one_relapse() -> None:
    columns = {
        "Patient_ID": ["X1", "X1-Rx", "X2", "X3-PB"], "Gender": ["Male", "Male", "Female", "NA"],
        "Age at Diagnosis": ["2", "2", "5", "NA"], "Relapse Status": ["Yes", "Yes", "No", "NA"],
        "Time to relapse": ["1043", "1043", "NA", "NA"], "Type of Relapse": ["Early", "Early", "NA", "NA"],
    }  # fmt: skip
    assert form_of(list(columns)) == "ddpr"
    (row,) = import_relapses(pa.table(columns)).to_pylist()
    assert (row["case"], row["days_from_diagnosis"], row["age_at_diagnosis_years"]) == ("X1", "1043", "2..3")
    columns["Time to relapse"][1] = "1044"
    with pytest.raises(UnusableCase, match="two specimens of X1 differ"):
        import_relapses(pa.table(columns))
