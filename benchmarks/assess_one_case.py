"""How long one child takes: warm (an open program) and cold (a new process).

Run: python -m benchmarks.assess_one_case
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge
from reall.report.terminal import summary
from reall.report.to_json import assessment_json, dumps
from reall.stratify.assess import assess

CASES = sorted((Path(__file__).parents[1] / "examples" / "cases").iterdir())
COLD_RUNS, WARM_ROUNDS = 15, 30
COMMAND = "from reall.cli.main import main; main()"


def main() -> None:
    """Print every figure with its input."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    knowledge = open_knowledge()
    read = [
        read_case(read_document(f.read_bytes(), name=f.name, error=UnusableCase), knowledge.vocabulary) for f in CASES
    ]
    done = [assess(case, knowledge) for case in read]
    print(f"warm, {len(read)} example cases, all systems with explanation; median (range over the cases) of one case:")
    _warm("assess", [lambda case=case: assess(case, knowledge) for case in read])
    _warm("JSON", [lambda each=each: dumps(assessment_json(each)) for each in done])
    _warm("screen", [lambda each=each: summary(each) for each in done])
    print(f"cold, a new process with the knowledge in the cache; median (fastest) of {COLD_RUNS}:")
    empty = _cold("python, doing nothing", ["-c", "pass"])
    shown = _cold("reall --help", ["-c", COMMAND, "--help"])
    one = _cold(f"reall assess {CASES[0].name}", ["-c", COMMAND, "assess", str(CASES[0])])
    print(f"  ratio to an empty process: --help {shown / empty:.1f}, assess {one / empty:.1f}")


def _warm(name: str, jobs: Sequence[Callable[[], object]]) -> None:
    seconds = []
    for job in jobs:
        begun = time.perf_counter()
        for _ in range(WARM_ROUNDS):
            job()
        seconds.append((time.perf_counter() - begun) / WARM_ROUNDS)
    low, high = min(seconds) * 1e3, max(seconds) * 1e3
    print(f"  {name:8} {statistics.median(seconds) * 1e3:6.2f} ms ({low:.2f} to {high:.2f})")


def _cold(name: str, arguments: Sequence[str]) -> float:
    seconds = []
    for _ in range(COLD_RUNS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begun)
    print(f"  {name:45} {statistics.median(seconds) * 1e3:4.0f} ms ({min(seconds) * 1e3:.0f})")
    return min(seconds)


if __name__ == "__main__":
    main()
