"""Assigning tables: what cells may hold, which rows are refused and why, assumptions, and what is written."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.assume import read_assumption
from reall.cohort.run import assign_file, assign_frame
from reall.library.knowledge import Knowledge

BASE = {"relapse_number": "1", "lineage": "B", "site_class": "isolated_marrow", "months_from_diagnosis": "40"}


def answers(row: dict[str, Any], knowledge: Knowledge, **options: Any) -> dict[str, Any]:
    table, problems = assign_frame(pa.table({k: [v] for k, v in row.items()}), knowledge, **options)
    made: dict[str, Any] = table.to_pylist()[0]
    return made | {"problems": problems}


@pytest.mark.parametrize("nothing", [None, "", "NA", "NaN", "nan", ".", "unknown", " ", "N/A", float("nan")])
def test_what_means_unknown(nothing: Any, knowledge: Knowledge) -> None:
    found = answers({**BASE, "months_from_diagnosis": nothing}, knowledge)
    assert not found["problems"]
    assert found["mrc_time_30.status"] == "undetermined"
    assert found["mrc_time_30.missing"] == "months_from_diagnosis"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("months_from_diagnosis", "=1+1", "'=1+1' is a formula, not a value"),
        ("months_from_diagnosis", "soon", "'soon' is not a number"),
        ("marrow_blasts_pct", "140", "140 is outside what is possible"),
        ("marrow_blasts_pct", 140.0, "140 is outside what is possible"),
        ("marrow_blasts_pct", float("inf"), "inf is outside what is possible"),
        ("relapse_number", "1.5", "1.5 is not a whole number"),
        ("lineage", "X", "'X' is no answer to this question"),
        ("bcr_abl1", "1", "neither yes nor no"),
        ("relapse_date", "10.07.2019", "'10.07.2019' is not a date"),
        ("other_em_sites", "CNS", "'CNS' is not an *other* extramedullary site"),
        ("mrd_before_hsct_level_fraction", "0,5", "'0,5' is not a number"),
        ("mrd_before_hsct_assay_sensitivity_fraction", "0", "no assay sensitivity"),
    ],
)
def test_a_cell_that_cannot_be_used(column: str, value: Any, reason: str, knowledge: Knowledge) -> None:
    found = answers({**BASE, column: value}, knowledge)
    (problem,) = found["problems"]
    assert (problem.row, problem.column) == (1, column)
    assert reason in problem.reason
    assert found["all_rez_bfm_s.status"] == "unusable"
    assert found["all_rez_bfm_s.value"] is None


@pytest.mark.parametrize(
    ("facts", "columns", "reason"),
    [
        (
            {"months_after_end_of_primary_therapy": "50"},
            "months_after_end_of_primary_therapy, months_from_diagnosis",
            "these facts contradict each other",
        ),
        (
            {"diagnosis_date": "2020-01-01", "relapse_date": "2019-12-31", "months_from_diagnosis": ""},
            "diagnosis_date, relapse_date",
            "relapse_date (2019-12-31) comes before diagnosis_date (2020-01-01)",
        ),
        (
            {"diagnosis_date": "2018-01-01", "relapse_date": "2019-01-01"},
            "months_from_diagnosis, diagnosis_date, relapse_date",
            "months_from_diagnosis is stated as 40, but the dates give 12.00",
        ),
        (
            {"primary_subtype": "ETV6_RUNX1", "genetics": "BCR::ABL1"},
            "primary_subtype, genetics",
            "primary_subtype is given as ETV6_RUNX1 and as BCR_ABL1",
        ),
        (
            {"mrd_before_hsct_level_fraction": "1e-3", "mrd_before_hsct_detected": "no"},
            "mrd_before_hsct_level_fraction, mrd_before_hsct_detected",
            "not detected, yet a level of 0.001",
        ),
        ({"sex": "female", "testis_biopsy_positive": "yes"}, "sex, testis_biopsy_positive", "contradict each other"),
    ],
)
def test_facts_that_contradict_each_other(
    facts: dict[str, str], columns: str, reason: str, knowledge: Knowledge
) -> None:
    (problem,) = answers({**BASE, **facts}, knowledge)["problems"]
    assert problem.column == columns
    assert reason in problem.reason
    assert problem.repair


@pytest.mark.parametrize(
    ("columns", "keep", "message"),
    [
        (["linage", "sex"], False, "Did you mean 'lineage'"),
        (["Lineage", "sex"], False, "Did you mean 'lineage'"),
        (["age at relapse years", "sex"], False, "age_at_relapse_years"),
        (["hospital", "ward"], False, "no column is a fact"),
        (["lineage", "all_rez_bfm_s.value"], True, "already has the column 'all_rez_bfm_s.value'"),
        (["mrd_after_block1_level_fraction", "mrd_day_35_level_fraction"], False, "are the same MRD value"),
    ],
)
def test_columns_that_cannot_be_what_they_seem(
    columns: list[str], keep: bool, message: str, knowledge: Knowledge
) -> None:
    with pytest.raises(UnusableCase, match=re.escape(message)):
        assign_frame(pa.table({name: ["B"] for name in columns}), knowledge, keep=keep)


def test_keep_passes_a_near_name_through(knowledge: Knowledge) -> None:
    found = answers({**BASE, "linage": "X"}, knowledge, keep=True)
    assert found["linage"] == "X"
    assert not found["problems"]


def test_lists_and_yes_no_in_typed_columns(knowledge: Knowledge) -> None:
    table = pa.table(
        {
            "genetics": pa.array([["ETV6::RUNX1"], [], None], pa.list_(pa.string())),
            "other_em_sites": pa.array([["skin"], [], None], pa.list_(pa.string())),
            "bcr_abl1": pa.array([False, None, True]),
            "relapse_number": pa.array([1, 1, 1], pa.int8()),
        }
    )
    done, problems = assign_frame(table, knowledge)
    assert not problems
    assert done["em_disease.value"].to_pylist() == ["yes", None, None]
    assert "primary_subtype" not in done["irving_2016_cytogenetics.missing"].to_pylist()[0]


def test_a_pandas_blank_is_unknown_and_never_above_a_limit(knowledge: Knowledge) -> None:
    frame = pd.DataFrame({"months_from_diagnosis": [10.0, None, 40.0], "lineage": ["B", None, "B"]})
    done, problems = assign_frame(frame, knowledge)
    assert not problems
    assert done["cog_epidemiology_time.value"].to_pylist() == ["early", None, "late"]


# Assumptions


def test_an_assumption_fills_only_what_is_unknown(knowledge: Knowledge) -> None:
    text = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
    table = pa.table(
        {"months_from_diagnosis": ["40", "40", None], "months_after_end_of_primary_therapy": ["3", None, None]}
    )
    done, problems = assign_frame(table, knowledge, assume=[text])
    assert not problems
    assert done["bfm_time.value"].to_pylist() == ["early", "late", None]
    assert done["reall.assumed"].to_pylist() == ["", text, ""]


def test_an_assumption_yields_to_what_the_row_says(tmp_path: Path, knowledge: Knowledge) -> None:
    text = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
    source = tmp_path / "r.csv"
    source.write_text("months_from_diagnosis,on_primary_therapy_at_relapse\n40,yes\n40,no\n", encoding="utf-8")
    summary = assign_file(source, knowledge, out=tmp_path / "a.parquet", assume=[text])
    done = pq.read_table(tmp_path / "a.parquet")
    assert (summary.unusable, summary.assumptions, summary.against) == (0, {text: 1}, {text: 1})
    assert done["bfm_time.value"].to_pylist() == ["early", "late"]  # still on therapy: the relapse is not after it
    assert done["reall.assumed"].to_pylist() == ["", text]


def test_an_interval_is_shifted_at_both_ends(knowledge: Knowledge) -> None:
    text = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
    found = answers({"months_from_diagnosis": "30..40"}, knowledge, assume=[text])
    assert found["bfm_time.value"] == "late"  # 6 to 16 months after therapy


def test_a_constant_and_two_assumptions(knowledge: Knowledge) -> None:
    found = answers({**BASE, "lineage": None}, knowledge, assume=["lineage = T", "prior_allo_hsct=no"])
    assert found["all_rez_bfm_s.value"] == "S4"  # marrow relapse of T-lineage ALL, whatever the time
    assert found["reall.assumed"] == "lineage = T; prior_allo_hsct = no"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lineage", "is no assumption"),
        ("lineage =", "is no assumption"),
        ("linage = B", "Did you mean 'lineage'"),
        ("lineage = X", "no answer"),
        ("months_from_diagnosis = age_at_diagnosis_years + 1", "age_at_diagnosis_years is in years"),
        ("months_from_diagnosis = -4", "outside what is possible"),
        ("months_from_diagnosis = 2 * 12", "not a number"),
    ],
)
def test_assumptions_that_are_none(text: str, message: str, knowledge: Knowledge) -> None:
    with pytest.raises(WrongUsage, match=message):
        read_assumption(text, knowledge.vocabulary)


# Files

MIXED = """case,relapse_number,lineage,site_class,months_from_diagnosis,ward
a,1,T,isolated_marrow,20,7
b,1,X,isolated_marrow,20,8
c,1,B,isolated_marrow,10,9
"""


def test_bad_rows_keep_their_place_and_are_listed(tmp_path: Path, knowledge: Knowledge) -> None:
    source, out = tmp_path / "registry.csv", tmp_path / "answers.parquet"
    source.write_text(MIXED, encoding="utf-8")
    summary = assign_file(source, knowledge, out=out, assume=["prior_allo_hsct = no"])
    done = pq.read_table(out)
    assert done["case"].to_pylist() == ["a", "b", "c"]
    assert done["ward"].to_pylist() == ["7", "8", "9"]
    assert done["all_rez_bfm_s.value"].to_pylist() == ["S4", None, "S4"]
    assert done["all_rez_bfm_s.status"].to_pylist() == ["determined", "unusable", "determined"]
    assert summary.counts["all_rez_bfm_s"] == {"S4": 2, "unusable": 1}
    assert summary.assumptions == {"prior_allo_hsct = no": 2}
    assert json.loads(done.schema.metadata[b"reall.assumptions"]) == ["prior_allo_hsct = no"]
    assert json.loads(done.schema.metadata[b"reall.knowledge_version"]) == knowledge.version
    assert summary.problem_file is not None
    with summary.problem_file.open(encoding="utf-8", newline="") as stream:
        (listed,) = csv.DictReader(stream)
    assert (listed["row"], listed["column"]) == ("2", "lineage")
    assert not list(tmp_path.glob("*.part"))


def test_csv_out_holds_the_same_answers(tmp_path: Path, knowledge: Knowledge) -> None:
    source = tmp_path / "registry.csv"
    source.write_text(MIXED, encoding="utf-8")
    assign_file(source, knowledge, out=tmp_path / "a.parquet")
    assign_file(source, knowledge, out=tmp_path / "a.csv")
    one = pd.read_parquet(tmp_path / "a.parquet").astype("string").fillna("")
    other = pd.read_csv(tmp_path / "a.csv", dtype="string", keep_default_na=False)
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize(
    ("out", "message"),
    [("a.txt", "neither in .parquet nor in .csv"), ("none/a.csv", "no folder"), ("r.csv", "overwrite")],
)
def test_where_nothing_is_written(tmp_path: Path, out: str, message: str, knowledge: Knowledge) -> None:
    source = tmp_path / "r.csv"
    source.write_text(MIXED, encoding="utf-8")
    with pytest.raises(WrongUsage, match=message):
        assign_file(source, knowledge, out=tmp_path / out)
    assert source.read_text(encoding="utf-8") == MIXED


def test_a_header_alone_is_no_registry(tmp_path: Path, knowledge: Knowledge) -> None:
    source = tmp_path / "r.csv"
    source.write_text(MIXED.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(UnusableCase, match="a header and no rows"):
        assign_file(source, knowledge)
