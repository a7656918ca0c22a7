"""What the store keeps and how fast: durable commits, verification of the log, backup, and 200 kills of a writer.

Run: python -m benchmarks.store_durability [KILLS]
The files lie in benchmarks/out, because a folder in memory would make every commit look cheap.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text

from reall.service.store import audit
from reall.service.store.engine import open_engine, store_url, writing
from reall.service.store.records import Action
from reall.service.store.store import open_store

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "store"))  # the writer that is killed is the one of the tests

from store_examples import case_file  # noqa: E402
from store_kills import Killer, lost  # noqa: E402
from store_server import Server, programs  # noqa: E402

COMMITS, ENTRIES, KILLS = 1_000, 20_000, 200


def main(kills: int) -> None:
    """Print every figure with its input."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"SQLite {sqlite3.sqlite_version}")  # fmt: skip
    (HERE / "out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HERE / "out") as folder:
        place = Path(folder)
        bare = _bare_sqlite(place / "bare.sqlite")
        _commits("SQLite", str(place / "commits.sqlite"), bare, "sqlite3 alone")
        _verify(str(place / "log.sqlite"))
        _kills("SQLite", str(place / "kills.sqlite"), kills)
        at = programs()
        if at is None:
            print("PostgreSQL: not installed, not measured")
            return
        server = Server(at)
        try:
            _commits("PostgreSQL", server.new_place(), _bare_postgresql(server.new_place()), "INSERT alone")
            _kills("PostgreSQL", server.new_place(), kills)
        finally:
            server.stop()


def _rate(what: Callable[[], object], times: int = COMMITS) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        what()
    return times / (time.perf_counter() - begun)


def _bare_sqlite(path: Path) -> float:
    """Commit one row at a time by Python's own sqlite3, with the same settings: what the disk gives."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE t (x TEXT)")
    rate = _rate(lambda: raw.execute("INSERT INTO t VALUES (?)", ("x" * 200,)))
    raw.close()
    return rate


def _bare_postgresql(url: str) -> float:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (x TEXT)"))
        rate = _rate(lambda: connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": "x" * 200}))
    engine.dispose()
    return rate


def _commits(name: str, url: str, bare: float, yardstick: str) -> None:
    with open_store(url) as store:
        entries = _rate(lambda: store.record(Action.CASE_READ, by="anna"))
        cases = _rate(lambda: store.save_case(None, case_file(), by="anna"))
        faults = store.check().faults
    print(f"{name}, durable commits per second, one writer, {COMMITS:,} each: {entries:,.0f} audit entries, "
          f"{cases:,.0f} cases with their entries; {yardstick} {bare:,.0f} (ratio {entries / bare:.2f}); "
          f"faults {len(faults)}")  # fmt: skip


def _verify(url: str) -> None:
    with open_store(url) as store:
        engine = open_engine(store_url(url))
        with writing(engine) as connection:
            for _ in range(ENTRIES):
                audit.append(connection, Action.CASE_READ, by="anna", target="case-0123456789abcdef")
        engine.dispose()
        begun = time.perf_counter()
        report = store.verify_audit(str(store.audit_head()))
        seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        made = store.backup(Path(url).with_suffix(".backup"), by="anna")
        backup_seconds = time.perf_counter() - begun
    size = Path(url).with_suffix(".backup").stat().st_size
    print(f"verification of {report.entries:,} entries: {seconds:.2f} s, {report.entries / seconds:,.0f} per second; "
          f"backup of them: {backup_seconds:.2f} s, {size / 1e6:.1f} MB, faults {len(made.faults)}")  # fmt: skip


def _kills(name: str, url: str, kills: int) -> None:
    open_store(url).close()
    begun = time.perf_counter()
    with Killer(url, seed=0) as killer:
        for _ in range(kills):
            killer.kill_one()
    seconds = time.perf_counter() - begun
    with open_store(url, create=False) as store:
        report = store.check()
        gone = lost(store, killer.written)
    kept = report.counts["case_version"] + report.counts["decision"]
    said = len(killer.written.records)
    print(f"{name}, {kills} x kill -9 while writing, {seconds:.0f} s: {said:,} records acknowledged, {len(gone)} lost, "
          f"{kept - said} kept that were not yet acknowledged, faults {len(report.faults)}")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS)
