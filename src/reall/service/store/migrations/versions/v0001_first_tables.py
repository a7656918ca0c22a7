"""The first tables, and the guards that let rows be added but neither changed nor removed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

_KEYS = {
    "audit": ("seq",),
    "knowledge": ("fingerprint",),
    "case_version": ("case_id", "version"),
    "assessment": ("assessment_id",),
    "decision": ("decision_id", "version"),
}
_WHY = "the store only adds rows; nothing is changed or removed"


def upgrade() -> None:
    """Build tables and guards."""
    _audit_and_knowledge()
    _cases()
    _assessments()
    _decisions()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _kept(*columns: sa.Column[Any]) -> list[sa.Column[Any]]:
    """Add what every record carries: its author, its time and its audit entry."""
    return [
        *columns,
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("audit_seq", sa.BigInteger, sa.ForeignKey("audit.seq"), nullable=False, unique=True),
    ]


def _sealed(*columns: sa.Column[Any]) -> list[sa.Column[Any]]:
    salt = sa.Column("salt", sa.String(32), nullable=False)
    return _kept(*columns, salt, sa.Column("seal", sa.String(64), nullable=False))


def _of_a_case_version() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id", "case_version"], ["case_version.case_id", "case_version.version"])


def _audit_and_knowledge() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "knowledge",
        *_kept(
            sa.Column("fingerprint", sa.String(64), primary_key=True),
            sa.Column("version", sa.Text, nullable=False),
            sa.Column("files", sa.LargeBinary, nullable=False),
        ),
    )


def _cases() -> None:
    op.create_table(
        "case_version",
        *_sealed(
            sa.Column("case_id", sa.String(32), primary_key=True),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("state", sa.String(16), nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("document", sa.LargeBinary, nullable=False),
        ),
    )


def _assessments() -> None:
    op.create_table(
        "assessment",
        *_sealed(
            sa.Column("assessment_id", sa.String(32), primary_key=True),
            sa.Column("case_id", sa.String(32), nullable=False, index=True),
            sa.Column("case_version", sa.Integer, nullable=False),
            sa.Column("fingerprint", sa.String(64), sa.ForeignKey("knowledge.fingerprint"), nullable=False),
            sa.Column("program_version", sa.Text, nullable=False),
            sa.Column("terms", sa.Text, nullable=False),
            sa.Column("content", sa.LargeBinary, nullable=False),
        ),
        _of_a_case_version(),
    )


def _decisions() -> None:
    op.create_table(
        "decision",
        *_sealed(
            sa.Column("decision_id", sa.String(32), primary_key=True),
            sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("case_id", sa.String(32), nullable=False, index=True),
            sa.Column("case_version", sa.Integer, nullable=False),
            sa.Column("assessment_id", sa.String(32), sa.ForeignKey("assessment.assessment_id"), nullable=True),
            sa.Column("who", sa.Text, nullable=False),
            sa.Column("decided_on", sa.String(10), nullable=False),
            sa.Column("what", sa.Text, nullable=False),
            sa.Column("follow_up", sa.Text, nullable=False),
        ),
        _of_a_case_version(),
    )


def _guard_sqlite() -> None:
    """Refuse changes, removals, and INSERT OR REPLACE, which SQLite does not count as a removal."""
    for table, keys in _KEYS.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
            )
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION reall_only_adds() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WHY}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in _KEYS:
        for event in ("UPDATE", "DELETE", "TRUNCATE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION reall_only_adds()"
            )
