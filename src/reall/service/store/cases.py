"""Cases with all their versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from reall.base.documents import read_document
from reall.service.store import audit, sealing
from reall.service.store.errors import NotKeepable, SavedMeanwhile
from reall.service.store.records import Action, CaseState, CaseSummary, CaseVersion, Detail
from reall.service.store.schema import CASES


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a version is going to hold."""

    state: CaseState
    name: str
    document: bytes


WITHDRAWN = Content(state=CaseState.WITHDRAWN, name="", document=b"")


def read(document: str) -> Content:
    """Read the pseudonym of a case file. Raises `NotKeepable` when it is not a case file."""
    data = read_document(document, name="the case", error=NotKeepable).data
    if not isinstance(data, dict):
        raise NotKeepable("this is not a case: a case is a set of named facts", next="Start with `facts:`.")
    name = sealing.keepable("the pseudonym", str(data.get("case") or ""))
    return Content(state=CaseState.KEPT, name=name, document=sealing.utf8("the case", document))


def save(
    connection: Connection, case_id: str | None, content: Content, *, by: str, expected: int | None
) -> CaseVersion:
    """Write the next version with its audit entry. Raises `NotInStore`, `SavedMeanwhile`, `NotKeepable`."""
    if case_id is None:
        case_id, version = sealing.new_id("case"), 1
    else:
        version = _next(connection, case_id, expected)
    row: dict[str, Any] = {
        "case_id": case_id,
        "version": version,
        "state": content.state.value,
        "name": content.name,
        "document": content.document,
        "salt": sealing.new_salt(),
    }
    row["seal"] = sealing.seal(row["salt"], sealed_text(row))
    action = Action.CASE_SAVED if content.state is CaseState.KEPT else Action.CASE_WITHDRAWN
    detail: dict[Detail, str | int] = {Detail.VERSION: version, Detail.SEAL: row["seal"]}
    entry = audit.append(connection, action, by=by, target=case_id, detail=detail)
    row |= {"at": entry.at, "actor": by, "audit_seq": entry.seq}
    connection.execute(CASES.insert().values(row))
    return _version(row)


def sealed_text(row: Any) -> bytes:
    """Give what the seal of a version covers: its state, its pseudonym and the document."""
    return audit.canonical({"state": row["state"], "name": row["name"]}) + bytes(row["document"])


def _next(connection: Connection, case_id: str, expected: int | None) -> int:
    newest = find(connection, case_id)
    if expected is None:
        raise NotKeepable(
            f"{case_id} is changed without saying which version the change was made from",
            why="A change by somebody else in between would go unnoticed.",
            next="Hand over the version that was read.",
        )
    refuse_if_newer(case_id, newest.version, newest.by, newest.at, expected)
    return newest.version + 1


def refuse_if_newer(id_: str, newest: int, by: str, at: dt.datetime, expected: int) -> None:
    """Raise `SavedMeanwhile` when the newest version is not the one that a change was made from."""
    if newest != expected:
        raise SavedMeanwhile(
            f"{id_} is at version {newest}, saved by {by} at {at:%Y-%m-%d %H:%M} UTC, not at version {expected}",
            why="Nothing was saved, so that neither change is lost.",
            next="Read the newest version, make the change there, and save again.",
        )


def refuse_withdrawal(version: CaseVersion) -> None:
    """Raise `NotKeepable` for a version that holds no case."""
    if version.state is CaseState.WITHDRAWN:
        raise NotKeepable(
            f"version {version.version} of {version.case_id} is its withdrawal",
            next="Name the version that was assessed.",
        )


def find(connection: Connection, case_id: str, version: int | None = None) -> CaseVersion:
    """Give one version, by default the newest. Raises `NotInStore`."""
    query = select(CASES).where(CASES.c.case_id == case_id).order_by(CASES.c.version.desc()).limit(1)
    if version is not None:
        query = query.where(CASES.c.version == version)
    askable = version is None or version <= sealing.MOST_VERSION
    row = connection.execute(query).first() if askable else None
    if row is None:
        raise sealing.not_in_store("case", case_id, version)
    return _version(row._mapping)


def history(connection: Connection, case_id: str) -> tuple[CaseVersion, ...]:
    """Give all versions, the oldest first. Raises `NotInStore`."""
    rows = connection.execute(select(CASES).where(CASES.c.case_id == case_id).order_by(CASES.c.version)).all()
    if not rows:
        raise sealing.not_in_store("case", case_id)
    return tuple(_version(row._mapping) for row in rows)


def summaries(connection: Connection, state: CaseState | None) -> tuple[CaseSummary, ...]:
    """List the cases by their newest version, the latest change first."""
    newest = select(CASES.c.case_id, func.max(CASES.c.version).label("version")).group_by(CASES.c.case_id).subquery()
    kept = CASES.join(newest, (CASES.c.case_id == newest.c.case_id) & (CASES.c.version == newest.c.version))
    columns = (CASES.c.case_id, CASES.c.version, CASES.c.state, CASES.c.name, CASES.c.at, CASES.c.actor)
    query = select(*columns).select_from(kept).order_by(CASES.c.audit_seq.desc())
    if state is not None:
        query = query.where(CASES.c.state == state.value)
    return tuple(_summary(row) for row in connection.execute(query))


def _summary(row: Any) -> CaseSummary:
    return CaseSummary(
        case_id=row.case_id,
        version=row.version,
        state=CaseState(row.state),
        name=row.name,
        at=dt.datetime.fromisoformat(row.at),
        by=row.actor,
    )


def _version(row: Any) -> CaseVersion:
    return CaseVersion(
        case_id=row["case_id"],
        version=row["version"],
        state=CaseState(row["state"]),
        name=row["name"],
        document=bytes(row["document"]).decode("utf-8"),
        seal=row["seal"],
        at=dt.datetime.fromisoformat(row["at"]),
        by=row["actor"],
        audit_seq=row["audit_seq"],
    )
