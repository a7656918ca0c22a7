"""Disk full, read-only, damaged, busy, unreachable, older, newer: a clear error, and never half a record."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pg8000.dbapi
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from postgresql_server import Server
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from store_examples import case_file

from reall.base.errors import ReallError, WrongUsage
from reall.service.store import engine as engines
from reall.service.store import migrate, schema
from reall.service.store.engine import open_engine, reading, saying_what_failed, store_url, writing
from reall.service.store.errors import (
    NotKeepable,
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreUnreachable,
    StoreUnwritable,
    StoreVersion,
)
from reall.service.store.store import Store, migrate_store, open_store

NOBODY = 65534


def _filled(url: str, cases: int = 30) -> str:
    """Make a store with a few cases, and give its head."""
    with open_store(url) as store:
        for i in range(cases):
            store.save_case(None, case_file(f"child-{i}"), by="anna")
        return str(store.audit_head())


def _write_until_it_fails(store: Store) -> tuple[int, ReallError]:
    """Save cases until one fails; give how many were acknowledged, and the error."""
    for number in range(10_000):
        try:
            store.save_case(None, case_file(f"child-{number}", other="x" * 3_000), by="anna")
        except ReallError as error:
            return number, error
    raise AssertionError("the store never became full")


def _holds_exactly(store: Store, cases: int) -> None:
    assert len(store.cases()) == cases
    assert store.check().faults == ()


# --- full ----------------------------------------------------------------------------------------------------------


def test_a_full_database_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    url = str(tmp_path / "s.sqlite")
    with open_store(url) as store:
        event.listen(store._engine, "checkout", lambda opened, *_: opened.execute("PRAGMA max_page_count = 60").close())
        kept, error = _write_until_it_fails(store)
        assert isinstance(error, StoreFull)
        assert "no room left" in str(error)
        assert "written whole or not at all" in str(error)
        _holds_exactly(store, kept)
    with open_store(url) as store:
        store.save_case(None, case_file(), by="anna")
        _holds_exactly(store, kept + 1)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    done = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if not done or done.returncode != 0:
        pytest.skip("no small disk can be mounted here (needs root and the right to mount)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    with _small_disk(tmp_path / "disk") as disk:
        url = str(disk / "s.sqlite")
        with open_store(url) as store:
            kept, error = _write_until_it_fails(store)
            assert isinstance(error, StoreFull)
            _holds_exactly(store, kept)
            saved = store.backup(tmp_path / "elsewhere.backup", by="anna")
            assert (saved.faults, saved.counts["case_version"]) == ((), kept)
            with pytest.raises(ReallError, match=r"no room left|cannot be used"):
                store.backup(disk / "here.backup", by="anna")
            assert [f.name for f in disk.iterdir() if "reall" in f.name or "backup" in f.name] == []


# --- read only -----------------------------------------------------------------------------------------------------


def _as_nobody(url: str, elsewhere: Path) -> subprocess.CompletedProcess[str]:
    """Open and write as a user without rights; root may write anywhere."""
    program = f"""
import os, sys
from reall.service.store.store import open_store
from reall.base.errors import ReallError
open_store({str(elsewhere)!r}).close()  # loads what is loaded late: the other user may not be allowed to
if os.getuid() == 0:
    os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
try:
    open_store({url!r}).save_case(None, "{{}}", by="anna")
except ReallError as error:
    print(type(error).__name__, error)
"""
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)


@pytest.fixture
def others_may_look(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that other users can pass through, but not write to."""
    folder = Path(tempfile.mkdtemp(prefix="reall-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_folder_is_said(others_may_look: Path, tmp_path: Path) -> None:
    url = str(others_may_look / "s.sqlite")
    head = _filled(url, 2)
    (others_may_look / "s.sqlite").chmod(0o444)
    others_may_look.chmod(0o555)
    done = _as_nobody(url, tmp_path / "own.sqlite")
    assert "StoreUnwritable" in done.stdout, done.stdout
    assert "the store cannot be written" in done.stdout
    others_may_look.chmod(0o755)
    (others_may_look / "s.sqlite").chmod(0o644)
    with open_store(url) as store:
        assert store.verify_audit(head).faults == ()
        _holds_exactly(store, 2)


def test_a_folder_in_which_no_store_can_be_made_is_said(others_may_look: Path, tmp_path: Path) -> None:
    others_may_look.chmod(0o555)
    done = _as_nobody(str(others_may_look / "s.sqlite"), tmp_path / "own.sqlite")
    assert "StoreUnwritable" in done.stdout, done.stdout
    assert "Permission denied" in done.stdout
    assert list(others_may_look.iterdir()) == []


def test_a_path_that_is_no_file_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "f" / "s.sqlite"):
        (tmp_path / "f").write_text("")
        with pytest.raises(StoreUnwritable):
            open_store(str(path))


def _as_role(address: str, name: str, rights: str) -> str:
    """Make a role with some rights on the tables of a store, and give the address under which it works."""
    schema_name = store_url(address).username
    engine = open_engine(store_url(address))
    with engine.begin() as connection:
        for statement in (
            f"CREATE ROLE {name} LOGIN",
            f"ALTER ROLE {name} SET search_path = {schema_name}",
            f"GRANT USAGE ON SCHEMA {schema_name} TO {name}",
            f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema_name} TO {name}",
        ):
            connection.execute(text(statement))
    engine.dispose()
    return address.replace(f"{schema_name}@", f"{name}@")


def test_a_database_role_that_may_only_read_is_said(postgresql: Server) -> None:
    address = postgresql.new_place()
    head = _filled(address, 2)
    with open_store(_as_role(address, "looker", "SELECT"), create=False) as store:
        with pytest.raises(StoreUnwritable, match="42501"):
            store.save_case(None, case_file(), by="anna")
        assert store.verify_audit(head).faults == ()
        _holds_exactly(store, 2)


def test_a_role_that_may_only_add_is_enough(postgresql: Server) -> None:
    """The service needs no right to change or remove; docs/how-to/store.md says how to give it none."""
    address = postgresql.new_place()
    open_store(address).close()
    with open_store(_as_role(address, "adder", "SELECT, INSERT"), create=False) as store:
        store.save_case(None, case_file(), by="anna")
        _holds_exactly(store, 1)


# --- damaged -------------------------------------------------------------------------------------------------------


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"this is a letter, not a database\n" * 400)
    with pytest.raises(StoreDamaged, match="damaged or is not a store"):
        open_store(str(path))
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_damaged_database_is_said_or_found(tmp_path: Path) -> None:
    """Zeroes over each page in turn, and a cut at each: opening fails with a clear error, or `check` finds a fault."""
    path = tmp_path / "s.sqlite"
    _filled(str(path))
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    whole = path.read_bytes()
    page = 4096
    for start in range(page, len(whole), page):
        for damaged in (whole[: start - page] + bytes(page) + whole[start:], whole[:start]):
            path.write_bytes(damaged)
            try:
                with open_store(str(path), create=False) as store:
                    faults: tuple[Any, ...] = store.check().faults
            except (StoreDamaged, StoreUnreachable) as error:
                faults = (error,)
            assert faults, f"page {start // page}"
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)


def test_a_lost_write_ahead_log_is_found_by_a_printed_head(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    _filled(str(path), 2)
    store = open_store(str(path))
    store.save_case(None, case_file(), by="anna")
    head = str(store.audit_head())
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)  # without s.sqlite-wal: what a careless copy of a running store holds
    store.close()
    with open_store(str(copy), create=False) as old:
        assert "is not in the log" in old.verify_audit(head).faults[0]


# --- busy, unreachable -----------------------------------------------------------------------------------------------


def test_a_store_that_is_held_is_said(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.1)
    holder = open_engine(store_url(address))
    with open_store(address) as store:
        with writing(holder), pytest.raises(StoreBusy, match="Try again"):
            store.save_case(None, case_file(), by="anna")
        assert store.cases() == ()
        store.save_case(None, case_file(), by="anna")
    holder.dispose()


def test_too_many_questions_at_once_are_said(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store, ExitStack() as held:
        store._engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # instead of 30 s
        for _ in range(15):  # SQLAlchemy's pool: 5 connections and 10 more
            held.enter_context(reading(store._engine))
        with pytest.raises(StoreBusy, match="every connection"):
            store.cases()


def test_four_programs_start_at_once_and_one_makes_the_store(address: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(address), range(4)))
    assert [entry.action for entry in stores[0].audit_entries()] == ["store.created"]
    for store in stores:
        store.close()


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://reall:secret@127.0.0.1:{free.getsockname()[1]}/none"
        with pytest.raises(StoreUnreachable, match="cannot be reached") as caught:
            open_store(url)
    assert "secret" not in str(caught.value)
    assert "reall:***@127.0.0.1" in str(caught.value)


def test_a_database_that_is_not_there_is_said(engine_name: str, address: str) -> None:
    if engine_name == "sqlite":
        address += ".none"
    else:
        address = address.replace("/postgres", "/none")
    with pytest.raises(StoreUnreachable):
        open_store(address, create=False)
    with pytest.raises(StoreUnreachable):
        migrate_store(address, by="anna")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://x/y", "not a store that ReALL knows"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql+psycopg://x/y", "not a store that ReALL knows"),
        ("://", "cannot be read"),
    ],
)
def test_other_addresses_are_refused(url: str, says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        open_store(url)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StoreFull),
        ("42501", StoreUnwritable),
        ("25006", StoreUnwritable),
        ("23001", StoreUnwritable),
        ("XX001", StoreDamaged),
        ("55P03", StoreBusy),
        ("40001", StoreBusy),
        ("08006", StoreUnreachable),
        ("28P01", StoreUnreachable),
        ("57P03", StoreUnreachable),
        ("3D000", StoreUnreachable),
        ("22001", ReallError),
    ],
)
def test_what_postgresql_says_is_understood(state: str, kind: type[ReallError]) -> None:
    """SQLSTATE codes of PostgreSQL's manual, appendix A."""
    said = pg8000.dbapi.DatabaseError({"C": state, "M": "value 'Müller' of a patient"})
    with pytest.raises(kind) as caught, saying_what_failed("store"):
        raise DBAPIError("INSERT", {"name": "Müller"}, said)
    assert "ller" not in str(caught.value)


# --- versions of the tables ----------------------------------------------------------------------------------------


def test_the_migrations_build_the_tables_that_the_program_uses(store: Store) -> None:
    with reading(store._engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.METADATA) == []
        assert migrate.known_revisions() >= {schema.REVISION}
        assert migrate.revision_of(connection) == schema.REVISION


def _set_revision(url: str, revision: str) -> None:
    engine = open_engine(store_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
    engine.dispose()


def test_tables_of_a_newer_program_are_left_alone(address: str) -> None:
    open_store(address).close()
    _set_revision(address, "9999")
    for attempt in (lambda: open_store(address), lambda: migrate_store(address, by="anna")):
        with pytest.raises(StoreVersion, match="'9999', which this program does not know"):
            attempt()


def test_tables_of_an_older_program_are_not_used_before_they_are_migrated(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(address).close()
    assert migrate_store(address, by="anna") == (schema.REVISION, schema.REVISION)
    monkeypatch.setattr(migrate, "REVISION", "0002")
    monkeypatch.setattr(migrate, "known_revisions", lambda: {"0001", "0002"})
    with pytest.raises(StoreVersion, match="reall store migrate"):
        open_store(address)


def test_a_case_that_cannot_be_kept_is_said_before_the_store_is_asked(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "s.sqlite")) as store, pytest.raises(NotKeepable, match="empty"):
        store.save_case("case-0", " ", by="anna", expected=1)


def test_a_new_store_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "s.sqlite"
    with open_store(str(path)) as store:
        store.save_case(None, case_file(), by="anna")
        modes = {f.name: f.stat().st_mode & 0o777 for f in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
