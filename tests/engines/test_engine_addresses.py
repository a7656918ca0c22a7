"""Tables that are no single file: each kind of address gives the same rows as the file they were written from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pg8000.dbapi
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from object_store import object_store
from postgresql_server import Server, programs

from reall.base.errors import ReallError, UnusableCase, WrongUsage
from reall.exchange.addresses import is_address, open_address, parquet_files, shown

ROWS = pa.table(
    {
        "case": ["a", "b", "c", "d"],
        "lineage": ["B", "T", None, "B"],
        "months_from_diagnosis": [17.999, 18.0, float("nan"), None],
    }
)
"""Just before 18 months, exactly 18, not a number, unknown."""
READ = {**ROWS.to_pydict(), "months_from_diagnosis": [17.999, 18.0, None, None]}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Start a PostgreSQL server, or skip."""
    at = programs()
    if at is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    running = Server(at)
    yield running
    running.stop()


def _rows(address: str) -> dict[str, list[object]]:
    source = open_address(address)
    batches = list(source.batches)
    assert [batch.first_row for batch in batches] == [
        1 + sum(b.rows.num_rows for b in batches[:i]) for i in range(len(batches))
    ]
    return pa.Table.from_batches([batch.rows for batch in batches]).to_pydict()


def _halves(folder: Path) -> Path:
    folder.mkdir()
    pq.write_table(ROWS.slice(0, 2), folder / "part-0.parquet")
    pq.write_table(ROWS.slice(2), folder / "part-1.parquet")
    return folder


def test_a_folder_and_a_pattern_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = _halves(tmp_path / "parts")
    assert _rows(str(folder)) == READ
    assert _rows(str(folder / "*.parquet")) == READ


def test_files_with_different_columns_are_refused_by_name(tmp_path: Path) -> None:
    folder = _halves(tmp_path / "parts")
    pq.write_table(ROWS.drop_columns(["lineage"]), folder / "part-2.parquet")
    with pytest.raises(UnusableCase, match=r"part-2.parquet: the columns are not those of part-0.parquet: lineage"):
        open_address(str(folder))


def test_a_table_in_a_duckdb_file(tmp_path: Path) -> None:
    file = tmp_path / "registry.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("given", ROWS)
        connection.execute("CREATE SCHEMA study; CREATE TABLE study.relapses AS SELECT * FROM given")
    assert _rows(f"{file}#study.relapses") == READ
    with pytest.raises(UnusableCase, match="nothing"):
        open_address(f"{file}#study.nothing")
    with pytest.raises(WrongUsage, match="names no table"):
        open_address(str(file))


def test_exact_decimals_become_numbers(tmp_path: Path) -> None:
    file = tmp_path / "registry.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 18.000::DECIMAL(6, 3) AS months_from_diagnosis")
    assert _rows(f"{file}#t") == {"months_from_diagnosis": [18.0]}


def test_an_object_store_is_read_by_key_and_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bucket").mkdir()
    _halves(tmp_path / "bucket" / "registry")
    with object_store(tmp_path) as endpoint:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        assert _rows("s3://bucket/registry") == READ
        assert _rows("s3://bucket/registry/part-0.parquet") == {name: column[:2] for name, column in READ.items()}
        with pytest.raises(UnusableCase, match="no Parquet file"):
            open_address("s3://bucket/nowhere")


def test_a_delta_table_is_read_as_of_its_last_version(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake", reason="deltalake is not installed")
    folder = str(tmp_path / "delta")
    deltalake.write_deltalake(folder, ROWS.slice(0, 1))
    deltalake.write_deltalake(folder, ROWS, mode="overwrite")
    assert len(parquet_files(folder)) == 1
    assert _rows(folder) == READ


def test_a_delta_table_that_is_more_than_its_files_is_refused(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake", reason="deltalake is not installed")
    folder = str(tmp_path / "delta")
    deltalake.write_deltalake(folder, ROWS.slice(0, 2), partition_by=["lineage"])
    with pytest.raises(UnusableCase, match="outside its data files"):
        parquet_files(folder)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://host/table.parquet", "cannot be read"),
        ("postgresql://me:secret@127.0.0.1:1/registry", "names no table"),
        ("postgresql://me:secret@127.0.0.1:1/registry#relapses", "cannot be read"),
        ("nowhere/*.parquet", "no Parquet file"),
    ],
)
def test_an_address_that_cannot_be_read_is_named_without_its_password(address: str, words: str) -> None:
    with pytest.raises(ReallError, match=words) as caught:
        open_address(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("registry.csv", False), ("missing.parquet", False), ("s3://b/k", True), ("a/*.parquet", True), (".", True)],
)
def test_what_counts_as_an_address(name: str, is_one: bool) -> None:
    assert is_address(name) is is_one


def test_an_address_is_shown_without_its_secrets() -> None:
    assert (
        shown("postgresql://me:secret@db.example:5432/registry?sslmode=require#t")
        == "postgresql://db.example:5432/registry#t"
    )


def test_a_table_on_a_postgresql_server(server: Server) -> None:
    connection = pg8000.dbapi.connect(user="reall", host="127.0.0.1", port=server.port, database="postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        'CREATE SCHEMA study; CREATE TABLE study.relapses ("case" text, lineage text, months_from_diagnosis float8)'
    )
    for row in zip(*ROWS.to_pydict().values(), strict=True):
        cursor.execute("INSERT INTO study.relapses VALUES (%s, %s, %s)", row)
    cursor.execute(
        "CREATE TABLE study.exact AS SELECT 18.000::numeric AS months_from_diagnosis, DATE '2019-07-10' AS relapse_date"
    )
    connection.close()
    address = f"postgresql://reall@127.0.0.1:{server.port}/postgres"
    assert _rows(f"{address}#study.relapses") == READ
    exact = _rows(f"{address}#study.exact")
    assert [float(str(value)) for value in exact["months_from_diagnosis"]] == [18.0]
    assert exact["relapse_date"] == [dt.date(2019, 7, 10)]
    with pytest.raises(UnusableCase, match="nothing"):
        open_address(f"{address}#nothing")
