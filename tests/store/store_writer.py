"""A program that is killed while it writes: it says on standard output what the store has acknowledged.

Run: python store_writer.py URL. For each line on standard input it starts a child that writes cases, versions and
decisions until it is killed with SIGKILL. Importing once and forking keeps one kill at a few milliseconds.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys

from reall.service.store.store import open_store

DOCUMENT = json.dumps({"case": "child", "facts": {"lineage": "B"}, "mrd": [{"detected": True}] * 20})


def say(*words: object) -> None:
    """Write one line at once; a line this short is never torn."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def write_until_killed(url: str) -> None:
    """Write without end; say the id, version and seal of each record after the store has acknowledged it."""
    store = open_store(url, create=False)
    while True:
        case = store.save_case(None, DOCUMENT, by="writer")
        say("case", case.case_id, case.version, case.seal)
        case = store.save_case(case.case_id, DOCUMENT, by="writer", expected=1)
        say("case", case.case_id, case.version, case.seal)
        decided = store.record_decision(
            case.case_id, who="board", when=dt.date(2026, 11, 21), what="x" * 2_000, case_version=2, by="writer"
        )
        say("decision", decided.decision_id, decided.version, decided.seal)


def main(url: str) -> None:
    """Start one child per line of standard input, and say when it has ended."""
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                say("started", os.getpid())
                write_until_killed(url)
            except BaseException as error:
                say("failed", type(error).__name__, str(error).replace("\n", " ")[:300])
            os._exit(1)
        os.waitpid(pid, 0)
        say("ended", pid)


if __name__ == "__main__":
    main(sys.argv[1])
