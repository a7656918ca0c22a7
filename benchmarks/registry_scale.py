"""A registry from its facts to survival by stratum, at 10^4 to 10^7 rows: every system assigned, then Kaplan-Meier.

Run: python -m benchmarks.registry_scale [ROWS …]

Synthetic rows with 5 % of every answer missing (benchmarks.synthetic) and an invented survival that serves as load.
Each step is a process of its own, so that memory is its own. lifelines alone on the same curves: survival_scale.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SEED = 7
STRATA = "all_rez_bfm_s"


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print seconds, rows per second and peak memory of each step and size."""
    OUT.mkdir(exist_ok=True)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    before: float | None = None
    for rows in sizes:
        source, assigned = OUT / f"scale_{rows}.parquet", OUT / f"scale_{rows}_assigned.parquet"
        if not source.exists():
            _run("synthesise", source, rows)
        first, second = _run("assign", source, assigned), _run("survival", assigned)
        both = first["seconds"] + second["seconds"]
        growth = f", {both / before:.1f} times the size before" if before else ""
        rate = f"{rows / first['seconds']:,.0f} rows/s"
        print(f"  {rows:>10,} rows: assign {_words(first)}, {rate}; survival {_words(second)}{growth}", flush=True)
        before = both
        assigned.unlink()


def _words(figures: dict[str, float]) -> str:
    return f"{figures['seconds']:.1f} s, peak {figures['peak_mib']:.0f} MiB"


def _run(step: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.registry_scale", step, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _synthesise(path: Path, rows: int) -> None:
    import numpy as np  # noqa: PLC0415 - each step is a process of its own
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415
    from benchmarks.synthetic import write_registry  # noqa: PLC0415

    bare = path.with_suffix(".bare")
    write_registry(bare, rows, SEED)
    rng = np.random.default_rng(SEED)
    writer = None
    for batch in pq.ParquetFile(bare).iter_batches(batch_size=200_000):
        death = rng.exponential(4 * 365.25, batch.num_rows)
        seen = rng.uniform(0.5, 12, batch.num_rows) * 365.25
        days = pa.array(np.floor(np.minimum(death, seen)).astype(np.int32))
        table = pa.Table.from_batches([batch])
        table = table.append_column("overall_survival_days", days).append_column("death", pa.array(death <= seen))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    bare.unlink()


def _assign(source: Path, target: Path) -> None:
    from reall.cohort.run import assign_file  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    knowledge = open_knowledge()
    _timed(lambda: assign_file(source, knowledge, out=target))


def _survival(assigned: Path) -> None:
    from reall.cohort.survival.reading import Opening, Table  # noqa: PLC0415
    from reall.cohort.survival.run import Question, survival  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    knowledge = open_knowledge()
    _timed(lambda: survival(Table(assigned, knowledge, Opening()), Question(by=(STRATA,))))


def _timed(work: object) -> None:
    import resource  # noqa: PLC0415

    begun = time.perf_counter()
    work()  # type: ignore[operator]
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["synthesise", target, count]:
            _timed(lambda: _synthesise(Path(target), int(count)))
        case ["assign", source, target]:
            _assign(Path(source), Path(target))
        case ["survival", source]:
            _survival(Path(source))
        case sizes:
            main(tuple(int(size) for size in sizes) or SIZES)
