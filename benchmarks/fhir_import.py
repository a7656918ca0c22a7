"""How fast FHIR records are read, and in how much memory: one Bundle, bulk exports that differ ten times in size, a
Bundle of 50 MB, and one with 100,000 entries.

Run: python -m benchmarks.fhir_import [PATIENTS]
Every measurement runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "fhir"))  # the records are those of the tests
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from fhir_records import MCODE, bundle, child, observation, quantity

from reall.api.convert import record, records
from reall.library.fhir import codes_of
from reall.library.knowledge import open_knowledge

PATIENTS = 10_000
CELLS = observation("26465-5", quantity(80, "/uL"))


def main(patients: int) -> None:
    """Print every figure with its input."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    codes_of(open_knowledge())
    with tempfile.TemporaryDirectory() as folder:
        _told(f"a start that reads nothing: {_apart(_nothing)}")
        example = MCODE / "example-all-brian-l"
        resources = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(example.glob("*.json"))]
        if resources:
            _told(f"mCODE's Brian L., {len(resources)} resources: {_apart(_bundle, bundle(*resources))}")
        else:
            _told(f"the mCODE example is not at {example}; a record written here is repeated instead")
            resources = child(CELLS)
        for count in (patients // 10, patients):
            path = Path(folder) / f"{count}.ndjson"
            lines = _export(resources, count, path)
            size = path.stat().st_size / 1e6
            _told(f"bulk export, {count:,} patients, {lines:,} lines, {size:.0f} MB: {_apart(_bulk, path)}")
        filler = {
            "resourceType": "DocumentReference",
            "subject": {"reference": "Patient/p"},
            "description": "x" * 10**6,
        }
        large = bundle(*child(CELLS), *({**filler, "id": f"d{at}"} for at in range(50)))
        _told(f"Bundle of 50 MB, 50 long documents: {_apart(_bundle, large)}")
        small = bundle(
            *child(CELLS), *({**CELLS, "id": f"o{at}", "effectiveDateTime": "2018-01-01"} for at in range(100_000))
        )
        _told(f"Bundle of 100,000 entries, {len(json.dumps(small)) / 1e6:.0f} MB: {_apart(_bundle, small)}")


def _export(resources: list[dict[str, Any]], count: int, path: Path) -> int:
    """Write an export in which the patients are mixed: kind by kind, as record systems write it."""
    with path.open("w", encoding="utf-8") as stream:
        for one in resources:
            text = json.dumps(one)
            for at in range(count):
                stream.write(text.replace("brian-l", f"n-{at}").replace("Patient/p", f"Patient/p{at}") + "\n")
    return count * len(resources)


def _apart(work: Callable[..., str], *arguments: Any) -> str:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, *arguments))


def _measured(work: Callable[..., str], *arguments: Any) -> str:
    codes_of(open_knowledge())
    told = work(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{told}, peak memory {peak:.0f} MB"


def _nothing() -> str:
    return "nothing done"


def _bundle(data: dict[str, Any]) -> str:
    content = json.dumps(data).encode()
    del data
    record(content)
    times = []
    for _ in range(3 if len(content) > 10**6 else 50):
        started = time.perf_counter()
        record(content)
        times.append(time.perf_counter() - started)
    return f"{min(times) * 1e3:.1f} ms at best, {sorted(times)[len(times) // 2] * 1e3:.1f} ms in the middle"


def _bulk(path: Path) -> str:
    started = time.perf_counter()
    patients = sum(1 for _ in records([path]))
    seconds = time.perf_counter() - started
    return f"{seconds:.1f} s, {patients / seconds:.0f} patients/s"


def _told(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS)
