"""All data-quality checks over synthetic rows, Parquet in, report out: `python -m benchmarks.registry_quality [ROWS]`.

Adds to the synthetic registry the columns that link rows: a child's pseudonym (three rows in two children) and dates.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.synthetic import ROWS_PER_BATCH, registry

from reall.cohort.quality.run import check_file
from reall.library.knowledge import open_knowledge

ROWS, SEED = 1_000_000, 7
_DAYS_PER_MONTH = 30.4375


def main(rows: int = ROWS) -> None:
    """Print rows per second and peak memory."""
    knowledge = open_knowledge()
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "registry.parquet"
        _write(table, rows)
        print(f"input: {rows:,} synthetic rows (seed {SEED}), {len(knowledge.quality)} checks")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        begun = time.perf_counter()
        report = check_file(table, knowledge)
        seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {rows / seconds:,.0f} rows/s  {seconds:.1f} s  peak {peak:.0f} MiB ({before:.0f} MiB before)")
    print(f"  {len(report.found)} checks found something")


def _write(path: Path, rows: int) -> None:
    rng = np.random.default_rng(SEED)
    writer = None
    for part, start in enumerate(range(0, rows, ROWS_PER_BATCH)):
        table = registry(min(ROWS_PER_BATCH, rows - start), SEED + part)
        children = np.char.add("child-", ((start + np.arange(table.num_rows)) * 2 // 3).astype(str))
        diagnosis = rng.integers(11_000, 18_000, table.num_rows)  # 2000 to 2019
        months = np.nan_to_num(table["months_from_diagnosis"].to_numpy(), nan=20.0)
        relapse = diagnosis + (months * _DAYS_PER_MONTH).round().astype(int)
        table = table.append_column("patient", pa.array(children))
        for name, days in (("diagnosis_date", diagnosis), ("relapse_date", relapse)):
            table = table.append_column(name, pa.array(days.astype(np.int32)).cast(pa.date32()))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
