"""Tables that are no single file: folders of Parquet, Delta tables, DuckDB files, PostgreSQL, object stores.

DuckDB reads them all and hands over Arrow batches, so that memory stays at one batch. Its own PostgreSQL and S3
extensions must be fetched from a network at run time; the ADBC driver and Arrow's file system need none and feed it
instead. NaN becomes unknown at this door: DuckDB holds NaN > 3 for true.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pyarrow as pa
import pyarrow.parquet as pq

from reall.base.errors import UnusableCase, WrongUsage
from reall.exchange.tables import ROWS_PER_BATCH, Batch, Source, checked_columns, numbered, open_table

if TYPE_CHECKING:
    import duckdb

_UNREADABLE_DELTA = frozenset({"deletionVectors", "columnMapping", "v2Checkpoint", "typeWidening"})
"""Features of Delta tables whose data files alone do not hold the table's rows or names."""
_DUCKDB_FILES = (".duckdb", ".ddb")


@dataclass(frozen=True)
class Address:
    """A table that is no single file, as it was written. Its `name` shows no password."""

    text: str

    @property
    def name(self) -> str:
        """What to call the table in messages."""
        return shown(self.text)


Place = Path | Address
"""Where a table is."""


def place(text: str) -> Place:
    """Tell a file from everything else."""
    return Address(text) if is_address(text) else Path(text)


def is_address(name: str) -> bool:
    """Tell whether DuckDB has to read this: a URL, a folder, a pattern, or a table in a DuckDB file.

    >>> [is_address(name) for name in ("s3://bucket/relapses.parquet", "parts/*.parquet", "registry.csv")]
    [True, True, False]
    """
    path = Path(name)
    if path.is_file():
        return path.suffix.lower() in _DUCKDB_FILES
    return "://" in name or bool(glob.has_magic(name)) or path.is_dir() or _duckdb_file(name) is not None


def open_place(at: Place) -> Source:
    """Open a table, wherever it is."""
    return open_address(at.text) if isinstance(at, Address) else open_table(at)


def open_address(address: str, only: Sequence[str] | None = None) -> Source:
    """Open what `is_address` names, as batches in the order of its rows.

    `postgresql://host/database#schema.table` (password: PGPASSWORD or a password file), `s3://bucket/key` (AWS_…
    variables; AWS_ENDPOINT_URL names another store), a folder or pattern of Parquet files, a Delta table's folder,
    `registry.duckdb#table`. Of columns, `only` some are read.

    Raises `UnusableCase` when there is no such table, `WrongUsage` for another address.
    """
    import duckdb  # noqa: PLC0415 - 0.2 s, only where DuckDB reads

    name = shown(address)
    opened = ExitStack()
    try:
        relation = _relation(address, opened)
        columns = checked_columns(only or relation.columns, name)
        batches = _without_nan(relation, only).to_arrow_reader(ROWS_PER_BATCH)
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        raise UnusableCase(
            f"the table cannot be read: {_first_line(error, address)}", where=name, next="Check the address."
        ) from None
    return Source(name=name, columns=columns, batches=_read(batches, opened), total=0)


def parquet_files(address: str) -> list[str]:
    """Name the Parquet files of a file, a folder, a pattern or a Delta table, in order.

    Raises `UnusableCase` where there are none, or where a Delta table is more than its files.
    """
    path = Path(address)
    if (path / "_delta_log").is_dir():
        return _delta_files(path)
    found = sorted(path.glob("**/*.parquet")) if path.is_dir() else [Path(p) for p in sorted(glob.glob(address))]  # noqa: PTH207 - the pattern is the user's own
    files = [str(file) for file in found if file.is_file()]
    if not files:
        raise UnusableCase("there is no Parquet file", where=shown(address), next="Check the path.")
    return _alike(files)


def first_parquet_file(at: Place) -> Path | None:
    """Give a Parquet file of a table that consists of such files; its metadata say how the table was made."""
    if isinstance(at, Path):
        return at if at.suffix.lower() in {".parquet", ".pq"} else None
    if "://" in at.text or "#" in at.text:
        return None
    return Path(parquet_files(at.text)[0])


def shown(address: str) -> str:
    """Write an address without user name and password.

    >>> shown("postgresql://me:secret@localhost/registry#relapses")
    'postgresql://localhost/registry#relapses'
    """
    parts = urlsplit(address)
    if not parts.netloc:
        return Path(address).name or address
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def _relation(address: str, opened: ExitStack) -> duckdb.DuckDBPyRelation:
    """Give the rows; what has to stay open while they are read is put into `opened`."""
    import duckdb  # noqa: PLC0415

    scheme = urlsplit(address).scheme if "://" in address else ""
    file = None if scheme else _duckdb_file(address)
    table = _table(address.partition("#")[2], address) if file else ""
    connection = opened.enter_context(duckdb.connect(str(file), read_only=True) if file else duckdb.connect())
    if file:
        return connection.table(table)
    if scheme in {"postgresql", "postgres"}:
        return connection.from_arrow(_postgresql(address, opened))
    if scheme == "s3":
        return connection.from_arrow(_object_store(address))
    if scheme:
        raise WrongUsage(f"tables at {scheme}:// cannot be read", next="Use postgresql://, s3:// or a path.")
    return connection.read_parquet(parquet_files(address), union_by_name=False)


def _postgresql(address: str, opened: ExitStack) -> pa.RecordBatchReader:
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - only where a server is read

    uri, _, name = address.partition("#")
    table = _quoted(_table(name, address))
    try:
        cursor = opened.enter_context(opened.enter_context(dbapi.connect(uri)).cursor())
        cursor.execute(f"SELECT * FROM {table}")
        return cursor.fetch_record_batch()
    except dbapi.Error as error:
        opened.close()
        raise UnusableCase(
            f"the table cannot be read: {_first_line(error, address)}",
            where=shown(address),
            next="Check the address; the password is taken from PGPASSWORD or a password file.",
        ) from None


def _object_store(address: str) -> Any:
    from pyarrow import dataset  # noqa: PLC0415 - only where an object store is read
    from pyarrow.fs import FileSelector, FileType, S3FileSystem  # noqa: PLC0415

    parts = urlsplit(address)
    other = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))  # Arrow itself takes region and keys from AWS_… only
    store = S3FileSystem(endpoint_override=other.netloc, scheme=other.scheme or "https")
    key = f"{parts.netloc}{parts.path}".rstrip("/")
    if store.get_file_info(key).type == FileType.File:
        return dataset.dataset(key, filesystem=store, format="parquet")
    inside = store.get_file_info(FileSelector(key, recursive=True, allow_not_found=True))
    files = sorted(info.path for info in inside if info.path.endswith(".parquet"))
    if not files:
        raise UnusableCase("there is no Parquet file", where=shown(address), next="Check bucket and key.")
    return dataset.dataset(files, filesystem=store, format="parquet")


def _delta_files(path: Path) -> list[str]:
    try:
        from deltalake import DeltaTable  # noqa: PLC0415
        from deltalake.exceptions import DeltaError  # noqa: PLC0415
    except ImportError:
        raise WrongUsage(
            "Delta tables need the package deltalake", where=path.name, next="Install reall[spark]."
        ) from None
    try:
        table = DeltaTable(path)
        features = set(table.protocol().reader_features or ())
        uris: Sequence[str] = table.file_uris()
    except DeltaError as error:
        raise UnusableCase(f"this is no readable Delta table: {error}", where=path.name) from None
    if table.metadata().partition_columns or features & _UNREADABLE_DELTA:
        raise UnusableCase(
            "this Delta table keeps columns or deleted rows outside its data files",
            where=path.name,
            why="Reading the files alone would bring back rows that were deleted, or lose columns.",
            next="Write it as a plain Parquet folder first.",
        )
    return _alike(sorted(uris))


def _alike(files: list[str]) -> list[str]:
    """Refuse files with other columns than the first: an engine would drop columns, or fill them up, silently."""
    wanted: set[str] = set()
    for file in files:
        try:
            names = set(pq.read_schema(file).names)
        except (pa.ArrowException, OSError) as error:
            raise UnusableCase(f"this is no Parquet file: {error}", where=Path(file).name) from None
        wanted = wanted or names
        if names != wanted:
            raise UnusableCase(
                f"the columns are not those of {Path(files[0]).name}: {', '.join(sorted(names ^ wanted))}",
                where=Path(file).name,
                why="A column that some files lack would be lost, or count as unknown, without anybody noticing.",
                next="Give all files the same columns.",
            )
    return files


def _duckdb_file(name: str) -> Path | None:
    file = Path(name.partition("#")[0])
    return file if file.suffix.lower() in _DUCKDB_FILES and file.is_file() else None


def _table(name: str, address: str) -> str:
    if not name:
        raise WrongUsage("the address names no table", where=shown(address), next="Add #table, or #schema.table.")
    return name


def _quoted(name: str) -> str:
    """Quote a table's name, so that it can be nothing but a name.

    >>> _quoted('registry.re"lapses')
    '"registry"."re""lapses"'
    """
    return ".".join(_identifier(part) for part in name.split("."))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _without_nan(relation: duckdb.DuckDBPyRelation, only: Sequence[str] | None) -> duckdb.DuckDBPyRelation:
    """Make NaN NULL, and exact decimals plain numbers."""
    chosen = []
    for column, kind in zip(relation.columns, map(str, relation.types), strict=True):
        if only is not None and column not in only:
            continue
        name = _identifier(column)
        if kind in {"FLOAT", "DOUBLE"}:
            chosen.append(f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}")
        elif kind.startswith("DECIMAL") or kind in {"HUGEINT", "UHUGEINT"}:
            chosen.append(f"CAST({name} AS DOUBLE) AS {name}")
        else:
            chosen.append(name)
    return relation.project(", ".join(chosen))


def _read(reader: pa.RecordBatchReader, opened: ExitStack) -> Iterator[Batch]:
    """Number the batches; what they are read from stays open until they are."""
    with opened:
        yield from numbered(iter(reader))


def _first_line(error: Exception, address: str) -> str:
    """Say what went wrong without repeating a password."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    secret = urlsplit(address).password if "://" in address else None
    return text.replace(secret, "…") if secret else text
