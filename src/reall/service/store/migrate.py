"""Brings a store's tables to the version of this program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select, table
from sqlalchemy import column as named

from reall.service.store.errors import StoreUnreachable, StoreVersion
from reall.service.store.schema import REVISION, TABLES

_FOLDER = Path(__file__).parent / "migrations"
_ALEMBIC = table("alembic_version", named("version_num"))


def revision_of(connection: Connection) -> str | None:
    """Give the revision of the store's tables; None for a database that holds no store.

    Raises `StoreUnreachable` when tables of these names are there but were not made by this program.
    """
    names = set(inspect(connection).get_table_names())
    if _ALEMBIC.name in names:
        found: str | None = connection.execute(select(_ALEMBIC.c.version_num)).scalar()
        if found is not None:
            return found
    foreign = sorted(names & {each.name for each in TABLES})
    if foreign:
        raise StoreUnreachable(
            f"the database has tables of another program ({', '.join(foreign)})",
            next="Give ReALL a database or a PostgreSQL schema of its own.",
        )
    return None


def must_be_current(revision: str | None) -> None:
    """Raise `StoreVersion` unless the tables are exactly those that this program works with."""
    if revision == REVISION:
        return
    if revision is not None and revision not in known_revisions():
        raise StoreVersion(
            f"the tables have revision {revision!r}, which this program does not know",
            why="A newer version of ReALL made them; an older one could lose what it does not know.",
            next="Use that version of ReALL, or restore a backup into a new store.",
        )
    raise StoreVersion(
        f"the tables have revision {revision or 'none'}, this program needs {REVISION}",
        next="Make a backup (`reall store backup FILE`), then run `reall store migrate`.",
    )


def upgrade(connection: Connection) -> tuple[str | None, str]:
    """Run the missing migrations in the connection's transaction; give the revision before and after.

    Raises `StoreVersion` when the tables are newer than this program.
    """
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 - 200 ms that an open store need not pay

    config, scripts = _scripts()
    before = revision_of(connection)
    if before == REVISION:
        return before, REVISION
    if before is not None and before not in known_revisions():
        must_be_current(before)

    def missing(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs(REVISION, revision)  # what alembic's own env.py template hands over

    with EnvironmentContext(config, scripts, fn=missing) as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()
    return before, REVISION


def _scripts() -> tuple[Any, Any]:
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config, ScriptDirectory.from_config(config)


def known_revisions() -> set[str]:
    """Give every revision that this program knows."""
    return {script.revision for script in _scripts()[1].walk_revisions()}
