"""De-identified tables: k children alike in every output, no identifier left, answers only ever less certain."""

from __future__ import annotations

import collections
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reall.base.errors import UnusableCase, WrongUsage
from reall.cli.cohort import command
from reall.cohort.deidentify.bands import fine_axis, text_of
from reall.cohort.deidentify.release import Release, deidentify_file
from reall.cohort.deidentify.suppress import settled, smallest_class
from reall.cohort.run import assign_frame
from reall.cohort.simulate.run import simulate_file
from reall.facts.known import read_interval
from reall.library.knowledge import Knowledge
from reall.library.simulation import load_presets


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> tuple[Path, Path, Release]:
    """Release 6,000 simulated rows."""
    folder = tmp_path_factory.mktemp("released")
    table, out = folder / "sim.parquet", folder / "out.parquet"
    simulate_file(table, knowledge, rows=6000, seed=2, missing=load_presets()["registry"])
    return table, out, deidentify_file(table, knowledge, out)


def fewest_alike(rows: list[dict[str, object]], quasi: tuple[str, ...]) -> int:
    """Count by hand: children by what all their rows show together."""
    shown: dict[object, list[tuple[str, ...]]] = collections.defaultdict(list)
    for row in rows:
        shown[row["patient"]].append((str(row.get("relapse_number")), *(str(row[name]) for name in quasi)))
    return min(collections.Counter(tuple(sorted(cells)) for cells in shown.values()).values())


def test_at_least_k_children_look_alike(released: tuple[Path, Path, Release]) -> None:
    _, out, release = released
    rows = pq.read_table(out).to_pylist()
    assert release.smallest == fewest_alike(rows, release.quasi) >= 5
    assert len(rows) == release.rows_written
    assert release.rows_written + release.too_rare + release.unusable == release.rows_read == 6000
    assert sum(release.by_level.values()) == release.rows_written


def test_no_date_no_pseudonym_and_no_order_is_kept(released: tuple[Path, Path, Release]) -> None:
    table, out, release = released
    before, after = pq.read_table(table), pq.read_table(out)
    assert not [name for name in after.column_names if name.endswith("_date")]
    assert not [field for field in after.schema if pa.types.is_temporal(field.type)]
    for name in ("case", "patient"):
        assert not set(before[name].to_pylist()) & set(after[name].to_pylist())
    assert before["overall_survival_days"].to_pylist() != after["overall_survival_days"].to_pylist()
    assert {"birth_date", "diagnosis_date", "relapse_date"} <= set(release.dropped_columns)


def test_nothing_else_is_changed(released: tuple[Path, Path, Release]) -> None:
    """What is no quasi-identifier keeps its values, in another order."""
    table, out, release = released
    assert release.rows_written == release.rows_read
    before, after = pq.read_table(table), pq.read_table(out)
    for name in ("overall_survival_days", "death", "event_type", "marrow_blasts_pct", "transplant_days", "cns_status"):
        one, other = (collections.Counter(rows[name].to_pylist()) for rows in (before, after))
        assert one == other, name


def test_answers_are_the_same_or_undetermined(knowledge: Knowledge, tmp_path: Path) -> None:
    """A band never gives another group than the date did. Rows are matched by their survival and event days."""
    table, out = tmp_path / "sim.parquet", tmp_path / "out.parquet"
    simulate_file(table, knowledge, rows=4000, seed=2, missing=load_presets()["none"])
    deidentify_file(table, knowledge, out)
    answers = []
    for path in (table, out):
        answered, problems = assign_frame(pq.read_table(path), knowledge)
        assert problems == ()
        answers.append(answered.to_pylist())
    key = ("overall_survival_days", "event_free_survival_days", "marrow_blasts_pct", "remission_days", "relapse_number",
           "transplant_days", "mrd_end_of_reinduction_block1_days")  # fmt: skip
    of_key = collections.Counter(tuple(row[name] for name in key) for row in answers[0])
    before = {tuple(row[name] for name in key): row for row in answers[0]}
    compared = settled_in_both = 0
    for row in answers[1]:
        place = tuple(None if row[name] is None else row[name] for name in key)
        if of_key[place] != 1:
            continue
        compared += 1
        for system in ("bfm_time", "cog_epidemiology_time", "site_class", "all_rez_bfm_s", "ukall_r3", "intreall_2010"):
            said, was = row[f"{system}.value"], before[place][f"{system}.value"]
            assert said is None or said == was, system
            settled_in_both += said is not None
    assert compared > 3000
    assert settled_in_both > compared


def test_a_child_is_protected_by_all_its_rows_together(knowledge: Knowledge, tmp_path: Path) -> None:
    """Ten children look alike at their first relapse; only one of them has a second, which would tell who it is."""
    header = "patient,relapse_number,lineage,sex,months_from_diagnosis,age_at_diagnosis_years\n"
    rows = [f"c{i},1,B,male,20,5\n" for i in range(10)]
    table, out = tmp_path / "t.csv", tmp_path / "o.csv"
    table.write_text(header + "".join(rows) + "c3,2,B,male,40,5\n", encoding="utf-8")
    release = deidentify_file(table, knowledge, out)
    assert (release.rows_written, release.too_rare, release.smallest) == (9, 2, 9)


def data_number(relapses: int) -> str:
    """Number a relapse as registries do: the third is sometimes a range, later ones are not known."""
    return {1: "1", 2: "2", 3: ">=3"}.get(relapses, "")


TABLES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["B", "T", ""]),
        st.sampled_from(["male", "female", ""]),
        st.sampled_from(["", "10", "17.9", "18", "18.5", "30", "36", "80"]),
        st.sampled_from(["", "0.5", "2", "3", "12", "17"]),
        st.sampled_from(["", "ETV6_RUNX1", "TCF3_HLF"]),
        st.sampled_from(["", "AT", "NZ", "IE"]),
    ),
    min_size=1,
    max_size=80,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=TABLES, k=st.integers(5, 9), seed=st.integers(0, 99))
def test_every_table_comes_out_k_anonymous(
    table: list[tuple[object, ...]], k: int, seed: int, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    names = [
        "patient",
        "lineage",
        "sex",
        "months_from_diagnosis",
        "age_at_diagnosis_years",
        "primary_subtype",
        "country",
    ]
    columns = {name: [str(row[i]) for row in table] for i, name in enumerate(names)}
    seen: collections.Counter[str] = collections.Counter()
    number = []
    for patient in columns["patient"]:
        seen[patient] += 1
        number.append(data_number(seen[patient]))
    source, out = folder / "t.csv", folder / "o.csv"
    pa_csv.write_csv(pa.table({**columns, "relapse_number": number}), source)
    try:
        release = deidentify_file(source, knowledge, out, k=k, extra=("country",), rng=np.random.default_rng(seed))
    except UnusableCase:
        assert not out.exists()
        return
    rows = pa_csv.read_csv(out, convert_options=pa_csv.ConvertOptions(strings_can_be_null=True)).to_pylist()
    assert len(rows) == release.rows_written
    assert fewest_alike(rows, release.quasi) >= k
    assert release.smallest >= k


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_children_are_settled_where_k_look_alike(data: st.DataObject) -> None:
    """At every level the children that are settled there are at least k with the same sequence of rows."""
    rows = data.draw(st.integers(1, 60))
    draw = lambda top: np.array(data.draw(st.lists(st.integers(0, top), min_size=rows, max_size=rows)))  # noqa: E731
    child = np.unique(draw(20), return_inverse=True)[1]
    number, fine, k = np.arange(rows), draw(5), data.draw(st.integers(1, 6))
    levels = [fine, fine // 3, np.zeros(rows, dtype=np.int64)]
    level = settled(levels, child, number, k)
    for place, shown in enumerate(levels):
        here = level == place
        if here.any():
            texts = [str(value) for value in shown[here].tolist()]
            assert smallest_class(texts, [str(c) for c in child[here].tolist()]) >= k


def test_a_band_reads_as_one_cell_of_the_rules(knowledge: Knowledge) -> None:
    space = knowledge.base.space
    for fact in ("age_at_diagnosis_years", "months_from_diagnosis", "months_after_end_of_primary_therapy"):
        axis = space.axes[space.position[fact]]
        fine = fine_axis(axis, 1.0, 40.0)
        for cell in range(fine.size):
            (low, _), (high, _) = fine.edges(cell)
            if low < high and high - low < 0.02:
                continue  # newborns: a cell narrower than two hundredths of a year
            known = read_interval(text_of(fine, cell), minimum=axis.fact.minimum, maximum=axis.fact.maximum)
            assert axis.mask(known).bit_count() == 1, (fact, text_of(fine, cell))


def test_rows_that_cannot_be_used_are_left_out_and_counted(knowledge: Knowledge, tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "o.csv"
    good = "B,male,20\n" * 8
    table.write_text("lineage,sex,months_from_diagnosis\n" + good + "X,male,20\n", encoding="utf-8")
    release = deidentify_file(table, knowledge, out)
    assert (release.rows_read, release.rows_written, release.unusable, release.too_rare) == (9, 8, 1, 0)


def test_two_calls_give_other_pseudonyms_and_another_order(knowledge: Knowledge, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = "".join(f"c{i},B,{i}\n" for i in range(200))
    table.write_text("patient,lineage,overall_survival_days\n" + rows, encoding="utf-8")
    said = []
    for name in ("one.parquet", "two.parquet"):
        deidentify_file(table, knowledge, tmp_path / name)
        said.append(pq.read_table(tmp_path / name).select(["patient", "overall_survival_days"]).to_pylist())
    assert said[0] != said[1]
    assert {row["patient"]: row["overall_survival_days"] for row in said[0]} != {
        row["patient"]: row["overall_survival_days"] for row in said[1]
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--k", "4"), "k is 4"),
        (("--quasi", "nothing"), "'nothing' cannot be kept as it is"),
        (("--quasi", "lineage"), "'lineage' cannot be kept as it is"),
    ],
)
def test_wrong_usage_is_refused(options: tuple[str, ...], says: str, tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "o.csv"
    table.write_text("lineage,sex\n" + "B,male\n" * 8, encoding="utf-8")
    done = CliRunner().invoke(command, ["deidentify", str(table), "--out", str(out), *options])
    assert isinstance(done.exception, WrongUsage)
    assert says in str(done.exception)
    assert not out.exists()


def test_too_few_children_give_no_output(knowledge: Knowledge, tmp_path: Path) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "o.csv"
    table.write_text("lineage,sex\n" + "B,male\n" * 4, encoding="utf-8")
    with pytest.raises(UnusableCase, match="nothing can be released"):
        deidentify_file(table, knowledge, out)
    assert not out.exists()
