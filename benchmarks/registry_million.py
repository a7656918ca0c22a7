"""Synthetic rows, a million or as many as asked for, through all systems, beside other engines on one system.

Run: python -m benchmarks.registry_million [ROWS ...]

The others get a head start: one table (ALL-REZ BFM S1-S4) instead of all, the site of relapse already worked out, and
unknown answers that end in no group. What they need to be installed stands in peers.md.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
ROWS, SEED = 1_000_000, 7
COMPILED_WITH = 1_000
ZEN_ROWS = 20_000
"""It answers row by row; its rate does not depend on how many there are."""
PEERS = Path(os.environ.get("REALL_PEERS_PYTHON", HERE.parent / ".venv-peers" / "bin" / "python"))


def main(sizes: Sequence[int] = (ROWS,)) -> None:
    """Print rows per second and peak memory of ReALL for each size, and of the others for the first."""
    OUT.mkdir(exist_ok=True)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"input: synthetic rows (seed {SEED}), 5 % of every answer missing; {len(sizes)} sizes, Parquet to Parquet")
    print("ReALL, all tables, set-valued (a first run compiles the kernels and is not counted):")
    _ours(COMPILED_WITH)
    rates = {rows: _measured(f"{rows:,} rows", rows, _ours_command(rows)) for rows in sizes}
    _beside_others(sizes[0], rates[sizes[0]])


def _ours_command(rows: int) -> list[str]:
    _run(_python("synthesise", _registry(rows), str(rows)))
    return _python("assign", _registry(rows), _assigned(rows))


def _ours(rows: int) -> None:
    _run(_ours_command(rows))


def _registry(rows: int) -> Path:
    return OUT / f"registry_{rows}.parquet"


def _assigned(rows: int) -> Path:
    return OUT / f"assigned_{rows}.parquet"


def _beside_others(rows: int, ours: float) -> None:
    one = OUT / "one_system.parquet"
    _run(_python("prepare", _assigned(rows), one))
    print(f"one table (S1-S4), {rows:,} rows, site of relapse given, unknown ends in no group:")
    plain = _measured("DuckDB, plain CASE", rows, _python("duckdb", one, OUT / "duckdb.parquet"))
    print(f"  ratio of the plain CASE for one table to ReALL for all of them: {plain / ours:.1f}")
    if not PEERS.exists():
        print(f"  OpenFisca-core and zen-engine: not installed ({PEERS.name} of .venv-peers; see benchmarks/peers.md)")
        return
    for name, script, count in (("OpenFisca-core", "openfisca_s", rows), ("zen-engine", "zen_s", min(ZEN_ROWS, rows))):
        rate = _measured(name, count, [str(PEERS), str(HERE / "peers" / f"{script}.py"), str(one), str(count)])
        print(f"  ReALL (all tables) to {name} (one table): {ours / rate:.1f}")


def _python(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.registry_million", *map(str, arguments)]


def _run(command: list[str]) -> dict[str, float]:
    """Run a step. It prints its own seconds, start-up left out, those of the processors, and its peak memory in MiB."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _measured(name: str, rows: int, command: list[str]) -> float:
    figures = _run(command)
    rate = rows / figures["seconds"]
    seconds = f"{figures['seconds']:6.2f} s"
    if "processor" in figures:
        seconds += f" ({figures['processor']:.2f} s of processors)"
    print(f"  {name:20} {rate:12,.0f} rows/s  {seconds}  peak {figures['peak_mib']:5.0f} MiB", flush=True)
    return rate


def _synthesise(target: Path, rows: Path) -> None:
    from benchmarks.synthetic import write_registry  # noqa: PLC0415 - each step is a process of its own

    _timed(lambda: write_registry(target, int(str(rows)), SEED))


def _assign(source: Path, target: Path) -> None:
    from reall.cohort.run import assign_file  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    knowledge = open_knowledge()
    _timed(lambda: assign_file(source, knowledge, out=target))


def _prepare(source: Path, target: Path) -> None:
    import duckdb  # noqa: PLC0415

    columns = "relapse_number, lineage, months_from_diagnosis, months_after_end_of_primary_therapy"
    query = f"""SELECT {columns}, "site_class.value" AS site_class FROM '{source}'"""
    _timed(lambda: duckdb.sql(f"COPY ({query}) TO '{target}' (FORMAT parquet)"))


CASE = """
CASE WHEN relapse_number <> 1 THEN NULL
     WHEN site_class = 'isolated_em' AND time = 'late' THEN 'S1'
     WHEN site_class = 'isolated_em' AND time IN ('very_early', 'early') THEN 'S2'
     WHEN lineage = 'B' AND site_class = 'combined' AND time IN ('early', 'late') THEN 'S2'
     WHEN lineage = 'B' AND site_class = 'isolated_marrow' AND time = 'late' THEN 'S2'
     WHEN lineage = 'B' AND site_class = 'isolated_marrow' AND time = 'early' THEN 'S3'
     WHEN lineage = 'B' AND site_class IN ('isolated_marrow', 'combined') AND time = 'very_early' THEN 'S4'
     WHEN lineage = 'T' AND site_class IN ('isolated_marrow', 'combined') THEN 'S4' END"""
TIME = """
CASE WHEN months_from_diagnosis < 18 THEN 'very_early'
     WHEN months_from_diagnosis >= 18 AND months_after_end_of_primary_therapy < 6 THEN 'early'
     WHEN months_from_diagnosis >= 18 AND months_after_end_of_primary_therapy >= 6 THEN 'late' END"""


def _duckdb(source: Path, target: Path) -> None:
    import duckdb  # noqa: PLC0415

    query = f"SELECT *, {CASE} AS all_rez_bfm_s FROM (SELECT *, {TIME} AS time FROM '{source}')"
    _timed(lambda: duckdb.sql(f"COPY ({query}) TO '{target}' (FORMAT parquet)"))


def _timed(work: object) -> None:
    import resource  # noqa: PLC0415

    begun, used = time.perf_counter(), time.process_time()
    work()  # type: ignore[operator]
    figures = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - used}
    print(json.dumps(figures | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    step = sys.argv[1] if len(sys.argv) > 1 else ""
    steps = {"synthesise": _synthesise, "assign": _assign, "prepare": _prepare, "duckdb": _duckdb}
    if step in steps:
        steps[step](Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main([int(size) for size in sys.argv[1:]] or [ROWS])
