"""Writes an assigned registry to Parquet or CSV, batch by batch, with what it rests on; and its problems beside it.

Writing runs in a thread of its own, so that the next batch is answered meanwhile.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from reall.base.errors import WrongUsage
from reall.exchange.tables import Problem

PROBLEM_COLUMNS = ("row", "column", "reason", "repair")
_ROWS_PER_GROUP = 1 << 16


class _Writer(Protocol):
    def write_batch(self, batch: pa.RecordBatch) -> None: ...
    def close(self) -> None: ...


class TableWriter:
    """Writes one table; the ending of the name says the format. Use it as a context manager.

    A name that ends in `.part` holds the file until it is whole.
    """

    def __init__(self, path: Path, about: Mapping[str, object]) -> None:
        """Prepare to write. `about` (versions, assumptions, notes) goes into the metadata of Parquet.

        Raises `WrongUsage` when the ending is neither .parquet nor .csv, or the folder does not exist.
        """
        if path.suffix.lower() not in {".parquet", ".pq", ".csv"}:
            raise WrongUsage(f"{path.name!r} ends neither in .parquet nor in .csv", next="Choose one of the two.")
        if not path.parent.is_dir():
            raise WrongUsage(f"there is no folder {str(path.parent)!r}", next="Make it first.")
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._about = {f"reall.{name}": json.dumps(value, ensure_ascii=False) for name, value in about.items()}
        self._writer: _Writer | None = None
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch; returns while it is being written."""
        self._wait()
        self._pending = self._pool.submit(self._write, batch)

    def _write(self, batch: pa.RecordBatch) -> None:
        alike = _as_text if self._path.suffix.lower() == ".csv" else _as_wide_codes
        for start in range(0, batch.num_rows, _ROWS_PER_GROUP):
            rows = alike(batch.slice(start, _ROWS_PER_GROUP))
            if self._writer is None:
                self._writer = self._open(rows.schema)
            self._writer.write_batch(rows.replace_schema_metadata(_metadata(rows.schema, self._about)))

    def _open(self, schema: pa.Schema) -> _Writer:
        if self._path.suffix.lower() == ".csv":
            made: _Writer = pa_csv.CSVWriter(self._part, schema)
        else:
            made = _parquet(self._part, schema.with_metadata(_metadata(schema, self._about)))
        return made

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._wait()
        finally:
            self._pool.shutdown()
            if self._writer is not None:
                self._writer.close()
                if kind is None:
                    self._part.replace(self._path)
                else:
                    self._part.unlink(missing_ok=True)


def _parquet(path: Path, schema: pa.Schema) -> _Writer:
    """Compress and count the table's own columns; codes into a few texts are packed as they are."""
    own = [field.name for field in schema if not pa.types.is_dictionary(field.type)]
    compression = {field.name: "zstd" if field.name in own else "none" for field in schema}
    made: _Writer = pq.ParquetWriter(path, schema, compression=compression, write_statistics=own)
    return made


def _metadata(schema: pa.Schema, about: Mapping[str, str]) -> dict[str | bytes, str | bytes]:
    return {**(schema.metadata or {}), **about}


def _as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Unfold columns that refer to texts, which a CSV file cannot."""
    arrays = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _as_wide_codes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give codes one width: a later batch may refer to more texts than the first, and a file has one schema."""
    arrays = [
        column.cast(pa.dictionary(pa.int32(), column.type.value_type))
        if pa.types.is_dictionary(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


class ProblemFile:
    """Lists, in a CSV file beside the result, the rows that cannot be used; made with the first of them."""

    def __init__(self, path: Path) -> None:
        """Prepare; an old list of the same name is removed, so that it cannot be taken for this run's."""
        self.path = path
        self.count = 0
        path.unlink(missing_ok=True)

    def add(self, problems: Iterable[Problem]) -> None:
        """Append problems."""
        rows = [(p.row, p.column, p.reason, p.repair) for p in problems]
        if not rows:
            return
        with self.path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            if not self.count:
                writer.writerow(PROBLEM_COLUMNS)
            writer.writerows(rows)
        self.count += len(rows)
