"""Backups: one file that holds a whole store, whichever database it came from, and can be restored into either.

The file is a ZIP archive of `manifest.json` and `store.sqlite`, an ordinary SQLite database with all tables.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from reall import __version__
from reall.base.errors import WrongUsage
from reall.service.store import audit, checking
from reall.service.store.engine import (
    file_of,
    make_file,
    open_engine,
    reading,
    saying_what_failed,
    shown,
    store_url,
    writing,
)
from reall.service.store.errors import StoreDamaged, StoreVersion
from reall.service.store.migrate import known_revisions, revision_of, upgrade
from reall.service.store.records import Action, CheckReport, Detail
from reall.service.store.schema import CASES, REVISION, TABLES

FORMAT = "reall.backup/1"
_MANIFEST, _STORE = "manifest.json", "store.sqlite"
_ROWS_AT_ONCE = 200
_PIECE = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, EOFError, RuntimeError, ValueError, OSError,
)  # fmt: skip
"""What the reader of archives raises for one that is damaged."""
_ANOTHER = "Take another backup; this one cannot be trusted."


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What the manifest of a backup says. `faults` are those that the store had when the backup was made."""

    made_at: str
    program_version: str
    revision: str
    head: str
    counts: Mapping[str, int]
    faults: tuple[str, ...]
    sha256: str


def make_backup(engine: Engine, file: Path) -> Backup:
    """Write the whole store into `file`, as it is at one moment; it may be in use meanwhile.

    A store with faults is backed up all the same, with its faults in the manifest. Raises `WrongUsage` when the file
    is already there, and the store's errors.
    """
    if file.exists():
        raise WrongUsage(f"{file} is already there", why="A backup is never overwritten.", next="Choose another name.")
    with saying_what_failed(str(file)), tempfile.TemporaryDirectory(prefix=".reall-", dir=file.parent) as folder:
        copy, made = Path(folder) / _STORE, Path(folder) / "made"
        make_file(copy)
        _copy_out(engine, copy)
        about = _described(copy)
        with zipfile.ZipFile(made, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_MANIFEST, json.dumps(_manifest(about), indent=2))
            archive.write(copy, _STORE)
        with made.open("rb+") as written:
            os.fsync(written.fileno())
        made.chmod(0o600)
        made.rename(file)
        _sync_folder(file.parent)
    return about


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_out(engine: Engine, copy: Path) -> None:
    target = open_engine(store_url(str(copy)))
    try:
        if engine.dialect.name == "sqlite":
            with reading(engine) as source, target.connect() as sink:
                _driver(source).backup(_driver(sink))
        else:
            with reading(engine) as source, writing(target) as sink:
                upgrade(sink)
                _copy_rows(source, sink, without=())
        with saying_what_failed(str(copy)), target.connect() as sink:
            _driver(sink).execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    finally:
        target.dispose()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _copy_rows(source: Connection, target: Connection, *, without: Collection[str]) -> None:
    for table in TABLES:
        query = select(table).order_by(*table.primary_key.columns)
        if without and "case_id" in table.c:
            query = query.where(table.c.case_id.not_in(without))
        rows = source.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).mappings()
        for some in rows.partitions(_ROWS_AT_ONCE):
            target.execute(table.insert(), [dict(row) for row in some])


def _described(copy: Path) -> Backup:
    found = _checked(copy)
    return Backup(
        made_at=audit.now(),
        program_version=__version__,
        revision=found.revision,
        head=str(found.audit.head),
        counts=found.counts,
        faults=found.faults,
        sha256=_sha256(copy),
    )


def _checked(copy: Path) -> CheckReport:
    engine = open_engine(store_url(str(copy)))
    try:
        with reading(engine) as connection:
            return checking.check(connection)
    finally:
        engine.dispose()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _manifest(about: Backup) -> dict[str, Any]:
    return {"schema": FORMAT, **vars(about), "counts": dict(about.counts), "faults": list(about.faults)}


def restore(file: Path, url: str, *, by: str, without: Collection[str] = ()) -> Backup:
    """Make a new store at `url` from a backup, all of it or nothing, leaving out the cases `without`.

    The log goes on in the new store: with an entry for the restoration, and one for each case left out.
    Raises `StoreDamaged` for a damaged backup, `StoreVersion` for one of a newer program, and `WrongUsage` when there
    is already a store at `url` or a case to be left out is not in the backup.
    """
    address = store_url(url)
    with _unpacked(file) as (about, copy):
        path = file_of(address)
        new = path is not None and not path.exists()
        if path is not None and new:
            make_file(path)
        target = open_engine(address)
        try:
            _fill(target, copy, about, by=by, without=without)
        except BaseException:
            target.dispose()
            if path is not None and new:
                for end in ("", "-wal", "-shm"):
                    path.with_name(path.name + end).unlink(missing_ok=True)
            raise
        target.dispose()
    return about


def _fill(target: Engine, copy: Path, about: Backup, *, by: str, without: Collection[str]) -> None:
    source = open_engine(store_url(str(copy)))
    try:
        if about.revision != REVISION:
            with writing(source) as connection:
                upgrade(connection)
        with reading(source) as kept, writing(target) as connection:
            _refuse_filled(connection, shown(target.url))
            _refuse_unknown(kept, without)
            upgrade(connection)
            _copy_rows(kept, connection, without=without)
            audit.append(connection, Action.STORE_RESTORED, by=by, detail={Detail.FILE: about.sha256})
            for case_id in without:
                audit.append(connection, Action.CASE_ERASED, by=by, target=case_id)
    finally:
        source.dispose()


def _refuse_filled(connection: Connection, where: str) -> None:
    if revision_of(connection) is not None:
        raise WrongUsage(
            "there is already a store",
            where=where,
            why="A restoration never mixes with, or replaces, what is kept.",
            next="Name a new file, or an empty database.",
        )


def _refuse_unknown(kept: Connection, without: Collection[str]) -> None:
    for case_id in without:
        if kept.execute(select(CASES.c.case_id).where(CASES.c.case_id == case_id).limit(1)).first() is None:
            raise WrongUsage(f"the backup has no case {case_id!r}", where="--without", next="Check the id.")


@contextmanager
def _unpacked(file: Path) -> Iterator[tuple[Backup, Path]]:
    """Give the manifest and a copy of the database, in a folder of its own, after checking both."""
    with saying_what_failed(str(file)), tempfile.TemporaryDirectory(prefix="reall-") as folder:
        copy = Path(folder) / _STORE
        try:
            with zipfile.ZipFile(file) as archive:
                about = _read_manifest(archive.read(_MANIFEST), file)
                with archive.open(_STORE) as packed, copy.open("xb") as out:
                    shutil.copyfileobj(packed, out, _PIECE)
        except _UNREADABLE as bad:
            if isinstance(bad, OSError) and bad.errno != errno.EINVAL:  # EINVAL: the archive points before its start
                raise
            raise StoreDamaged("this is not a whole backup of ReALL", where=str(file), next=_ANOTHER) from bad
        if _sha256(copy) != about.sha256:
            raise StoreDamaged("the backup is damaged: its checksum is wrong", where=str(file), next=_ANOTHER)
        yield about, copy


def _read_manifest(written: bytes, file: Path) -> Backup:
    said = json.loads(written)
    if not isinstance(said, dict) or said.pop("schema", None) != FORMAT:
        raise StoreVersion("the backup has a format that this program does not know", where=str(file), next=_NEWER)
    if said.get("revision") not in known_revisions():
        raise StoreVersion(
            f"the backup has tables of revision {said.get('revision')!r}, which this program does not know",
            where=str(file),
            next=_NEWER,
        )
    try:
        return Backup(**{**said, "faults": tuple(said["faults"])})
    except TypeError as bad:
        raise StoreDamaged("the manifest of the backup has other keys", where=str(file), next=_ANOTHER) from bad


_NEWER = "Restore it with the version of ReALL that made it, or a later one."
