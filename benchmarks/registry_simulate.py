"""A million simulated rows, and their de-identified copy: rows per second and peak memory.

Run: python -m benchmarks.registry_simulate [ROWS]
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS, SEED = 1_000_000, 1


def main(rows: int = ROWS) -> None:
    """Print both steps, each in a process of its own."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"input: seed {SEED}, missing as in a registry, Parquet")
    with tempfile.TemporaryDirectory() as folder:
        table, free = Path(folder) / "simulated.parquet", Path(folder) / "free.parquet"
        for name, step, path, count in (
            ("simulate", "simulate", table, rows // 10),
            ("simulate", "simulate", table, rows),
            ("deidentify", str(table), free, rows),
        ):
            command = [sys.executable, "-m", "benchmarks.registry_simulate", step, str(path), str(count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures = json.loads(done.stdout.strip().splitlines()[-1])
            seconds = figures["seconds"]
            rate = f"{count / seconds:12,.0f} rows/s {seconds:7.2f} s"
            print(f"{name:10} {count:12,} rows {rate} {figures['mib']:6.0f} MiB")


def _step(what: str, out: Path, rows: int) -> None:
    from reall.cohort.deidentify.release import deidentify_file  # noqa: PLC0415 - each step is a process of its own
    from reall.cohort.simulate.run import simulate_file  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.library.simulation import load_presets  # noqa: PLC0415

    knowledge = open_knowledge()
    begun = time.perf_counter()
    if what == "simulate":
        simulate_file(out, knowledge, rows=rows, seed=SEED, missing=load_presets()["registry"])
    else:
        deidentify_file(Path(what), knowledge, out)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _step(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
