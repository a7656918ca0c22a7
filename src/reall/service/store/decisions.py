"""What boards decided, with every amendment as a version of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from reall.service.store import assessments, audit, cases, sealing
from reall.service.store.errors import NotKeepable
from reall.service.store.records import Action, Decision, Detail
from reall.service.store.schema import DECISIONS

_SEALED = ("case_id", "case_version", "assessment_id", "who", "decided_on", "what", "follow_up")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the minutes say: who took part, on which day, what was decided, and what follows."""

    who: str
    decided_on: dt.date
    what: str
    follow_up: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What a decision is about: a version of a case, and the assessment that the board saw, if one was kept."""

    case_id: str
    case_version: int
    assessment_id: str | None


def record(connection: Connection, about: About, content: Content, *, by: str) -> Decision:
    """Write a new decision. Raises `NotInStore`, `NotKeepable`."""
    cases.refuse_withdrawal(cases.find(connection, about.case_id, about.case_version))
    if about.assessment_id is not None:
        seen = assessments.find(connection, about.assessment_id)
        if (seen.case_id, seen.case_version) != (about.case_id, about.case_version):
            raise NotKeepable(
                f"{about.assessment_id} is not about version {about.case_version} of {about.case_id}",
                next="Name the assessment that the board saw, or none.",
            )
    return _write(connection, sealing.new_id("decision"), 1, about, content, by=by)


def amend(connection: Connection, decision_id: str, content: Content, *, expected: int, by: str) -> Decision:
    """Write the next version of a decision. Raises `NotInStore`, `SavedMeanwhile`, `NotKeepable`."""
    newest = find(connection, decision_id)
    cases.refuse_if_newer(decision_id, newest.version, newest.by, newest.at, expected)
    about = About(case_id=newest.case_id, case_version=newest.case_version, assessment_id=newest.assessment_id)
    return _write(connection, decision_id, newest.version + 1, about, content, by=by)


def _write(connection: Connection, id_: str, version: int, about: About, content: Content, *, by: str) -> Decision:
    row: dict[str, Any] = {
        "decision_id": id_,
        "version": version,
        "case_id": about.case_id,
        "case_version": about.case_version,
        "assessment_id": about.assessment_id,
        "who": sealing.keepable("who took part", content.who, needed=True),
        "decided_on": content.decided_on.isoformat(),
        "what": sealing.keepable("what was decided", content.what, needed=True),
        "follow_up": sealing.keepable("the follow-up", content.follow_up),
        "salt": sealing.new_salt(),
    }
    row["seal"] = sealing.seal(row["salt"], sealed_text(row))
    entry = audit.append(
        connection,
        Action.DECISION_RECORDED if version == 1 else Action.DECISION_AMENDED,
        by=by,
        target=id_,
        detail={Detail.VERSION: version, Detail.CASE: about.case_id, Detail.SEAL: row["seal"]},
    )
    row |= {"at": entry.at, "actor": by, "audit_seq": entry.seq}
    connection.execute(DECISIONS.insert().values(row))
    return _decision(row)


def sealed_text(row: Any) -> bytes:
    """Give what the seal of a decision covers."""
    return audit.canonical({name: row[name] for name in _SEALED})


def find(connection: Connection, decision_id: str, version: int | None = None) -> Decision:
    """Give one version, by default the newest. Raises `NotInStore`."""
    query = (
        select(DECISIONS).where(DECISIONS.c.decision_id == decision_id).order_by(DECISIONS.c.version.desc()).limit(1)
    )
    if version is not None:
        query = query.where(DECISIONS.c.version == version)
    askable = version is None or version <= sealing.MOST_VERSION
    row = connection.execute(query).first() if askable else None
    if row is None:
        raise sealing.not_in_store("decision", decision_id, version)
    return _decision(row._mapping)


def history(connection: Connection, decision_id: str) -> tuple[Decision, ...]:
    """Give all versions, the oldest first. Raises `NotInStore`."""
    query = select(DECISIONS).where(DECISIONS.c.decision_id == decision_id).order_by(DECISIONS.c.version)
    found = tuple(_decision(row._mapping) for row in connection.execute(query))
    if not found:
        raise sealing.not_in_store("decision", decision_id)
    return found


def of_case(connection: Connection, case_id: str) -> tuple[Decision, ...]:
    """Give the newest version of each decision on a case, in the order of the first versions."""
    query = select(DECISIONS).where(DECISIONS.c.case_id == case_id).order_by(DECISIONS.c.audit_seq)
    newest: dict[str, Decision] = {}
    for row in connection.execute(query):
        newest[row.decision_id] = _decision(row._mapping)
    return tuple(newest.values())


def _decision(row: Any) -> Decision:
    return Decision(
        decision_id=row["decision_id"],
        version=row["version"],
        case_id=row["case_id"],
        case_version=row["case_version"],
        assessment_id=row["assessment_id"],
        who=row["who"],
        decided_on=dt.date.fromisoformat(row["decided_on"]),
        what=row["what"],
        follow_up=row["follow_up"],
        seal=row["seal"],
        at=dt.datetime.fromisoformat(row["at"]),
        by=row["actor"],
        audit_seq=row["audit_seq"],
    )
