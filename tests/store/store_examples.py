"""What the tests of the store keep: constructed cases, and how to act on a store from outside ReALL."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

from reall.service.store.engine import file_of, open_engine, store_url
from reall.service.store.records import AnswerTerms

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
TERMS = AnswerTerms(on=dt.date(2026, 11, 21), country="US")
DAY = dt.date(2026, 11, 21)


_FACTS: dict[str, Any] = {
    "relapse_number": 1, "lineage": "B", "months_from_diagnosis": 40, "months_after_end_of_primary_therapy": 14,
    "marrow_blasts_pct": 80, "cns_status": "CNS1", "testis_biopsy_positive": False, "other_em_sites": [],
}  # fmt: skip


def case_file(name: str = "child-1", **facts: Any) -> str:
    """Write a case file; constructed, not from a patient."""
    return json.dumps({"case": name, "facts": {**_FACTS, **facts}})


def unguarded(url: str) -> Engine:
    """Open a store as an attacker would who owns the database: no guards, no references."""
    engine = open_engine(store_url(url))
    path = file_of(store_url(url))
    if path is None:
        with engine.begin() as connection:
            connection.execute(text("ALTER ROLE current_user SET session_replication_role = replica"))
        engine.dispose()
        return open_engine(store_url(url))
    with sqlite3.connect(path) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
    raw.close()
    event.listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA foreign_keys = OFF"))
    return engine
