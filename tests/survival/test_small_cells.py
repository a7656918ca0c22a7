"""Small counts for sharing: an attack by linear programming must not find one, in a table or in the report."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from reall.base.errors import UnusableCase
from reall.cli.cohort import command
from reall.cohort.small_cells import Shared, hidden_of, rounded, share, tellable

LIMIT = 5
counts = st.integers(1, 4).flatmap(
    lambda rows: st.integers(1, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(0, 12), min_size=columns, max_size=columns), min_size=rows, max_size=rows
        )
    )
)


def largest(shared: Shared, row: int, column: int) -> float:
    """Find the largest value of a hidden cell that fits everything shown; an attack written apart from the defence."""
    rows, columns = shared.counts.shape
    equations, sums = [], []
    for i in range(rows):
        for j in range(columns):
            if shared.shown[i, j]:
                one = np.zeros((rows, columns))
                one[i, j] = 1
                equations.append(one.ravel())
                sums.append(shared.counts[i, j])
    for i in np.flatnonzero(shared.rows_shown):
        one = np.zeros((rows, columns))
        one[i] = 1
        equations.append(one.ravel())
        sums.append(shared.counts[i].sum())
    for j in np.flatnonzero(shared.columns_shown):
        one = np.zeros((rows, columns))
        one[:, j] = 1
        equations.append(one.ravel())
        sums.append(shared.counts[:, j].sum())
    equations.append(np.ones(rows * columns))
    sums.append(shared.counts.sum())
    aim = np.zeros((rows, columns))
    aim[row, column] = -1
    found = linprog(aim.ravel(), A_eq=np.array(equations), b_eq=np.array(sums), bounds=(0, None), method="highs")
    return -float(found.fun)


@settings(max_examples=60, deadline=None)
@given(counts)
def test_no_small_count_can_be_found_out(cells: list[list[int]]) -> None:
    table = np.array(cells, dtype=np.int64)
    if table.sum() < LIMIT:
        return  # a table this small is not shared at all
    shared = share(table, LIMIT)
    for (i, j), count in np.ndenumerate(table):
        if 0 < count < LIMIT:
            assert not shared.shown[i, j]
            assert largest(shared, i, j) >= LIMIT - 1e-6
    for axis, shown in ((1, shared.rows_shown), (0, shared.columns_shown)):
        sums = table.sum(axis=axis)
        assert not shown[(sums > 0) & (sums < LIMIT)].any()


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([19, 172, 50, 84, 1], [19, 1]),
        ([305, 20, 1], [20, 1]),
        ([103, 115, 108], []),
        ([3, 2], [3, 2]),
        ([0, 40, 4], [40, 4]),
        ([2, 2, 30, 40], [2, 2, 30]),
    ],
)
def test_which_sizes_of_strata_are_hidden_where_their_sum_is_known(sizes: list[int], hidden: list[int]) -> None:
    """A small one alone would be the sum less the rest; two whose sum is small would tell each other."""
    flags = hidden_of(np.array(sizes), LIMIT)
    assert [size for size, flag in zip(sizes, flags, strict=True) if flag] == hidden


def test_nothing_is_hidden_with_a_limit_of_one() -> None:
    assert share(np.array([[1, 2], [3, 0]]), 1).shown.all()


@pytest.mark.parametrize(
    ("count", "total", "told"), [(0, 326, True), (3, 326, False), (325, 326, False), (9, 20, True)]
)
def test_a_part_is_told_if_neither_it_nor_the_rest_is_small(count: int, total: int, told: bool) -> None:
    assert tellable(count, total, LIMIT) is told


def test_rounding() -> None:
    assert [rounded(n, 5) for n in (0, 1, 2, 3, 7, 8)] == [0, 0, 0, 5, 5, 10]


HEADER = "case,relapse_number,lineage,site_class,months_from_diagnosis,overall_survival_days,death"


def report(folder: Path, rows: list[str], *options: str) -> str:
    path, out = folder / "registry.csv", folder / "report.html"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["report", str(path), "--out", str(out), *options])
    if done.exception:
        raise done.exception
    return out.read_text(encoding="utf-8")


def made_up(n: int, t: int) -> list[str]:
    """Give rows of nobody: `t` of `n` of T lineage."""
    return [
        f"nobody-{i},1,{'T' if i < t else 'B'},isolated_marrow,{10 + i % 40},{50 + 13 * i},{'yes' if i % 2 else 'no'}"
        for i in range(n)
    ]


def test_a_report_for_sharing_names_no_child_and_no_small_stratum(tmp_path: Path) -> None:
    page = report(tmp_path, made_up(60, 3), "--by", "lineage")
    assert "nobody-" not in page
    (line,) = re.findall(r'<tr><th scope="row">T</th>(.*?)</tr>', page)
    assert set(re.findall(r">([^<>]+)<", line)) == {"–"}
    (line,) = re.findall(r'<tr><th scope="row">B</th>(.*?)</tr>', page)
    assert "57" not in line  # 60 less 57 is 3


def test_a_report_for_one_s_own_house_shows_everything(tmp_path: Path) -> None:
    page = report(tmp_path, made_up(60, 3), "--by", "lineage", "--min-cell", "1")
    assert "Not for sharing" in page
    (line,) = re.findall(r'<tr><th scope="row">T</th>(.*?)</tr>', page)
    assert '<td class="n">3</td>' in line


def test_a_registry_smaller_than_the_limit_is_not_shared(tmp_path: Path) -> None:
    with pytest.raises(UnusableCase, match="fewer than 5 rows"):
        report(tmp_path, made_up(4, 2), "--by", "lineage")


def test_text_from_the_table_is_escaped(tmp_path: Path) -> None:
    rows = [f"{row},<script>alert(1)</script>" for row in made_up(40, 0)]
    path, out = tmp_path / "registry.csv", tmp_path / "report.html"
    path.write_text("\n".join((f"{HEADER},arm_of_study", *rows)) + "\n", encoding="utf-8")
    assert CliRunner().invoke(command, ["report", str(path), "--out", str(out), "--by", "arm_of_study"]).exit_code == 0
    assert "<script" not in out.read_text(encoding="utf-8")


def test_target_report_hides_s1(target_file: Path, tmp_path: Path) -> None:
    """One child is undetermined under the 24-month assumption: the smallest group, S1 (19), is hidden with it."""
    out = tmp_path / "report.html"
    text = "months_after_end_of_primary_therapy = months_from_diagnosis - 24"
    options = ["--assume", text, "--by", "all_rez_bfm_s", "--by", "lineage", "--out", str(out)]
    done = CliRunner().invoke(command, ["report", str(target_file), *options])
    assert done.exit_code == 0, done.exception
    page = out.read_text(encoding="utf-8").split("<h2>Beside published")[0]
    assert page.count("enriched for early marrow relapse") >= 3  # at the top, and in every picture
    assert "TARGET-10-" not in page
    for name in ("S1", "undetermined", "T", "unknown"):
        for line in re.findall(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', page):
            assert set(re.findall(r">([^<>]+)<", line)) <= {"–", "0"}, name
    assert '<tr><th scope="row">S2</th><td class="n">172</td>' in page
