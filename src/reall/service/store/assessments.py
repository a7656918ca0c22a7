"""Assessments as they were shown, with everything needed to give them again."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from reall.library.knowledge import Knowledge
from reall.report.to_json import SCHEMA
from reall.service.store import audit, kept_knowledge, sealing
from reall.service.store.errors import NotKeepable, StoreDamaged
from reall.service.store.records import Action, AnswerTerms, Detail, KeptAssessment
from reall.service.store.schema import ASSESSMENTS, KNOWLEDGE


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An assessment that was shown: its bytes, and what they claim to rest on."""

    content: bytes
    program_version: str
    terms: AnswerTerms
    knowledge: Knowledge


def shown(content: bytes, knowledge: Knowledge, terms: AnswerTerms) -> Shown:
    """Read what an assessment says of itself. Raises `NotKeepable` when it is none, or not under this knowledge."""
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("schema") != SCHEMA or not isinstance(said.get("reall_version"), str):
        raise NotKeepable(f"this is not an assessment ({SCHEMA})", next="Hand over what `reall assess --json` gives.")
    if said.get("knowledge_fingerprint") != knowledge.fingerprint:
        raise NotKeepable(
            "the assessment was made under other knowledge",
            why="It could not be given again under the knowledge that is kept with it.",
            next="Assess again, and keep that.",
        )
    return Shown(content=content, program_version=said["reall_version"], terms=terms, knowledge=knowledge)


def keep(
    connection: Connection, case_id: str, version: int, made: Shown, *, packed_knowledge: bytes, by: str
) -> KeptAssessment:
    """Write an assessment, and its knowledge where it comes along."""
    knowledge = made.knowledge
    if packed_knowledge:
        kept_knowledge.keep(connection, knowledge, packed_knowledge, by=by)
    salt = sealing.new_salt()
    row: dict[str, Any] = {
        "assessment_id": sealing.new_id("assessment"),
        "case_id": case_id,
        "case_version": version,
        "fingerprint": knowledge.fingerprint,
        "program_version": made.program_version,
        "terms": _written(made.terms),
        "content": zlib.compress(made.content),
        "salt": salt,
    }
    row["seal"] = sealing.seal(salt, sealed_text(row))
    entry = audit.append(
        connection,
        Action.ASSESSMENT_KEPT,
        by=by,
        target=row["assessment_id"],
        detail={
            Detail.CASE: case_id,
            Detail.CASE_VERSION: version,
            Detail.KNOWLEDGE: knowledge.fingerprint,
            Detail.SEAL: row["seal"],
        },
    )
    row |= {"at": entry.at, "actor": by, "audit_seq": entry.seq}
    connection.execute(ASSESSMENTS.insert().values(row))
    return _assessment({**row, "knowledge_version": knowledge.version})


def sealed_text(row: Any) -> bytes:
    """Give what the seal of an assessment covers: the bytes shown, and what they rest on."""
    rests_on = {name: row[name] for name in ("case_id", "case_version", "fingerprint", "program_version", "terms")}
    return audit.canonical(rests_on) + uncompressed(row)


def uncompressed(row: Any) -> bytes:
    """Give the bytes shown. Raises `StoreDamaged` when they cannot be read."""
    try:
        return zlib.decompress(bytes(row["content"]))
    except zlib.error:
        raise StoreDamaged(
            f"{row['assessment_id']} cannot be read", next="Restore the newest backup into a new store."
        ) from None


def find(connection: Connection, assessment_id: str) -> KeptAssessment:
    """Give one kept assessment. Raises `NotInStore`."""
    row = connection.execute(_query().where(ASSESSMENTS.c.assessment_id == assessment_id)).first()
    if row is None:
        raise sealing.not_in_store("assessment", assessment_id)
    return _assessment(row._mapping)


def of_case(connection: Connection, case_id: str) -> tuple[KeptAssessment, ...]:
    """Give the kept assessments of a case, the oldest first."""
    query = _query().where(ASSESSMENTS.c.case_id == case_id).order_by(ASSESSMENTS.c.audit_seq)
    return tuple(_assessment(row._mapping) for row in connection.execute(query))


def _query() -> Any:
    joined = ASSESSMENTS.join(KNOWLEDGE, ASSESSMENTS.c.fingerprint == KNOWLEDGE.c.fingerprint)
    return select(ASSESSMENTS, KNOWLEDGE.c.version.label("knowledge_version")).select_from(joined)


def _written(terms: AnswerTerms) -> str:
    said = {"on": terms.on.isoformat(), "country": terms.country, "systems": list(terms.systems), "name": terms.name}
    return audit.canonical(said).decode()


def _terms(written: str) -> AnswerTerms:
    said = json.loads(written)
    return AnswerTerms(
        on=dt.date.fromisoformat(said["on"]), country=said["country"], systems=tuple(said["systems"]), name=said["name"]
    )


def _assessment(row: Any) -> KeptAssessment:
    return KeptAssessment(
        assessment_id=row["assessment_id"],
        case_id=row["case_id"],
        case_version=row["case_version"],
        terms=_terms(row["terms"]),
        knowledge_version=row["knowledge_version"],
        knowledge_fingerprint=row["fingerprint"],
        program_version=row["program_version"],
        content=uncompressed(row),
        seal=row["seal"],
        at=dt.datetime.fromisoformat(row["at"]),
        by=row["actor"],
        audit_seq=row["audit_seq"],
    )
