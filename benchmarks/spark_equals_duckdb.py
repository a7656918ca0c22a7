"""The same registry on Spark and on DuckDB: are the answers identical, row for row, and what does each take?

Run: python -m benchmarks.spark_equals_duckdb [ROWS]

Both read one folder of Parquet files and write Parquet with all answers; every column of every row is compared.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
ROWS, FILES, SEED = 1_000_000, 4, 21


def main(rows: int = ROWS) -> None:
    """Print seconds of both, and how many columns differ."""
    from reall.cohort.run import assign_file  # noqa: PLC0415 - the file is importable without the program
    from reall.cohort.spark import assign_spark, session  # noqa: PLC0415
    from reall.exchange.addresses import Address  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    folder, spark_out, duckdb_out = OUT / "parts", OUT / "by_spark", OUT / "by_duckdb.parquet"
    for old in (folder, spark_out):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)
    _synthesise(folder, rows)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {rows:,} rows")
    knowledge, table = open_knowledge(), Address(str(folder))
    begun = time.perf_counter()
    assign_file(table, knowledge, out=duckdb_out)
    print(f"  DuckDB, one process:  {time.perf_counter() - begun:7.1f} s", flush=True)
    session("local[2]").sparkContext.setLogLevel("ERROR")
    begun = time.perf_counter()
    assign_spark(table, knowledge, out=spark_out, master="local[2]")
    print(f"  Spark local[2]:       {time.perf_counter() - begun:7.1f} s, its start left out", flush=True)
    compared, different = _different(duckdb_out, spark_out)
    print(f"  {compared} columns of {rows:,} rows compared, {len(different)} differ {' '.join(different)}")


def _synthesise(folder: Path, rows: int) -> None:
    from benchmarks.synthetic import write_registry  # noqa: PLC0415

    for number in range(FILES):
        write_registry(folder / f"part-{number}.parquet", rows // FILES, SEED + number)


def _different(duckdb_out: Path, spark_out: Path) -> tuple[int, list[str]]:
    """Compare column by column, so that memory stays at one column; Spark's rows are put in order first."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    parts = sorted(spark_out.glob("*.parquet"))
    place = pa.concat_tables([pq.read_table(part, columns=["reall.file", "reall.row"]) for part in parts])
    place = place.set_column(0, "reall.file", place["reall.file"].cast(pa.string()))
    order = pc.sort_indices(place, sort_keys=[("reall.file", "ascending"), ("reall.row", "ascending")])
    names = pq.read_schema(duckdb_out).names
    different = []
    for name in names:
        mine = pq.read_table(duckdb_out, columns=[name])[name]
        theirs = pa.chunked_array([c for p in parts for c in _plain(pq.read_table(p, columns=[name])[name]).chunks])
        if _plain(mine).combine_chunks() != theirs.take(order).combine_chunks():
            different.append(name)
    return len(names), different


def _plain(column: object) -> object:
    import pyarrow as pa  # noqa: PLC0415

    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
