"""The tables as this program reads and writes them; `migrations/` builds them.

Types are the few that every database has (text, whole numbers, bytes), so that a record, its hash and a backup are
the same in all of them. Times are text, ISO 8601 in UTC with microseconds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

REVISION = "0001"
"""The newest migration, said here so that opening a store need not load the migrations."""

METADATA = MetaData()


def _audit_seq() -> Column[int]:
    return Column("audit_seq", BigInteger, ForeignKey("audit.seq"), nullable=False, unique=True)


AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("action", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

KNOWLEDGE = Table(
    "knowledge",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),
    Column("version", Text, nullable=False),
    Column("files", LargeBinary, nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    _audit_seq(),
)

CASES = Table(
    "case_version",
    METADATA,
    Column("case_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    _audit_seq(),
)

ASSESSMENTS = Table(
    "assessment",
    METADATA,
    Column("assessment_id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False, index=True),
    Column("case_version", Integer, nullable=False),
    Column("fingerprint", String(64), ForeignKey("knowledge.fingerprint"), nullable=False),
    Column("program_version", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    _audit_seq(),
    ForeignKeyConstraint(["case_id", "case_version"], ["case_version.case_id", "case_version.version"]),
)

DECISIONS = Table(
    "decision",
    METADATA,
    Column("decision_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("case_id", String(32), nullable=False, index=True),
    Column("case_version", Integer, nullable=False),
    Column("assessment_id", String(32), ForeignKey("assessment.assessment_id"), nullable=True),
    Column("who", Text, nullable=False),
    Column("decided_on", String(10), nullable=False),
    Column("what", Text, nullable=False),
    Column("follow_up", Text, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    _audit_seq(),
    ForeignKeyConstraint(["case_id", "case_version"], ["case_version.case_id", "case_version.version"]),
)

TABLES: tuple[Table, ...] = (AUDIT, KNOWLEDGE, CASES, ASSESSMENTS, DECISIONS)
"""All tables, each after those that it refers to."""
