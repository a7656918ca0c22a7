"""Kills writers at random moments, and says what the store lost. Used by the tests and by the benchmark."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from reall.service.store.store import Store

WRITER = Path(__file__).with_name("store_writer.py")
LONGEST_WAIT_SECONDS = 0.012
"""About four writes: the kill falls before, within or after any of them."""


@dataclass
class Written:
    """What the writers said: records acknowledged, and how many writers were killed."""

    records: list[tuple[str, str, int, str]] = field(default_factory=list)
    kills: int = 0
    failures: list[str] = field(default_factory=list)


class Killer:
    """Starts writers on one store and kills them. Use it as a context manager."""

    def __init__(self, url: str, *, seed: int) -> None:
        self.written = Written()
        self._random = random.Random(seed)
        self._process = subprocess.Popen(
            [sys.executable, str(WRITER), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def kill_one(self, how: Callable[[int], None] | None = None) -> None:
        """Start a writer, let it write for a few milliseconds, end it with SIGKILL, and read all that it said."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        pid = int(self._line()[1])
        for _ in range(self._random.choice((0, 0, 1, 2))):
            self._take(self._line())
        time.sleep(self._random.uniform(0, LONGEST_WAIT_SECONDS))
        (how or (lambda pid: os.kill(pid, signal.SIGKILL)))(pid)
        self.written.kills += 1
        while (line := self._line())[0] != "ended":
            self._take(line)

    def _line(self) -> list[str]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the writer ended on its own")
        return line.split()

    def _take(self, line: list[str]) -> None:
        if line[0] == "failed":
            self.written.failures.append(" ".join(line[1:]))
        else:
            kind, id_, version, seal = line
            self.written.records.append((kind, id_, int(version), seal))


def lost(store: Store, written: Written) -> list[str]:
    """Name every acknowledged record that is not in the store exactly as it was acknowledged."""
    kept = {("case", v.case_id, v.version, v.seal) for s in store.cases() for v in store.history(s.case_id)}
    for summary in store.cases():
        kept |= {("decision", d.decision_id, d.version, d.seal) for d in store.decisions(summary.case_id)}
    return [" ".join(map(str, record)) for record in written.records if record not in kept]
