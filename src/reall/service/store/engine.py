"""Opens databases so that an acknowledged write is on the disk, and says in plain words what went wrong.

SQLite: write-ahead log, `synchronous = FULL`, one writer at a time (`BEGIN IMMEDIATE`). PostgreSQL: writers queue on
an advisory lock, because each audit entry needs the hash of the one before.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as AllConnectionsTaken

from reall.base.errors import WrongUsage
from reall.service.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnreachable,
    StoreUnwritable,
)

BUSY_SECONDS = 10
"""How long a writer waits for the one before it."""

SILENT_SECONDS = 60
"""How long a server may say nothing before it counts as unreachable."""

_WRITES = "reall_writes"
_ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NEWEST_STATE = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('reall.store.' || current_schema()))"
_FORMS = "Write a file name, sqlite:///FILE, or postgresql+pg8000://USER@HOST/DATABASE."


def store_url(given: str) -> URL:
    """Read where a store is: a database URL or the path of an SQLite file.

    >>> str(store_url("postgresql://reall@localhost/reall"))
    'postgresql+pg8000://reall@localhost/reall'
    """
    if "://" not in given:
        return URL.create("sqlite", database=str(Path(given).expanduser().absolute()))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise WrongUsage("the address of the store cannot be read", where="--store", next=_FORMS) from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+pg8000")
    if url.drivername not in {"sqlite", "postgresql+pg8000"}:
        raise WrongUsage(f"{url.drivername!r} is not a store that ReALL knows", where="--store", next=_FORMS)
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        raise WrongUsage("a store in memory would lose every record", where="--store", next=_FORMS)
    return url


def shown(url: URL) -> str:
    """Write the address without its password."""
    return url.render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """Give the file of an SQLite store; None for a server."""
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def open_engine(url: URL) -> Engine:
    """Prepare connections to the database; nothing is opened yet."""
    ping = url.drivername != "sqlite"  # a server may have been started again since a connection was last used
    # Errors of SQLAlchemy quote the values of a statement unless told not to.
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=ping, connect_args=_connect_args(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"timeout": BUSY_SECONDS}
    return {"timeout": SILENT_SECONDS, "application_name": "reall"}


def make_file(path: Path) -> None:
    """Make an empty SQLite file that only its owner can read, and the folder that it stands in."""
    with saying_what_failed(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by the driver's guess
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit TO on")
    cursor.execute(f"SET lock_timeout TO '{BUSY_SECONDS}s'")
    connection.commit()
    cursor.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Look at one state of the store, whatever is written meanwhile."""
    with saying_what_failed(shown(engine.url)), engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(_ONE_STATE))
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write everything or nothing; on return it is on the disk."""
    with saying_what_failed(shown(engine.url)), engine.connect() as fresh:
        connection = fresh.execution_options(**{_WRITES: True})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                # A snapshot taken before the lock is granted would not show the entry of the writer before.
                connection.execute(text(_NEWEST_STATE))
                connection.execute(text(_LOCK))
            yield connection


@contextmanager
def saying_what_failed(where: str) -> Iterator[None]:
    """Turn what drivers and the system raise into the store's own errors, without any stored value."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error.orig, where) from None
    except sqlite3.Error as error:  # from the driver itself, which copies a database for a backup
        raise _explained(error, where) from None
    except AllConnectionsTaken:
        raise StoreBusy("every connection to the store is in use", where=where, next="Try again.") from None
    except (TimeoutError, ConnectionError) as error:
        raise StoreUnreachable(
            f"the database cannot be reached ({type(error).__name__})", where=where, why=_NOTHING_HALF, next=_REACH
        ) from None
    except OSError as error:
        raise StoreUnwritable(
            f"the file or folder cannot be used: {error.strerror or type(error).__name__}",
            where=where,
            next="Name a folder that exists and that this user may write to.",
        ) from None


def _explained(error: Any, where: str) -> StoreError:
    code = _code(error)
    for kind, codes, what, then in _KNOWN:
        if any(code.startswith(each) for each in codes):
            return kind(f"{what} ({code})", where=where, why=_NOTHING_HALF, next=then)
    return StoreError(
        f"the database refused ({code})", where=where, why=_NOTHING_HALF, next="See the log of the database."
    )


def _code(error: Any) -> str:
    """Give the name of an SQLite error or the SQLSTATE of PostgreSQL; never the message, which may quote values."""
    name = getattr(error, "sqlite_errorname", None)
    if isinstance(name, str):
        return name
    first = error.args[0] if getattr(error, "args", None) else None
    if isinstance(first, dict):
        return str(first.get("C", "unknown"))
    return type(error).__name__


_NOTHING_HALF = "A record is written whole or not at all; what was acknowledged before is kept."
_REACH = "Check that the server runs, the address, the database and the user's rights."
_KNOWN: tuple[tuple[type[StoreError], tuple[str, ...], str, str], ...] = (
    (StoreFull, ("SQLITE_FULL", "53100"), "there is no room left on the disk", "Make room, then repeat the last step."),
    (
        StoreUnwritable,
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_IOERR", "25006", "42501"),
        "the store cannot be written",
        "Check the disk, the folder's permissions and the rights of the user; SQLite needs to write into the folder.",
    ),
    (
        StoreDamaged,
        ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002", "58030"),
        "the database is damaged or is not a store",
        "Leave it as it is for inspection, and restore the newest backup into a new store (`reall store restore`).",
    ),
    (
        StoreBusy,
        ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40001", "40P01", "53300"),
        f"another program held the store for more than {BUSY_SECONDS} s",
        "Try again.",
    ),
    (
        StoreUnwritable,
        ("SQLITE_CONSTRAINT_TRIGGER", "23001"),
        "the store refuses to change or remove what was kept",
        "Save a new version instead.",
    ),
    (
        StoreUnreachable,
        ("08", "28", "3D000", "57P", "InterfaceError", "OperationalError"),
        "the database cannot be reached",
        _REACH,
    ),
)
