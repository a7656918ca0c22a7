"""Real registries against the figures published or worked out by other programs.

TARGET: counts of the reference analysis beside the data set (months = days / 30.4375). DDPR: the categories that Good
and Sarno 2018 printed for all 17 relapses, which follow 18 and 36 months.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from reall.cohort.run import Summary, assign_file
from reall.library.knowledge import Knowledge, open_knowledge

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[2].parent / "shared")) / "data"
TARGET = SHARED / "target_all" / "all_phase2_target_2018_pub_clinical_data.tsv"
DDPR = SHARED / "ddpr" / "ddpr_metadata.csv"
THERAPY_OF_24_MONTHS = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return open_knowledge()


def assigned(path: Path, folder: Path, knowledge: Knowledge, *assume: str) -> tuple[Summary, Rows]:
    if not path.exists():
        pytest.skip(f"{path.parent.name} is not beside the project")
    out = folder / "out.parquet"
    summary = assign_file(path, knowledge, out=out, assume=assume)
    return summary, pq.read_table(out).to_pylist()


def by_group(rows: Rows, id_: str) -> dict[str, int]:
    return dict(Counter(row[f"{id_}.value"] or row[f"{id_}.status"] for row in rows))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Rows:
    return assigned(TARGET, tmp_path_factory.mktemp("target"), knowledge)[1]


@pytest.fixture(scope="module")
def with_24_months(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Rows:
    return assigned(TARGET, tmp_path_factory.mktemp("target"), knowledge, THERAPY_OF_24_MONTHS)[1]


def test_target_yields_its_326_first_relapses(tmp_path: Path, knowledge: Knowledge) -> None:
    summary, rows = assigned(TARGET, tmp_path, knowledge)
    assert (summary.form, summary.rows, summary.unusable) == ("cbioportal", 326, 0)
    assert len({row["case"] for row in rows}) == 326
    assert any("30.4375" in note for note in summary.notes)


def test_target_sites(plain: Rows) -> None:
    # marrow only 225; marrow with another site 28 + 8 + 6 + 4 + 1; other sites only 45 + 4 + 4 + 1
    assert by_group(plain, "site_class") == {"isolated_marrow": 225, "combined": 47, "isolated_em": 54}


def test_target_on_the_clock_from_diagnosis(plain: Rows) -> None:
    assert by_group(plain, "cog_epidemiology_time") == {"early": 103, "intermediate": 115, "late": 108}


def test_target_s_groups_if_therapy_lasted_24_months(with_24_months: Rows) -> None:
    assert by_group(with_24_months, "all_rez_bfm_s") == {"S1": 19, "S2": 172, "S3": 50, "S4": 84, "undetermined": 1}
    assert by_group(with_24_months, "bfm_time") == {"very_early": 103, "early": 71, "late": 152}
    (open_one,) = (row for row in with_24_months if row["all_rez_bfm_s.status"] == "undetermined")
    assert open_one["lineage"] is None
    assert open_one["all_rez_bfm_s.missing"].split("|")[0] == "lineage"
    assert {row["reall.assumed"] for row in with_24_months} == {THERAPY_OF_24_MONTHS}


def test_target_without_the_end_of_therapy(plain: Rows, with_24_months: Rows) -> None:
    """Answers that stand without it are those that the assumption leaves alone; the others say what is missing."""
    assert by_group(plain, "all_rez_bfm_s") == {"S2": 60, "S4": 84, "undetermined": 182}
    for row, assumed in zip(plain, with_24_months, strict=True):
        if row["all_rez_bfm_s.status"] == "determined":
            assert row["all_rez_bfm_s.value"] == assumed["all_rez_bfm_s.value"]
        else:
            assert (assumed["all_rez_bfm_s.value"] or "S4") in row["all_rez_bfm_s.possible"].split("|")
            if row["lineage"]:
                assert "months_after_end_of_primary_therapy" in row["all_rez_bfm_s.missing"].split("|")


def test_target_marrow_relapse_of_t_lineage_needs_no_clock(plain: Rows) -> None:
    marrow = [row for row in plain if row["lineage"] == "T" and row["site_class.value"] != "isolated_em"]
    assert marrow
    assert {row["all_rez_bfm_s.value"] for row in marrow} == {"S4"}


def test_target_s_groups_follow_from_the_printed_columns(with_24_months: Rows) -> None:
    """Row by row, by a plain reading of the rules on the imported columns."""
    for row in with_24_months:
        months = float(row["days_from_diagnosis"]) / 30.4375
        clock = "very_early" if months < 18 else "early" if months - 24 < 6 else "late"
        site, lineage = row["site_class"], row["lineage"]
        if site == "isolated_em":
            group = "S1" if clock == "late" else "S2"
        elif lineage == "T" or clock == "very_early":
            group = "S4"
        else:
            group = "S3" if site == "isolated_marrow" and clock == "early" else "S2"
        assert row["all_rez_bfm_s.value"] == (group if lineage or site == "isolated_em" else None), row["case"]


def test_mrd_of_first_line_therapy_decides_nothing(plain: Rows) -> None:
    assert not {"LR", "IR"} & set(by_group(plain, "cog_aall1331"))
    assert not {"yes", "no"} & set(by_group(plain, "transplant.ukall_r3"))


def test_published_category_of_all_17_relapses(tmp_path: Path, knowledge: Knowledge) -> None:
    summary, rows = assigned(DDPR, tmp_path, knowledge)
    assert (summary.form, summary.rows, summary.unusable) == ("ddpr", 17, 0)
    words = {"Very early": "early", "Early": "intermediate", "Late": "late"}
    for row in rows:
        assert row["cog_epidemiology_time.value"] == words[row["Type of Relapse"]], row["case"]
