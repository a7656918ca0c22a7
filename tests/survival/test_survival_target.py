"""TARGET's 326 first relapses against the reference analysis of the data set, and against lifelines by stratum.

Percent equal to one decimal is equal to three decimals of a share.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from reall.cohort.run import assign_file
from reall.cohort.survival.concordance import harrell
from reall.cohort.survival.reading import Opening, Table
from reall.cohort.survival.result import Survival
from reall.cohort.survival.run import Question, survival
from reall.library.knowledge import Knowledge

THERAPY_OF_24_MONTHS = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
Line = tuple[str, int, int, float | None, tuple[float, float, float]]
"""Stratum, children, deaths, median in years, percent alive after 1, 3 and 5 years."""


def asked(
    path: Path, knowledge: Knowledge, *by: str, cuts: tuple[float, ...] = (), assume: tuple[str, ...] = ()
) -> Survival:
    table = Table(path, knowledge, Opening(assume=assume))
    return survival(table, Question(by=by, cuts=cuts))[0]


@pytest.mark.parametrize(
    ("by", "cuts", "lines", "chi2"),
    [
        ((), (), [("all", 326, 195, 1.95, (59.8, 43.0, 37.7))], None),
        (
            ("cog_epidemiology_time",), (),
            [("early", 103, 82, 0.54, (34.0, 22.6, 18.1)), ("intermediate", 115, 69, 2.23, (63.7, 42.1, 39.2)),
             ("late", 108, 44, 6.60, (81.3, 65.1, 55.0))],
            49.15,
        ),
        (
            ("months_from_diagnosis",), (18, 36),
            [("< 18", 103, 82, 0.54, (34.0, 22.6, 18.1)), ("18 to < 36", 115, 69, 2.23, (63.7, 42.1, 39.2)),
             (">= 36", 108, 44, 6.60, (81.3, 65.1, 55.0))],
            49.15,
        ),
        (
            ("site_class",), (),
            [("isolated_marrow", 225, 143, 1.35, (54.4, 37.0, 33.8)), ("combined", 47, 29, 2.10, (62.5, 44.6, 34.9)),
             ("isolated_em", 54, 23, None, (80.5, 66.6, 57.3))],
            11.31,
        ),
        (
            ("lineage",), (),
            [("B", 305, 184, 1.86, (59.4, 42.2, 37.6)), ("T", 20, 10, 4.15, (68.4, 57.0, 38.0)),
             ("unknown", 1, 1, 0.25, (0.0, 0.0, 0.0))],
            0.61,
        ),
        (
            ("age_at_diagnosis_years",), (10,),
            [("< 10", 183, 87, 4.91, (71.0, 55.0, 49.5)), (">= 10", 143, 108, 0.78, (45.0, 27.3, 22.0))],
            34.63,
        ),
    ],
)  # fmt: skip
def test_strata_of_the_reference(  # noqa: PLR0917 - one line of a table
    by: tuple[str, ...],
    cuts: tuple[float, ...],
    lines: list[Line],
    chi2: float | None,
    target_file: Path,
    knowledge: Knowledge,
) -> None:
    found = asked(target_file, knowledge, *by, cuts=cuts)
    for stratum, (name, n, deaths, middle, percent) in zip(found.strata, lines, strict=True):
        assert (stratum.stratum.name, stratum.n, stratum.events) == (name, n, deaths)
        assert (stratum.median_years and round(stratum.median_years, 2)) == middle
        assert [e.value for e in stratum.estimates] == pytest.approx([p / 100 for p in percent], abs=6e-4)
    assert (found.log_rank and round(found.log_rank.chi2, 2)) == chi2


def test_all_with_interval_and_caveat(target_file: Path, knowledge: Knowledge) -> None:
    found = asked(target_file, knowledge)
    (stratum,) = found.strata
    after_5_years = stratum.estimates[-1]
    assert after_5_years.interval == pytest.approx((0.321, 0.432), abs=5e-4)
    assert found.clock_start == "first relapse"
    assert any("enriched for early marrow relapse" in caveat for caveat in found.caveats)


def test_s_groups_if_therapy_lasted_24_months(target_file: Path, knowledge: Knowledge) -> None:
    """78.7, 47.7, 33.9 and 10.9 % after 5 years; chi² 81.78. One child of unknown lineage is S4 or not eligible."""
    found = asked(target_file, knowledge, "all_rez_bfm_s", assume=(THERAPY_OF_24_MONTHS,))
    lines = [(s.stratum.name, s.n, s.events, s.estimates[-1].value) for s in found.strata]
    assert [line[:3] for line in lines] == [
        ("S1", 19, 4), ("S2", 172, 86), ("S3", 50, 32), ("S4", 84, 72),
        ("undetermined (S4 or not eligible: lineage)", 1, 1),
    ]  # fmt: skip
    assert [line[3] for line in lines[:4]] == pytest.approx([0.7875, 0.4773, 0.3391, 0.1093], abs=5e-5)
    assert found.strata[0].estimates[-1].interval == pytest.approx((0.466, 0.928), abs=5e-4)
    assert found.log_rank is not None
    assert (round(found.log_rank.chi2, 2), found.log_rank.df) == (81.78, 3)
    assert found.compared == ("S1", "S2", "S3", "S4")


def test_concordance_of_the_s_groups_is_that_of_r(target_file: Path, knowledge: Knowledge) -> None:
    """R: concordance(Surv(days, death) ~ group, reverse = TRUE): 0.6618611064, standard error 0.01787100497."""
    found = asked(target_file, knowledge, "all_rez_bfm_s", assume=(THERAPY_OF_24_MONTHS,))
    c = harrell([s.table for s in found.strata[:4]])
    assert c is not None
    assert (c.c, c.standard_error) == pytest.approx((0.6618611064, 0.01787100497), abs=1e-10)


def test_time_by_site_among_b_lineage(target_file: Path, knowledge: Knowledge) -> None:
    """5-year survival of the reference, with the number of children, for every pair of time and site."""
    found = asked(target_file, knowledge, "lineage", "cog_epidemiology_time", "site_class")
    got = {s.stratum.name: (s.n, s.estimates[-1].value) for s in found.strata}
    expected = {
        "early, isolated_marrow": (73, 0.093), "early, combined": (4, 0.50), "early, isolated_em": (11, 0.436),
        "intermediate, isolated_marrow": (78, 0.355), "intermediate, combined": (15, 0.333),
        "intermediate, isolated_em": (21, 0.600), "late, isolated_marrow": (70, 0.591),
        "late, combined": (24, 0.366), "late, isolated_em": (9, 0.700),
    }  # fmt: skip
    for name, (n, share) in expected.items():
        assert got[f"B, {name}"] == (n, pytest.approx(share, abs=5e-4)), name


def test_every_child_is_in_one_stratum_whatever_is_asked(target_file: Path, knowledge: Knowledge) -> None:
    for by in ("intreall_2010", "ukall_r3", "transplant.ukall_r3", "primary_subtype", "sex", "Protocol", "bcr_abl1"):
        found = asked(target_file, knowledge, by)
        assert sum(s.rows for s in found.strata) == 326, by
        assert sum(s.n for s in found.strata) == 326, by


@pytest.mark.parametrize("by", ["sex", "Protocol", "bcr_abl1", "cns_status", "primary_subtype"])
def test_other_strata_against_lifelines(by: str, target_file: Path, knowledge: Knowledge, tmp_path: Path) -> None:
    """The rows come back through a file, and lifelines estimates each stratum on its own."""
    out = tmp_path / "assigned.parquet"
    assign_file(target_file, knowledge, out=out)
    found = asked(out, knowledge, by)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lifelines = importlib.import_module("lifelines")
    rows = pq.read_table(out).to_pylist()
    column = f"{by}.value" if f"{by}.value" in rows[0] else by
    for stratum in found.strata:
        if stratum.stratum.status != "determined":
            continue
        own = [r for r in rows if r[column] == stratum.stratum.value]
        assert len(own) == stratum.n
        fitted = lifelines.KaplanMeierFitter().fit(
            [float(r["overall_survival_days"]) for r in own], [r["death"] == "yes" for r in own]
        )
        for e in stratum.estimates:
            if e.value is not None:
                assert e.value == pytest.approx(float(fitted.predict(e.years * 365.25)), abs=1e-12)


def test_an_assigned_table_keeps_its_answers(target_file: Path, knowledge: Knowledge, tmp_path: Path) -> None:
    """The answers, the assumption behind them and the version come from the file; nothing is worked out anew."""
    out = tmp_path / "assigned.parquet"
    assign_file(target_file, knowledge, out=out, assume=(THERAPY_OF_24_MONTHS,))
    found, reading = survival(Table(out, knowledge, Opening()), Question(by=("all_rez_bfm_s",)))
    assert [s.n for s in found.strata] == [19, 172, 50, 84, 1]
    assert list(reading.assumptions) == [THERAPY_OF_24_MONTHS]
    assert any("taken from the table" in note for note in reading.notes)
    assert any("enriched for early marrow relapse" in caveat for caveat in found.caveats)
