"""A registry beside published figures, and its systems beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from reall.base.errors import ReallError
from reall.cli.cohort import command
from reall.cohort.compare.kappa import cohen
from reall.cohort.compare.published import why_apart
from reall.cohort.compare.run import Comparison, compare, systems_named
from reall.cohort.survival.reading import Opening, Table
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.risk_order import load_risk_orders, risk_orders

HEADER = (
    "case,relapse_number,lineage,site_class,months_from_diagnosis,months_after_end_of_primary_therapy,"
    "overall_survival_days,death"
)
DAYS = 365.25


def compared(folder: Path, knowledge: Knowledge, *rows: str, systems: tuple[str, ...] = ()) -> Comparison:
    path = folder / "registry.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return compare(Table(path, knowledge, Opening()), systems_named(systems, knowledge), "OS")[0]


def test_kappa_by_hand() -> None:
    """35 of 50 agree (0.7); by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5: kappa 0.4 (Fleiss, Levin and Paik 2003, form)."""
    found = cohen(np.array([[20, 5], [10, 15]]))
    assert found is not None
    assert (found.kappa, found.agreed, found.n) == (pytest.approx(0.4), 0.7, 50)
    assert found.interval[0] < 0.4 < found.interval[1]


def test_kappa_of_perfect_agreement_has_no_spread() -> None:
    """The variance is 0; with these counts statsmodels 0.14 rounds it below 0, and its root is no number."""
    found = cohen(np.diag([1, 16, 1, 11]))
    assert found is not None
    assert (found.kappa, found.interval, found.agreed, found.n) == (1.0, (1.0, 1.0), 1.0, 29)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[5, 5], [0, 0]], [[9, 0], [0, 0]]])
def test_no_kappa_where_one_group_holds_all(table: list[list[int]]) -> None:
    assert cohen(np.array(table)) is None


def test_a_published_stratum_holds_certain_members_only(tmp_path: Path, knowledge: Knowledge) -> None:
    """Rheingold 2024: B early, 25.8 % alive after 5 years. One child may be earlier or later than 18 months."""
    rows = [f"{i},1,B,isolated_marrow,10,,{(i + 1) * DAYS},{'yes' if i < 6 else 'no'}" for i in range(10)]
    rows += ["x,1,B,isolated_marrow,17..19,,400,yes", "y,1,,isolated_marrow,10,,400,yes"]
    found = compared(tmp_path, knowledge, *rows)
    (early,) = (b for b in found.published.beside if b.published.id == "rheingold_2024_os5_b_early")
    assert (early.n, early.uncertain) == (10, 2)
    assert early.own.value == pytest.approx(0.5)  # 5 of 10 died within 5 years, that at exactly 5 included
    assert early.difference == pytest.approx(0.5 - 0.258)
    # Greenwood: 0.5 x sqrt(5 / (10 x 5)); printed standard error 2.4 points
    half = 1.959964 * np.hypot(0.5 * np.sqrt(0.1), 0.024)
    assert early.interval == pytest.approx((0.242 - half, 0.242 + half), abs=1e-6)


@pytest.mark.parametrize(
    ("id_", "endpoint", "reason"),
    [
        ("rheingold_2024_os5_all", "OS", ""),
        ("rheingold_2024_os5_all", "EFS", "its end point is OS, not EFS"),
        (
            "yamanaka_2024_r08i_efs3_s1",
            "EFS",
            "the start of its clock is not stated in what was read; here it is relapse",
        ),
        ("qayed_2021_lfs5_low", "DFS", "its end point is LFS, not DFS"),
        ("schroeder_1995_efs2_early_marrow", "EFS", "no figure at a time point was printed"),
        ("malempati_2007_os3_marrow", "OS", "our facts cannot say who belongs to its stratum"),
    ],
)
def test_why_a_figure_stands_apart(id_: str, endpoint: str, reason: str, knowledge: Knowledge) -> None:
    (row,) = (row for row in knowledge.outcomes if row.id == id_)
    assert why_apart(row, endpoint) == reason


def test_systems_that_disagree_are_listed_by_child(tmp_path: Path, knowledge: Knowledge) -> None:
    """A late isolated CNS relapse is S1; a T marrow relapse is S4 and COG high: the highest of both."""
    rows = (
        "late,1,B,isolated_em,50,20,900,no",
        "tcell,1,T,isolated_marrow,50,20,100,yes",
        "early,1,B,isolated_em,10,,300,yes",
    )
    found = compared(tmp_path, knowledge, *rows, systems=("all_rez_bfm_s", "cog_first_relapse_hr20")).agreement
    (cross,) = found.tables
    assert (cross.systems, int(cross.counts.sum())) == (("all_rez_bfm_s", "cog_first_relapse_hr20"), 3)
    listed = {d.case: (dict(d.answers), d.about) for d in found.disagreements}
    assert "tcell" not in listed
    assert listed["early"] == ({"all_rez_bfm_s": "S2", "cog_first_relapse_hr20": "high"}, ("highest risk",))
    assert found.disagreeing == len(listed)


def test_one_system_alone_cannot_be_compared(knowledge: Knowledge) -> None:
    with pytest.raises(ReallError, match="agrees with itself"):
        systems_named(("all_rez_bfm_s",), knowledge)
    with pytest.raises(ReallError, match="there is no system 'S'"):
        systems_named(("S", "T"), knowledge)


def test_orders_name_groups_that_exist(knowledge: Knowledge) -> None:
    assert list(risk_orders(PACKAGED, knowledge)) == []
    assert load_risk_orders()["cooprall_97_iem"].rising == ("G3B", "G3A")


@pytest.mark.parametrize("picture", ["forest", "calibration", "alluvial"])
def test_pictures_tables_and_json_of_target(picture: str, target_file: Path, tmp_path: Path) -> None:
    svg, csv = tmp_path / "picture.svg", tmp_path / "table.csv"
    options = ["--picture", picture, "--out", str(svg), "--out", str(csv), "--table", "disagreements", "--json"]
    done = CliRunner().invoke(command, ["compare", str(target_file), *options])
    assert done.exit_code == 0, done.exception
    data = json.loads(done.stdout)
    whole = {b["published"]["id"]: b for b in data["beside"]}["rheingold_2024_os5_all"]
    assert whole["n"] == 326
    assert whole["difference"] == pytest.approx(0.3769 - 0.489, abs=1e-4)
    assert data["caveats"]
    assert "enriched for early marrow relapse" in svg.read_text(encoding="utf-8")
    assert csv.read_text(encoding="utf-8").startswith("row,case,about,all_rez_bfm_s")


def test_a_table_without_outcomes_shows_where_systems_agree(tmp_path: Path) -> None:
    table, csv, svg = tmp_path / "registry.csv", tmp_path / "children.csv", tmp_path / "groups.svg"
    table.write_text(
        "case,relapse_number,lineage,site_class,months_from_diagnosis\nx,1,T,isolated_marrow,40\n", encoding="utf-8"
    )
    options = ["--picture", "alluvial", "--table", "disagreements", "--out", str(csv), "--out", str(svg)]
    done = CliRunner().invoke(command, ["compare", str(table), *options])
    assert done.exit_code == 0, done.exception
    assert "Nothing is said of survival: the table has no column 'overall_survival_days'." in done.stdout
    assert "Harrell" not in done.stdout
    assert "published figures of" not in done.stdout
    assert csv.exists()
    assert svg.exists()


@pytest.mark.parametrize("options", [["--endpoint", "OS"], ["--out", "forest.svg"], ["--out", "published.csv"]])
def test_what_rests_on_outcomes_asks_for_them(options: list[str], tmp_path: Path) -> None:
    table = tmp_path / "registry.csv"
    table.write_text("case,relapse_number,lineage\nx,1,T\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["compare", str(table), *options])
    assert isinstance(done.exception, ReallError)
    assert "overall_survival_days" in done.exception.what
    assert not list(tmp_path.glob("*.svg"))
