"""The audit log: what it holds, how anybody can recompute it, and that no change to it goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from store_examples import case_file, unguarded

from reall.base.errors import WrongUsage
from reall.service.store import audit, checking
from reall.service.store.engine import writing
from reall.service.store.errors import NotKeepable
from reall.service.store.records import Action, AuditHead, Detail
from reall.service.store.store import Store, open_store

ATTACKS = 1_000


def test_the_chain_can_be_recomputed_without_reall(store: Store) -> None:
    """What docs/how-to/store.md says of the log, in a dozen lines of plain Python."""
    store.save_case(None, case_file(), by="anna")
    store.record(Action.SESSION_REFUSED, by="otto@example.org", detail={Detail.REASON: "expired", Detail.VERSION: 3})
    previous = "0" * 64
    entries = list(store.audit_entries())
    for number, entry in enumerate(entries, 1):
        said = {
            "seq": number, "at": entry.at, "action": entry.action, "by": entry.by, "target": entry.target,
            "detail": dict(entry.detail),
        }  # fmt: skip
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
        assert entry.previous == previous
        previous = hashlib.sha256((previous + canonical).encode()).hexdigest()
        assert entry.hash == previous
    assert store.audit_head() == AuditHead(seq=3, hash=previous)
    assert [e.action for e in entries] == ["store.created", "case.saved", "session.refused"]
    assert entries[2].detail == {"reason": "expired", "version": "3"}


def test_entries_can_be_chosen(store: Store) -> None:
    case_id = store.save_case(None, case_file(), by="anna").case_id
    store.record(Action.CASE_READ, by="otto", target=case_id)
    assert [e.seq for e in store.audit_entries(after=1)] == [2, 3]
    assert [e.seq for e in store.audit_entries(limit=1)] == [1]
    assert [e.action for e in store.audit_entries(target=case_id)] == ["case.saved", "case.read"]


@pytest.mark.parametrize(
    ("by", "target", "detail"),
    [
        ("", "", {}),
        ("anna b", "", {}),
        ("a" * 256, "", {}),
        ("anna\n", "", {}),
        ("anna", "child of Mrs X", {}),
        ("anna", "", {Detail.REASON: "MRD was 5e-4, so we"}),
        ("anna", "", {Detail.REASON: "ä"}),
        ("anna", "", {Detail.REASON: "a" * 129}),
    ],
)
def test_free_text_does_not_get_into_the_log(tmp_path: Path, by: str, target: str, detail: dict[Detail, str]) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store:
        with pytest.raises(NotKeepable):
            store.record(Action.CASE_READ, by=by, target=target, detail=detail)
        assert store.audit_head().seq == 1


def test_only_known_actions_and_keys_get_into_the_log(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store:
        with pytest.raises(ValueError, match="not a valid Action"):
            store.record("mrd was high", by="anna")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="not a valid Detail"):
            store.record(Action.CASE_READ, by="anna", detail={"mrd": "5e-4"})  # type: ignore[dict-item]


def test_a_printed_head_stays_part_of_the_log(store: Store) -> None:
    printed = str(store.audit_head())
    store.save_case(None, case_file(), by="anna")
    for head in (printed, printed.upper(), printed[: 2 + 16], printed.split(":")[1], None):
        assert store.verify_audit(head).faults == ()
    for head in (f"2:{printed.split(':')[1]}", "1:" + "0" * 64, "0" * 64):
        assert "is not in the log" in store.verify_audit(head).faults[0]
    for head in ("x", "1:", "1:abc", printed + "0"):
        with pytest.raises(WrongUsage, match="not a head"):
            store.verify_audit(head)


# --- attacks -----------------------------------------------------------------------------------------------------

Rows = list[dict[str, Any]]
Attack = Callable[[Rows, random.Random], Rows]
_COLUMNS = ("seq", "at", "action", "actor", "target", "detail", "previous", "hash")
_CHANGES: tuple[Callable[[str], str], ...] = (
    lambda value: value + " ",
    lambda value: value[:-1] if value else "x",
    lambda value: value.swapcase() if value.swapcase() != value else value + "x",
    lambda value: value + "\u200b",
    lambda value: value.replace("1", "2") if "1" in value else "1" + value,
    lambda value: value[::-1] if value[::-1] != value else value + "é",
)


def _edit(rows: Rows, rng: random.Random) -> Rows:
    row = rng.choice(rows)
    column = rng.choice(_COLUMNS[1:])
    row[column] = rng.choice(_CHANGES)(row[column])
    return rows


def _edit_unseen(rows: Rows, rng: random.Random) -> Rows:
    """Change how a detail is written, not what it says."""
    row = rng.choice([r for r in rows if r["detail"] != "{}"])
    row["detail"] = row["detail"].replace(":", ": ")
    return rows


def _rehash_one(rows: Rows, rng: random.Random) -> Rows:
    """Change an entry that is not the last, and make its own hash right."""
    row = rng.choice(rows[:-1])
    row["actor"] += "x"
    row["hash"] = _hash(row)
    return rows


def _delete(rows: Rows, rng: random.Random) -> Rows:
    del rows[rng.randrange(len(rows) - 1)]
    return rows


def _delete_and_close_up(rows: Rows, rng: random.Random) -> Rows:
    rows = _delete(rows, rng)
    return [{**row, "seq": i} for i, row in enumerate(rows, 1)]


def _truncate(rows: Rows, rng: random.Random) -> Rows:
    return rows[: rng.randrange(len(rows))]


def _swap(rows: Rows, rng: random.Random) -> Rows:
    """Let two entries change places."""
    one, other = rng.sample(rows, 2)
    one["seq"], other["seq"] = other["seq"], one["seq"]
    return rows


def _shuffle(rows: Rows, rng: random.Random) -> Rows:
    """Put a stretch of entries into another order."""
    start = rng.randrange(len(rows) - 3)
    stretch = rows[start : start + 3]
    moved = [stretch[1], stretch[2], stretch[0]]
    for i, row in enumerate(moved, start + 1):
        row["seq"] = i
    return rows


def _insert(rows: Rows, rng: random.Random) -> Rows:
    """Put a well-made entry of one's own between two others."""
    place = rng.randrange(1, len(rows))
    forged = {**rows[place - 1], "seq": place + 1, "previous": rows[place - 1]["hash"], "actor": "nobody"}
    forged["hash"] = _hash(forged)
    return [*rows[:place], forged, *({**row, "seq": row["seq"] + 1} for row in rows[place:])]


def _rewrite(rows: Rows, rng: random.Random) -> Rows:
    """Change an entry, and make every hash after it right: only a printed head tells."""
    start = rng.randrange(len(rows))
    rows[start]["actor"] += "x"
    for i in range(start, len(rows)):
        rows[i]["previous"] = rows[i - 1]["hash"] if i else audit.START
        rows[i]["hash"] = _hash(rows[i])
    return rows


_ATTACKS: tuple[Attack, ...] = (
    _edit, _edit_unseen, _rehash_one, _delete, _delete_and_close_up, _truncate, _swap, _shuffle, _insert, _rewrite,
)  # fmt: skip


def _hash(row: dict[str, Any]) -> str:
    said = {name: row[name] for name in ("seq", "at", "action", "target")}
    return audit.chained(row["previous"], {**said, "by": row["actor"], "detail": json.loads(row["detail"])})


@contextmanager
def _undone(url: str) -> Iterator[Connection]:
    """Give a connection without guards; whatever is done to the log is undone afterwards."""
    engine = unguarded(url)
    try:
        with writing(engine) as connection:
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def test_every_change_of_the_log_is_noticed(store: Store, address: str, engine_name: str) -> None:
    """1,000 random attacks on SQLite (100 on PostgreSQL, whose log is read by the same code); none goes unnoticed."""
    case_id = store.save_case(None, case_file(), by="anna").case_id
    for i in range(25):
        store.record(Action.CASE_READ, by=f"user{i}", target=case_id, detail={Detail.ROLE: "reader"} if i % 2 else {})
    head = str(store.audit_head())
    rng = random.Random(20261121)  # a fixed seed, so that a failure can be repeated
    unnoticed = []
    with _undone(address) as connection:
        untouched = [dict(r) for r in connection.execute(text("SELECT * FROM audit ORDER BY seq")).mappings()]
        insert = text(f"INSERT INTO audit VALUES ({', '.join(':' + name for name in _COLUMNS)})")
        for number in range(ATTACKS if engine_name == "sqlite" else ATTACKS // 10):
            attack = _ATTACKS[number % len(_ATTACKS)]
            rows = attack([dict(row) for row in untouched], rng)
            assert rows != untouched
            connection.execute(text("DELETE FROM audit"))
            try:
                with connection.begin_nested():
                    for row in rows:
                        connection.execute(insert, row)
            except DBAPIError:  # PostgreSQL takes no text that is too long for its column
                continue
            if not audit.verify(connection, head).faults:
                unnoticed.append((number, attack.__name__))
    assert unnoticed == []
    assert store.verify_audit(head).faults == ()


def test_a_cut_is_noticed_without_a_head_where_a_record_is_younger(store: Store, address: str) -> None:
    store.save_case(None, case_file(), by="anna")
    with _undone(address) as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 2"))
        assert audit.verify(connection).faults == (
            "a record refers to entry 2, but the log ends at 1: its end was cut off",
        )


@pytest.mark.parametrize("value", [b"\x00\xff", None, 3.5, "x" * 100_000])
@pytest.mark.parametrize("column", ["seq", "at", "detail", "hash"])
def test_values_of_any_type_are_noticed_and_end_nothing(tmp_path: Path, column: str, value: object) -> None:
    """SQLite lets anything stand in any column."""
    url = str(tmp_path / "s.sqlite")
    with open_store(url) as store:
        store.save_case(None, case_file(), by="anna")
    unguarded(url).dispose()
    with sqlite3.connect(url) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'audit'")
    raw.close()
    with sqlite3.connect(url) as raw:
        raw.execute(f"UPDATE audit SET {column} = ? WHERE action = 'store.created'", (value,))
    raw.close()
    with open_store(url) as store:
        assert store.verify_audit().faults != ()
        assert store.check().faults != ()


_TAMPERING = {
    "the document of a case": ("UPDATE case_version SET document = :bytes", "is not what was written"),
    "a pseudonym": ("UPDATE case_version SET name = 'other'", "is not what was written"),
    "the author of a case": ("UPDATE case_version SET actor = 'other'", "author or time of"),
    "a decision": ("UPDATE decision SET what = 'other' WHERE version = 2", "is not what was written"),
    "the day of a decision": ("UPDATE decision SET decided_on = '2020-01-01'", "is not what was written"),
    "an assessment": ("UPDATE assessment SET content = :bytes", "is not what was written"),
    "the terms of an assessment": ("UPDATE assessment SET terms = '{}'", "is not what was written"),
    "the knowledge": ("UPDATE knowledge SET files = :bytes", "is not what was kept"),
    "a record gone": ("DELETE FROM decision WHERE version = 2", "but the record is gone"),
    "a record pointing elsewhere": ("UPDATE case_version SET audit_seq = 1", "has no audit entry of its own"),
}


def test_a_changed_record_is_noticed(store: Store, address: str, kept: object) -> None:
    for what, (statement, says) in _TAMPERING.items():
        with _undone(address) as connection:
            connection.execute(text(statement).bindparams(**({"bytes": b"{}"} if ":bytes" in statement else {})))
            faults = [fault for fault in checking.check(connection).faults if "guard" not in fault]
            assert any(says in fault for fault in faults), what
            assert audit.verify(connection).faults == (), what


def test_a_missing_guard_is_noticed(tmp_path: Path) -> None:
    url = str(tmp_path / "s.sqlite")
    open_store(url).close()
    unguarded(url).dispose()
    with open_store(url) as store:
        assert sum("guard" in fault for fault in store.check().faults) == 15
