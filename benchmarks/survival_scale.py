"""Survival by stratum of an assigned registry, at 10^4 to 10^7 rows, beside lifelines and R survival at 10^6.

Run: python -m benchmarks.survival_scale [ROWS …]

The table is synthetic: four groups with their own exponential death rates, whole days, 3 % undetermined. lifelines and
R are handed columns in memory; ReALL reads Parquet. Each step is a process of its own, so that memory is its own.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE / "out"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PEERS_AT = 1_000_000
SEED = 11
BATCH = 500_000


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print seconds and peak memory of each."""
    OUT.mkdir(exist_ok=True)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"input: synthetic (seed {SEED}), 5 strata, whole days; Parquet with the answers of one system")
    for rows in sizes:
        path = OUT / f"assigned_{rows}.parquet"
        if not path.exists():
            _run("synthesise", path, rows)
        ours = _run("reall", path)
        print(f"  ReALL, {rows:>10,} rows: {_words(ours)}; 5-year S1 {ours['s1']:.6f}", flush=True)
        if rows == PEERS_AT:
            for name in ("lifelines", "r"):
                if name == "r" and not shutil.which("Rscript"):
                    print("  R survival: Rscript is not installed")
                    continue
                theirs = _run(name, path)
                ratio = theirs["seconds"] / ours["seconds"]
                print(f"  {name:9} {rows:>10,} rows: {_words(theirs)}; 5-year S1 {theirs['s1']:.6f}; ratio {ratio:.1f}")


def _words(figures: dict[str, float]) -> str:
    return f"{figures['seconds']:.2f} s, peak {figures['peak_mib']:.0f} MiB"


def _run(step: str, path: Path, *more: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.survival_scale", step, str(path), *map(str, more)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _synthesise(path: Path, rows: int) -> float:
    import numpy as np  # noqa: PLC0415 - each step is a process of its own
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    rng = np.random.default_rng(SEED)
    values, rates = np.array(["S1", "S2", "S3", "S4", None]), np.array([0.05, 0.15, 0.2, 0.45, 0.2])
    writer = None
    for start in range(0, rows, BATCH):
        n = min(BATCH, rows - start)
        group = rng.choice(5, n, p=[0.06, 0.52, 0.15, 0.24, 0.03])
        death = rng.exponential(1 / rates[group]) * 365.25
        seen = rng.uniform(0.5, 12, n) * 365.25
        columns = {
            "relapse_number": pa.array(np.ones(n, dtype=np.int8)),
            "all_rez_bfm_s.status": pa.array(np.where(group == 4, "undetermined", "determined")).dictionary_encode(),
            "all_rez_bfm_s.value": pa.array(values[group]).dictionary_encode(),
            "all_rez_bfm_s.possible": pa.array(np.where(group == 4, "S2|S4", "")).dictionary_encode(),
            "overall_survival_days": pa.array(np.floor(np.minimum(death, seen)).astype(np.int32)),
            "death": pa.array(death <= seen),
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    return 0.0


def _reall(path: Path) -> float:
    from reall.cohort.survival.reading import Opening, Table  # noqa: PLC0415
    from reall.cohort.survival.run import Question, survival  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415

    found, _ = survival(Table(path, open_knowledge(), Opening()), Question(by=("all_rez_bfm_s",)))
    return found.strata[0].estimates[-1].value or 0.0


def _lifelines(path: Path) -> float:
    import lifelines  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415
    from lifelines.statistics import multivariate_logrank_test  # noqa: PLC0415

    frame = pq.read_table(path).to_pandas()
    groups = frame["all_rez_bfm_s.value"].astype(object).fillna("undetermined")
    found = 0.0
    for name, part in frame.groupby(groups):
        fitted = lifelines.KaplanMeierFitter().fit(part["overall_survival_days"], part["death"])
        found = float(fitted.predict(5 * 365.25)) if name == "S1" else found
    known = groups != "undetermined"
    multivariate_logrank_test(frame["overall_survival_days"][known], groups[known], frame["death"][known])
    return found


R = """
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1])
fit <- survfit(Surv(days, death) ~ g, d, conf.type = "log-log")
test <- survdiff(Surv(days, death) ~ g, d[d$g != "undetermined", ])
cat(summary(fit, times = 5 * 365.25)$surv[1], gc()[2, 6], "\\n")
"""


def _r(path: Path) -> float:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415
    import pyarrow.csv as pa_csv  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(path)
    plain = pa.table(
        {
            "g": pc.fill_null(table["all_rez_bfm_s.value"].combine_chunks().dictionary_decode(), "undetermined"),
            "days": table["overall_survival_days"],
            "death": table["death"].cast(pa.int8()),
        }
    )
    pa_csv.write_csv(plain, OUT / "for_r.csv")
    begun = time.perf_counter()
    done = subprocess.run(["Rscript", "-e", R, str(OUT / "for_r.csv")], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    share, peak = map(float, done.stdout.split())
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "s1": share}))
    sys.exit(0)


def _timed(step: str, arguments: list[str]) -> None:
    import resource  # noqa: PLC0415

    steps = {"synthesise": _synthesise, "reall": _reall, "lifelines": _lifelines, "r": _r}
    begun = time.perf_counter()
    share = steps[step](Path(arguments[0]), *map(int, arguments[1:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mib": peak, "s1": share}))


if __name__ == "__main__":
    if len(sys.argv) > 2 and not sys.argv[1].isdigit():
        _timed(sys.argv[1], sys.argv[2:])
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
