"""Checks a whole store: the database itself, its guards, the chain, and every record against its audit entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from reall.service.store import assessments, audit, cases, decisions, kept_knowledge, sealing
from reall.service.store.errors import StoreDamaged
from reall.service.store.migrate import revision_of
from reall.service.store.records import Action, AuditEntry, CheckReport, Detail
from reall.service.store.schema import ASSESSMENTS, CASES, DECISIONS, KNOWLEDGE, TABLES

_ROWS_AT_ONCE = 200
_GUARDS = {
    "sqlite": ("SELECT name FROM sqlite_master WHERE type = 'trigger'", ("no_update", "no_delete", "no_replace")),
    "postgresql": (
        """
        SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled = 'O' AND relnamespace = current_schema()::regnamespace
        """,
        ("no_update", "no_delete", "no_truncate"),
    ),
}
_MADE_BY: dict[str, tuple[Table, str, Callable[[Any], bytes]]] = {
    Action.CASE_SAVED: (CASES, "case_id", cases.sealed_text),
    Action.CASE_WITHDRAWN: (CASES, "case_id", cases.sealed_text),
    Action.ASSESSMENT_KEPT: (ASSESSMENTS, "assessment_id", assessments.sealed_text),
    Action.DECISION_RECORDED: (DECISIONS, "decision_id", decisions.sealed_text),
    Action.DECISION_AMENDED: (DECISIONS, "decision_id", decisions.sealed_text),
}
"""For each action that writes a record: its table, the column of its id, and what its seal covers."""


def check(connection: Connection, head: str | None = None) -> CheckReport:
    """Read everything once and say what is not as it was written. Changes nothing."""
    log = audit.verify(connection, head)
    faults = [*_database_faults(connection), *_missing_guards(connection), *log.faults]
    if log.entries:
        faults += _record_faults(connection)
    counts = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES}
    revision = revision_of(connection) or "none"
    return CheckReport(revision=revision, counts=counts, audit=log, faults=tuple(faults))


def _database_faults(connection: Connection) -> Iterator[str]:
    """Let SQLite check its pages and references; PostgreSQL keeps references itself and has checksums of its own."""
    if connection.dialect.name != "sqlite":
        return
    for (found,) in connection.execute(text("PRAGMA integrity_check(20)")):
        if found != "ok":
            yield f"the database file is damaged: {found}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"a row of {row[0]} refers to a row of {row[2]} that is gone"


def _missing_guards(connection: Connection) -> Iterator[str]:
    query, kinds = _GUARDS[connection.dialect.name]
    there = set(connection.execute(text(query)).scalars())
    for table in TABLES:
        for kind in kinds:
            if f"{table.name}_{kind}" not in there:
                yield f"the guard {table.name}_{kind} is gone; rows could be changed unnoticed by the database"


def _record_faults(connection: Connection) -> Iterator[str]:
    """Compare the log with the records, in both directions."""
    entries: dict[int, AuditEntry] = {}
    erased = set()
    for entry in audit.entries(connection):
        if entry.action in _MADE_BY or entry.action == Action.KNOWLEDGE_KEPT:
            entries[entry.seq] = entry
        elif entry.action == Action.CASE_ERASED:
            erased.add(entry.target)
    for table, id_, covered in {each[0].name: each for each in _MADE_BY.values()}.values():
        for row in _rows(connection, table):
            entry_of_row = entries.pop(row["audit_seq"], None)
            yield from _faults_of(row, row[id_], table, covered, entry_of_row)
    for row in _rows(connection, KNOWLEDGE):
        yield from _knowledge_faults(row, entries.pop(row["audit_seq"], None))
    for entry in entries.values():
        if entry.target not in erased and entry.detail.get(Detail.CASE) not in erased:
            yield f"entry {entry.seq} says that {entry.target} was written, but the record is gone"


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    for row in connection.execute(select(table), execution_options={"yield_per": _ROWS_AT_ONCE}):
        yield row._mapping


def _faults_of(
    row: Any, id_: str, table: Table, covered: Callable[[Any], bytes], entry: AuditEntry | None
) -> Iterator[str]:
    named = f"{id_} version {row['version']}" if "version" in row else id_
    if entry is None or _MADE_BY.get(entry.action, (None,))[0] is not table or entry.target != id_:
        yield f"{named} has no audit entry of its own"
        return
    try:
        sealed = sealing.seal(row["salt"], covered(row))
    except StoreDamaged:
        sealed = ""
    version = entry.detail.get(Detail.VERSION)
    same_version = "version" not in row or version == str(row["version"])
    if not (sealed == row["seal"] == entry.detail.get(Detail.SEAL) and same_version):
        yield f"{named} is not what was written (entry {entry.seq})"
    if (row["actor"], row["at"]) != (entry.by, entry.at):
        yield f"author or time of {named} is not what was written (entry {entry.seq})"


def _knowledge_faults(row: Any, entry: AuditEntry | None) -> Iterator[str]:
    mark = row["fingerprint"]
    if entry is None or entry.target != mark:
        yield f"the kept knowledge {mark[:12]} has no audit entry of its own"
        return
    try:
        kept_knowledge.unpacked(mark, bytes(row["files"]))
    except StoreDamaged as damage:
        yield damage.what
