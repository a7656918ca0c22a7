"""Simulated rows: consistent, marked as simulated wherever they go, the same for the same seed, missing as declared."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from reall.base.errors import InvalidKnowledge, WrongUsage
from reall.cli.cohort import command
from reall.cohort.quality.run import check_frame
from reall.cohort.run import assign_frame
from reall.cohort.simulate.joint import joint_table
from reall.cohort.simulate.run import CHILDREN_PER_BLOCK, simulate_file
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.simulation import (
    Missing,
    MissingColumns,
    load_presets,
    load_simulation,
    read_missing,
    simulation_rows,
)

ALWAYS_SAID = {"constant_column", "adult_at_diagnosis", "empty_column"}
"""Notes that are true of simulated rows: some columns never vary, and the oldest are 16 to 19 years old."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("preset", ["none", "registry", "sparse"])
def test_no_row_breaks_a_quality_check_or_cannot_be_used(preset: str, tmp_path: Path, knowledge: Knowledge) -> None:
    out = tmp_path / "sim.parquet"
    simulate_file(out, knowledge, rows=8_000, seed=5, missing=load_presets()[preset])
    rows = pq.read_table(out)
    report = check_frame(rows, knowledge)
    found = {result.check.id: result.rows for result in report.results if result.rows}
    assert set(found) <= ALWAYS_SAID, found
    _, problems = assign_frame(rows, knowledge)
    assert problems == ()


def test_answers_are_plausible(simulated: pa.Table, knowledge: Knowledge) -> None:
    """Where nothing is missing, the time category is always settled, and the BFM groups nearly always."""
    answered, problems = assign_frame(simulated.slice(0, 20_000), knowledge)
    assert problems == ()
    status = pc.value_counts(answered["cog_epidemiology_time.status"].cast(pa.string())).to_pylist()
    assert status == [{"values": "determined", "counts": 20_000}]
    first = answered.filter(pc.equal(answered["relapse_number"], 1))
    groups = {
        row["values"]: row["counts"]
        for row in pc.value_counts(first["all_rez_bfm_s.value"].cast(pa.string())).to_pylist()
    }
    assert set(groups) >= {"S1", "S2", "S3", "S4"}
    assert groups["S2"] == max(groups[g] for g in ("S1", "S2", "S3", "S4"))


def test_second_relapses_hang_on_the_first(simulated: pa.Table) -> None:
    """Every second relapse has its first one: on the day of that row's event, from which the times go on."""
    rows = simulated.slice(0, 60_000).select(
        ["patient", "relapse_number", "relapse_date", "previous_relapse_date", "event_type", "sex",
         "event_free_survival_days", "overall_survival_days", "death"]
    ).to_pylist()  # fmt: skip
    first = {row["patient"]: row for row in rows if row["relapse_number"] == 1}
    second = [row for row in rows if row["relapse_number"] == 2]
    second = [row for row in second if row["patient"] in first]
    assert len(second) > 1000
    for row in second:
        before = first[row["patient"]]
        apart = (row["relapse_date"] - before["relapse_date"]).days
        assert before["event_type"] == "relapse"
        assert before["event_free_survival_days"] == apart
        assert row["previous_relapse_date"] == before["relapse_date"]
        assert before["overall_survival_days"] == apart + row["overall_survival_days"]
        assert (before["death"], before["sex"]) == (row["death"], row["sex"])


def test_the_seed_alone_decides_the_rows(tmp_path: Path, knowledge: Knowledge) -> None:
    """Fewer rows are the first of more rows, over the border of a block; another seed gives others."""
    none = load_presets()["none"]
    many = CHILDREN_PER_BLOCK + 20_000
    for name, rows, seed in (("many", many, 3), ("few", many - 777, 3), ("other", 1000, 4)):
        simulate_file(tmp_path / f"{name}.parquet", knowledge, rows=rows, seed=seed, missing=none)
    many_rows, few, other = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("many", "few", "other"))
    assert (many_rows.num_rows, few.num_rows) == (many, many - 777)
    assert few.equals(many_rows.slice(0, few.num_rows))
    assert not other.drop(["case", "patient"]).equals(many_rows.slice(0, 1000).drop(["case", "patient"]))


def test_what_is_missing_changes_nothing_else(tmp_path: Path, knowledge: Knowledge) -> None:
    for name in ("none", "sparse"):
        simulate_file(tmp_path / f"{name}.parquet", knowledge, rows=3000, seed=3, missing=load_presets()[name])
    whole, sparse = (pq.read_table(tmp_path / f"{name}.parquet").to_pylist() for name in ("none", "sparse"))
    for one, other in zip(whole, sparse, strict=True):
        assert all(other[name] in {None, value} for name, value in one.items())


def test_columns_go_missing_as_declared(tmp_path: Path, knowledge: Knowledge) -> None:
    """MCAR: 30 % of all rows. MAR: 20 % of B, 60 % of T. Together: in the same rows. Within 4 standard errors."""
    missing = Missing(
        name="own",
        words="",
        columns=(
            MissingColumns(columns=("cns_status", "testis_biopsy_positive"), share=0.3, shares={}),
            MissingColumns(columns=("marrow_blasts_pct",), share=0.0, by="lineage", shares={"B": 0.2, "T": 0.6}),
        ),
    )
    simulate_file(tmp_path / "own.parquet", knowledge, rows=20_000, seed=3, missing=missing)
    rows = pq.read_table(tmp_path / "own.parquet")
    assert rows["cns_status"].is_null().equals(rows["testis_biopsy_positive"].is_null())
    lineage = rows["lineage"].cast(pa.string())
    for column, of, share in (
        ("cns_status", None, 0.3),
        ("marrow_blasts_pct", "B", 0.2),
        ("marrow_blasts_pct", "T", 0.6),
    ):
        part = rows if of is None else rows.filter(pc.equal(lineage, of))
        assert abs(part[column].null_count / part.num_rows - share) < 4 * np.sqrt(share * (1 - share) / part.num_rows)


@pytest.mark.parametrize(
    ("columns", "by", "shares", "says"),
    [
        (("colour",), "", {}, "'colour' cannot be declared missing"),
        (("simulated",), "", {}, "'simulated' cannot be declared missing"),
        (("sex",), "colour", {"x": 0.5}, "cannot depend on 'colour'"),
        (("sex",), "sex", {"male": 0.5}, "cannot depend on 'sex'"),
        (("sex",), "lineage", {"C": 0.5}, "lineage never says 'C'"),
    ],
)
def test_a_wrong_declaration_is_refused(
    columns: tuple[str, ...], by: str, shares: dict[str, float], says: str, tmp_path: Path
) -> None:
    knowledge, entry = open_knowledge(), MissingColumns(columns=columns, share=0.5, by=by, shares=shares)
    with pytest.raises(WrongUsage, match=says):
        simulate_file(
            tmp_path / "x.csv", knowledge, rows=10, seed=1, missing=Missing(name="own", words="", columns=(entry,))
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "columns: [{columns: [sex], mechanism: MCAR}]",
        "columns: [{columns: [sex], mechanism: MCAR, share: 1.5}]",
        "columns: [{columns: [sex], mechanism: MAR, share: 0.5}]",
        "columns: [{columns: [], mechanism: MCAR, share: 0.5}]",
        "column: []",
    ],
)
def test_a_declaration_that_breaks_its_schema_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "missing.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongUsage, match=r"missing\.yaml"):
        read_missing(path)


def test_every_output_says_that_it_is_simulated(tmp_path: Path) -> None:
    out = tmp_path / "sim.csv"
    assert "no child is behind them" in run("simulate", "--n", "400", "--out", out).stdout
    assert all(line.split(",")[2] == '"yes"' for line in out.read_text(encoding="utf-8").splitlines()[1:])
    page, released = tmp_path / "page.html", tmp_path / "released.csv"
    for arguments in (
        ("assign", out),
        ("assign", out, "--json"),
        ("quality", out),
        ("map", out),
        ("survival", out, "--by", "lineage", "--json"),
        ("survival", out),
        ("compare", out, "--json"),
        ("deidentify", out, "--out", released),
        ("survival", released),
    ):
        done = run(*arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
        assert "SIMULATED" in done.output, arguments
    assert run("report", out, "--out", page).exit_code == 0
    assert "SIMULATED" in page.read_text(encoding="utf-8")


def test_the_parquet_file_says_how_it_was_made(tmp_path: Path, knowledge: Knowledge) -> None:
    out = tmp_path / "sim.parquet"
    simulate_file(out, knowledge, rows=100, seed=9, missing=load_presets()["registry"])
    about = pq.read_schema(out).metadata
    assert about[b"reall.simulated"] == b"true"
    assert about[b"reall.seed"] == b"9"
    assert b"as thought" in about[b"reall.simulation_assumptions"]


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "sim.csv"
    out.write_text("mine", encoding="utf-8")
    done = run("simulate", "--n", "10", "--out", out)
    assert isinstance(done.exception, WrongUsage)
    assert out.read_text(encoding="utf-8") == "mine"


def test_the_knowledge_check_reads_the_model(tmp_path: Path, knowledge: Knowledge) -> None:
    for folder in ("simulation", "schema"):
        shutil.copytree(PACKAGED / folder, tmp_path / folder)
    model = tmp_path / "simulation" / "model.yaml"
    text = model.read_text(encoding="utf-8")
    for old, new, says in (
        ("", "", []),
        ("outcome: rheingold_2024_os5_infant", "outcome: nobody_2024", ["there is no published outcome 'nobody_2024'"]),
        ("source: cclg_2008_tianjin", "source: nobody_2024", ["no source 'nobody_2024'"]),
        ("places: {time: late,", "places: {time: latest,", ["there is no place 'latest' in the dimension 'time'"]),
    ):
        load_simulation.cache_clear()
        model.write_text(text.replace(old, new, 1), encoding="utf-8")
        assert [fault.what for fault in simulation_rows(tmp_path, knowledge)] == says
    load_simulation.cache_clear()


def test_shares_that_no_table_has_are_refused(knowledge: Knowledge) -> None:
    """Two sets of shares that contradict each other are not settled silently in favour of one."""
    model = load_simulation()
    rest = tuple(s for s in model.shares if not (s.of == "time" and "subtype" in s.within))
    wrong = dataclasses.replace(model.shares[0], of="time", within={"group": ("b",)}, values={"early": 1.0}, mean="")
    published = {row.id: row.estimate_pct / 100 for row in knowledge.outcomes if row.estimate_pct is not None}
    with pytest.raises(InvalidKnowledge, match="no joint table"):
        joint_table(dataclasses.replace(model, shares=(*rest, wrong)), published)
