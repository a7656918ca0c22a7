"""The REDCap form made from the vocabulary: its dictionary is read, and records entered with it come back as facts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reall.cohort.mapping.check import check_mapping
from reall.cohort.registry import registry_columns
from reall.cohort.run import assign_file
from reall.exchange.redcap_dictionary import read_dictionary
from reall.exchange.redcap_logic import shown
from reall.library.files import PACKAGED, open_file
from reall.library.knowledge import Knowledge
from reall.report.redcap_form import HEADER, RECORD, write_redcap


@pytest.fixture
def form(knowledge: Knowledge, tmp_path: Path) -> tuple[Path, Path]:
    dictionary, mapping = write_redcap(knowledge, tmp_path / "dictionary.csv")
    return dictionary, mapping


def test_the_dictionary_is_one_that_redcap_takes(form: tuple[Path, Path]) -> None:
    """18 columns; names in lower case; a choice has a code of letters, digits and _; the record id comes first."""
    with form[0].open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == HEADER
    assert len(HEADER) == 18
    assert rows[0]["Variable / Field Name"] == RECORD
    names = [row["Variable / Field Name"] for row in rows]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name == name.lower() and len(name) <= 100 for name in names)
    for row in rows:
        parts = [part.partition(",") for part in row[HEADER[5]].split(" | ") if part]
        assert all(code.strip().replace("_", "").isalnum() and label.strip() for code, _, label in parts), row
        if row["Field Type"] == "radio":
            assert parts[-1][2].strip() == "Unknown", "every choice has an explicit unknown"
    forms = [row["Form Name"] for row in rows]
    assert forms == sorted(forms, key=["child", "relapse"].index)


def test_every_column_of_a_registry_table_is_asked_or_left_out_with_a_reason(
    form: tuple[Path, Path], knowledge: Knowledge
) -> None:
    asked = {field.name for field in read_dictionary(form[0])} - {RECORD}
    left_out = open_file(PACKAGED / "vocabulary" / "redcap_form.yaml", "redcap_form").data["left_out"]
    assert asked | left_out.keys() == registry_columns(knowledge.vocabulary).keys()
    assert not asked & left_out.keys()


def test_branching_logic_can_be_followed(form: tuple[Path, Path]) -> None:
    logic = {field.name: field.logic for field in read_dictionary(form[0]) if field.logic}
    dates = {"diagnosis_date": "2019-01-05", "relapse_date": "2021-02-03"}
    assert shown(logic["months_from_diagnosis"], dates) is False
    assert shown(logic["months_from_diagnosis"], {**dates, "diagnosis_date": ""}) is True
    assert shown(logic["testis_biopsy_positive"], {"sex": "female"}) is False
    assert shown(logic["testis_biopsy_positive"], {"sex": ""}) is True
    assert shown(logic["other_em_sites"], {"other_em_involved": "9"}) is False


RECORDS = """
record_id,redcap_repeat_instrument,redcap_repeat_instance,sex,birth_date,diagnosis_date,lineage,treatment_end_date,relapse_number,relapse_date,on_primary_therapy_at_relapse,marrow_blasts_pct,blood_blasts,csf_blasts,clinical_cns_signs,cns_mass,cns_status,testis_biopsy_positive,other_em_involved,prior_allo_hsct,genetics___1,genetics___5,mrd_end_of_reinduction_block1_level_fraction,mrd_end_of_reinduction_block1_tissue,relapse_complete
1,,,female,2010-05-14,2016-03-01,B,2018-05-20,,,,,,,,,,,,,,,,,
1,relapse,1,,,,,,1,2019-07-10,0,80,1,,,,CNS1,,0,0,1,0,<1e-4,marrow,2
2,,,male,2011-01-02,2017-02-01,T,,,,,,,,,,,,,,,,,,
2,relapse,1,,,,,,1,2018-06-30,1,30,9,,,,unknown,0,9,9,0,0,,,0
"""
"""Constructed; nobody in them exists."""


def exported(dictionary: Path) -> Path:
    """Write the records as REDCap exports them: with a column for every field and box of the form."""
    rows = list(csv.DictReader(RECORDS.strip().splitlines()))
    columns = [column for field in read_dictionary(dictionary) for column in field.columns]
    path = dictionary.with_name("records.csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys([*rows[0], *columns])), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_records_entered_with_the_form_are_read_and_answered(form: tuple[Path, Path], knowledge: Knowledge) -> None:
    dictionary, mapping = form
    records = exported(dictionary)
    assert check_mapping(records, mapping, knowledge).ready
    out = records.with_name("answered.csv")
    assign_file(records, knowledge, out=out, mapping=mapping)
    with out.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert (first["patient"], first["lineage"], first["genetics"]) == ("1", "B", "ETV6::RUNX1")
    assert (first["all_rez_bfm_s.status"], first["all_rez_bfm_s.value"]) == ("determined", "S2")
    assert (first["transplant.all_rez_bfm_2002.value"], first["testis_biopsy_positive"]) == ("no", "")
    # 17 months from diagnosis; T lineage with 30 % blasts in the marrow is S4 whatever the open sites are.
    assert (second["cns_status"], second["all_rez_bfm_s.value"]) == ("", "S4")
