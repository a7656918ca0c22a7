"""Look for bytes that bring a reader down, guided by coverage (atheris), one reader after another.

Run: python -m benchmarks.fuzz [seconds per reader] [reader …]

A find is written to fuzz-finds/ in the working folder; add it to the seeds or damages of tests/fuzz when it is mended.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests" / "fuzz"
sys.path.insert(0, str(TESTS))
FINDS = Path("fuzz-finds")


def main() -> int:
    """Run every reader in a process of its own, and print executions and finds."""
    from fuzz_harnesses import HARNESSES  # noqa: PLC0415 - lies with the tests

    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    names = sys.argv[2:] or list(HARNESSES)
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores; {seconds} s per reader")
    FINDS.mkdir(exist_ok=True)
    failed = [name for name in names if not _run(name, seconds, HARNESSES[name].seeds)]
    print(f"finds: {', '.join(failed)}, see {FINDS}/" if failed else "no find")
    return len(failed)


def _run(name: str, seconds: int, seeds: tuple[bytes, ...]) -> bool:
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        words = [
            sys.executable, "-m", "benchmarks.fuzz", "--reader", name, corpus, f"-max_total_time={seconds}",
            f"-artifact_prefix={FINDS}/{name}-", "-timeout=20", "-rss_limit_mb=4000", "-print_final_stats=1",
        ]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, check=False, errors="replace")
    count = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    print(
        f"  {name:14} {count[1] if count else '?':>9} executions{'' if done.returncode == 0 else '  FIND'}", flush=True
    )
    if done.returncode:
        (FINDS / f"{name}.txt").write_text(done.stdout + done.stderr[-20_000:], encoding="utf-8")
    return done.returncode == 0


def _guided() -> None:
    """Be the process of one reader: only ReALL's own modules are watched."""
    import atheris  # noqa: PLC0415 - before anything that is to be watched

    name = sys.argv[2]
    with atheris.instrument_imports(include=["reall"]):
        from fuzz_harnesses import HARNESSES, fault_of  # noqa: PLC0415

    def one(content: bytes) -> None:
        fault = fault_of(HARNESSES[name], content)
        if fault is not None:
            raise fault

    atheris.Setup([sys.argv[0], *sys.argv[3:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reader"]:
        _guided()
    sys.exit(main())
