"""Spark and one machine give the same answers, row for row. One session for all tests: starting Java takes long."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from benchmarks.synthetic import write_registry

from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.run import assign_file
from reall.cohort.spark import FILE, ROW, assign_spark, session
from reall.exchange.addresses import Address
from reall.library.knowledge import Knowledge, open_knowledge

MASTER = "local[2]"
ROWS = 10_000
ASSUMED = "prior_allo_hsct = no"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    """Open the knowledge."""
    return open_knowledge()


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[Any]:
    """Start Spark once, or skip."""
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    if shutil.which("java") is None:
        pytest.skip("no Java is installed (Debian: default-jre-headless), so that Spark cannot start")
    running = session(MASTER)
    running.sparkContext.setLogLevel("ERROR")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two Parquet files, each with a row that cannot be used."""
    folder = tmp_path_factory.mktemp("registry")
    for number in range(2):
        file = folder / f"centre-{number}.parquet"
        write_registry(file, ROWS, number)
        table = pq.read_table(file)
        at = table.column_names.index("months_from_diagnosis")
        values = table["months_from_diagnosis"].to_pylist()
        values[number * 100 + 6] = -3.0
        pq.write_table(table.set_column(at, "months_from_diagnosis", pa.array(values, pa.float64())), file)
    return folder


def _in_order(parts: Path) -> pa.Table:
    """Read what Spark wrote, in the order of the files that it read."""
    table = pa.concat_tables([pq.read_table(part) for part in sorted(parts.glob("*.parquet"))])
    place = pa.table({"file": table[FILE].cast(pa.string()), "row": table[ROW]})
    return table.take(pc.sort_indices(place, sort_keys=[("file", "ascending"), ("row", "ascending")]))


def test_spark_answers_every_row_as_one_machine_does(registry: Path, tmp_path: Path, knowledge: Knowledge) -> None:
    told = assign_spark(Address(str(registry)), knowledge, out=tmp_path / "spark", master=MASTER, assume=[ASSUMED])
    alone = [
        assign_file(file, knowledge, out=tmp_path / file.name, assume=[ASSUMED]) for file in sorted(registry.iterdir())
    ]
    wanted = pa.concat_tables([pq.read_table(tmp_path / file.name) for file in sorted(registry.iterdir())])
    got = _in_order(tmp_path / "spark")
    different = [name for name in wanted.column_names if got[name].to_pylist() != wanted[name].to_pylist()]
    assert different == []
    assert (told.rows, told.unusable) == (2 * ROWS, 2)
    for id_, counts in told.counts.items():
        assert counts == {
            value: n
            for value in {*alone[0].counts[id_], *alone[1].counts[id_]}
            if (n := sum(a.counts[id_].get(value, 0) for a in alone))
        }
    assert told.assumptions == {ASSUMED: sum(a.assumptions[ASSUMED] for a in alone)}


def test_a_row_that_cannot_be_used_is_named_by_its_file_and_its_number_there(
    registry: Path, tmp_path: Path, knowledge: Knowledge
) -> None:
    told = assign_spark(Address(str(registry)), knowledge, out=tmp_path / "out", master=MASTER)
    assert [(p.row, p.column) for p in told.first_problems] == [
        (7, "months_from_diagnosis"),
        (107, "months_from_diagnosis"),
    ]
    assert told.problem_file is not None
    listed = "".join(file.read_text() for file in sorted(told.problem_file.iterdir()))
    assert "centre-0.parquet,7,months_from_diagnosis" in listed
    assert "centre-1.parquet,107,months_from_diagnosis" in listed


def test_files_of_one_name_in_two_folders_stay_apart(tmp_path: Path, knowledge: Knowledge) -> None:
    for name, lineage in (("a b", "B"), ("c", "T")):
        (tmp_path / "in" / name).mkdir(parents=True)
        pq.write_table(pa.table({"lineage": [lineage]}), tmp_path / "in" / name / "part-0.parquet")
    assign_spark(Address(str(tmp_path / "in")), knowledge, out=tmp_path / "out", master=MASTER)
    got = _in_order(tmp_path / "out")
    assert dict(zip(got[FILE].to_pylist(), got["lineage"].to_pylist(), strict=True)) == {
        "a b/part-0.parquet": "B",
        "c/part-0.parquet": "T",
    }


def test_spark_refuses_before_it_starts_any_task(registry: Path, tmp_path: Path, knowledge: Knowledge) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(WrongUsage, match="exists already"):
        assign_spark(Address(str(registry)), knowledge, out=tmp_path / "there", master=MASTER)
    with pytest.raises(WrongUsage, match="Parquet and Delta"):
        assign_spark(Path("registry.csv"), knowledge, out=tmp_path / "out", master=MASTER)
    (tmp_path / "misspelled").mkdir()
    pq.write_table(pa.table({"linage": ["B"]}), tmp_path / "misspelled" / "a.parquet")
    with pytest.raises(UnusableCase, match="'linage' is not known"):
        assign_spark(Address(str(tmp_path / "misspelled")), knowledge, out=tmp_path / "out", master=MASTER)
    assert not (tmp_path / "out").exists()
