"""The audit log: an append-only chain, in which the hash of each entry covers the entry before it.

The hash is SHA-256 over `previous` and the canonical text of the entry: JSON of seq, at, action, by, target and
detail, keys sorted, no spaces, ASCII. Changing, removing, adding or reordering entries breaks the chain from there on;
cutting its end off is seen by whoever holds a later head.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from reall.base.errors import WrongUsage
from reall.service.store.errors import NotKeepable
from reall.service.store.records import Action, AuditEntry, AuditHead, AuditReport, Detail
from reall.service.store.schema import AUDIT, TABLES

START = "0" * 64
"""What stands for the hash before the first entry."""

NO_NUMBER = -1
MOST_FAULTS = 20
SHORTEST_HASH = 16
_CODE = re.compile(r"[A-Za-z0-9._:+-]{0,128}")
_ACTOR = re.compile(r"[!-~]{1,255}")
_HEAD = re.compile(rf"(?:(\d{{1,18}}):)?([0-9a-f]{{{SHORTEST_HASH},64}})")
_ROWS_AT_ONCE = 5_000


def now() -> str:
    """Give the time as it is stored: UTC, microseconds, always of the same length."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="microseconds")


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Give the text that is hashed."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def chained(previous: str, entry: Mapping[str, Any]) -> str:
    """Give the hash of an entry that follows `previous`."""
    return hashlib.sha256(previous.encode() + canonical(entry)).hexdigest()


def append(
    connection: Connection,
    action: Action,
    *,
    by: str,
    target: str = "",
    detail: Mapping[Detail, str | int] | None = None,
) -> AuditEntry:
    """Write the next entry. The caller holds the write lock, so that no other entry comes between.

    Raises `NotKeepable` when something is not a code: free text could carry a patient's value into the log.
    """
    coded = _coded(by, target, detail or {})
    last = head(connection)
    entry = {
        "seq": last.seq + 1, "at": now(), "action": Action(action).value, "by": by, "target": target, "detail": coded,
    }  # fmt: skip
    made = chained(last.hash, entry)
    connection.execute(
        AUDIT.insert().values(
            seq=entry["seq"],
            at=entry["at"],
            action=entry["action"],
            actor=by,
            target=target,
            detail=canonical(coded).decode(),
            previous=last.hash,
            hash=made,
        )
    )
    return AuditEntry(**entry, previous=last.hash, hash=made)  # type: ignore[arg-type]


def _coded(by: str, target: str, detail: Mapping[Detail, str | int]) -> dict[str, str]:
    """Give the detail as text, after refusing whatever is not a code."""
    coded = {Detail(key).value: str(value) for key, value in detail.items()}
    if not _ACTOR.fullmatch(by):
        raise NotKeepable(
            "the acting user's name is not 1 to 255 visible ASCII characters", next="Use an account name."
        )
    for place, value in (("target", target), *coded.items()):
        if not _CODE.fullmatch(value):
            raise NotKeepable(
                f"the audit log takes only codes, numbers, ids and hashes as {place}",
                why="Free text could carry a patient's value into the log.",
                next="Keep the text in the record and log its id.",
            )
    return coded


def head(connection: Connection) -> AuditHead:
    """Give the newest entry's number and hash; number 0 for an empty log."""
    row = connection.execute(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    return AuditHead(seq=row.seq, hash=row.hash) if row else AuditHead(seq=0, hash=START)


def entries(
    connection: Connection, *, after: int = 0, limit: int | None = None, target: str | None = None
) -> Iterator[AuditEntry]:
    """Give the entries after number `after`, in order, a few thousand at a time.

    SQLite keeps what it is given, whatever a column's type; what no entry can hold is given so that verifying it fails.
    """
    query = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(limit)
    if target is not None:
        query = query.where(AUDIT.c.target == target)
    for row in connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}):
        yield AuditEntry(
            seq=row.seq if isinstance(row.seq, int) else NO_NUMBER,
            at=str(row.at),
            action=str(row.action),
            by=str(row.actor),
            target=str(row.target),
            detail=_detail(row.detail),
            previous=str(row.previous),
            hash=str(row.hash),
        )


def _detail(written: Any) -> Mapping[str, str]:
    """Read a detail; one that is not written as this module writes it does not pass for one that is."""
    try:
        read = json.loads(written)
    except (ValueError, TypeError, RecursionError):
        read = None
    same = isinstance(read, dict) and canonical(read).decode() == written
    return read if same else {"unreadable": str(written)}


def verify(connection: Connection, known_head: str | None = None) -> AuditReport:
    """Recompute the whole chain, compare it with a head that was printed, and with the records that refer to it.

    Raises `WrongUsage` when `known_head` is not a head.
    """
    wanted = read_head(known_head) if known_head else None
    faults, last, found = _walk(entries(connection), wanted)
    if not last.seq:
        faults.append("the log is empty; even a new store has an entry")
    if wanted and not found:
        faults.append(f"the printed head {known_head} is not in the log: its end was cut off, or the log was rewritten")
    newest = max((connection.execute(select(func.max(t.c.audit_seq))).scalar() or 0 for t in TABLES[1:]), default=0)
    if newest > last.seq:
        faults.append(f"a record refers to entry {newest}, but the log ends at {last.seq}: its end was cut off")
    return AuditReport(entries=last.seq, head=last, faults=tuple(faults[:MOST_FAULTS]))


def read_head(written: str) -> tuple[int | None, str]:
    """Read a printed head: `number:hash`, or the hash alone; at least its first 16 characters.

    >>> read_head("12:00112233445566778899")
    (12, '00112233445566778899')
    """
    match = _HEAD.fullmatch(written.strip().lower())
    if match is None:
        raise WrongUsage(
            "this is not a head of the log", where="--head", next="Write it as it is printed: number, colon, hash."
        )
    return (int(match[1]) if match[1] else None), match[2]


def _walk(log: Iterable[AuditEntry], wanted: tuple[int | None, str] | None) -> tuple[list[str], AuditHead, bool]:
    """Follow the chain; give the faults, the last entry, and whether the wanted head is part of it."""
    faults: list[str] = []
    last = AuditHead(seq=0, hash=START)
    found = False
    for entry in log:
        faults += _faults_of(entry, last)
        if wanted and entry.hash.startswith(wanted[1]) and wanted[0] in {None, entry.seq}:
            found = True
        last = AuditHead(seq=entry.seq, hash=entry.hash)
    return faults, last, found


def _faults_of(entry: AuditEntry, last: AuditHead) -> list[str]:
    faults = []
    if entry.seq != last.seq + 1:
        faults.append(f"entry {entry.seq} follows {last.seq}: entries are missing or were moved")
    if entry.previous != last.hash:
        faults.append(f"entry {entry.seq} does not continue the entry before it")
    said = {
        "seq": entry.seq, "at": entry.at, "action": entry.action, "by": entry.by, "target": entry.target,
        "detail": entry.detail,
    }  # fmt: skip
    if chained(entry.previous, said) != entry.hash:
        faults.append(f"entry {entry.seq} is not what was written")
    return faults
