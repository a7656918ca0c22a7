"""Reads registry tables in batches: CSV, TSV, Excel, Parquet, or any data frame that Narwhals knows.

Text stays text (a cell may hold `<1e-4`), typed columns stay typed; what a cell means is decided in `cohort`. Every
row keeps its number: a row that cannot be read comes as an empty one, with the reason beside it. Memory: one batch,
but for Excel, whose reader holds the sheet.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq

from reall.base.errors import UnusableCase, WrongUsage
from reall.exchange.delimited import Delimited

ROWS_PER_BATCH = 1 << 18
_TEXT_ROWS_PER_BATCH = 1 << 16
_PARQUET = (".parquet", ".pq")
_MOST_COLUMNS = 10_000
_BYTES_OF_A_CODE = 2
"""Per row: a text column that takes less is stored as codes into a short list."""
_LARGEST_SHEET_BYTES = 1 << 29
"""Of an unpacked workbook: a small archive can unfold into gigabytes."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a row, or one of its cells, cannot be used, and what to do. Rows count from 1, without the header."""

    row: int
    column: str
    reason: str
    repair: str = ""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows of a table, in order; `done` is the share of the whole that has been read with them, in its units."""

    rows: pa.RecordBatch
    first_row: int
    done: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table to be read once: its columns, and its batches. `total` is its size in rows or bytes, for progress.

    `caveats` are what must stand beside every figure that is made of it.
    """

    name: str
    columns: tuple[str, ...]
    batches: Iterator[Batch]
    total: int
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def open_table(path: Path) -> Source:
    """Open a table by the ending of its name.

    Raises `UnusableCase` when it is missing, empty, no table, or its header names a column twice or not at all.
    """
    if not path.is_file():
        folder = "" if path.parent == Path() else str(path.parent)
        raise WrongUsage(f"there is no file {path.name!r}", where=folder, next="Check the path.")
    openers: dict[str, Callable[[Path], Source]] = {
        **dict.fromkeys(_PARQUET, _open_parquet),
        ".xlsx": _open_excel, ".xls": _open_excel, ".xlsm": _open_excel, ".xlsb": _open_excel, ".ods": _open_excel,
    }  # fmt: skip
    return openers.get(path.suffix.lower(), _open_text)(path)


def from_frame(frame: Any, name: str = "data frame") -> Source:
    """Take a data frame of any library that Narwhals knows (pandas, Polars, PyArrow, DuckDB, lazy ones, ...)."""
    native = nw.from_native(frame)
    whole = native.collect() if isinstance(native, nw.LazyFrame) else native
    return from_arrow(whole.to_arrow(), name)


def from_arrow(table: pa.Table, name: str, notes: Sequence[str] = (), caveats: Sequence[str] = ()) -> Source:
    """Take an Arrow table."""
    columns = checked_columns(table.column_names, name)
    return Source(
        name=name,
        columns=columns,
        batches=numbered(iter(table.combine_chunks().to_batches(max_chunksize=ROWS_PER_BATCH))),
        total=table.num_rows,
        notes=tuple(notes),
        caveats=tuple(caveats),
    )


def narrowed(source: Source, path: Path | None, columns: Collection[str]) -> Source:
    """Keep some columns of a table that was not read yet; of Parquet opened from `path` the others are not read."""
    kept = tuple(name for name in source.columns if name in columns)
    if path is not None and path.suffix.lower() in _PARQUET:
        return _open_parquet(path, kept)
    batches = (replace(batch, rows=batch.rows.select(kept)) for batch in source.batches)
    return replace(source, columns=kept, batches=batches)


def read_whole(source: Source) -> pa.Table:
    """Read a small table into memory as it stands. Raises `UnusableCase` at the first row that cannot be read."""
    batches = []
    for batch in source.batches:
        for problem in batch.problems:
            raise UnusableCase(problem.reason, where=f"{source.name}, row {problem.row}", next=problem.repair)
        batches.append(batch.rows)
    return pa.Table.from_batches(batches) if batches else pa.table({name: pa.nulls(0) for name in source.columns})


def checked_columns(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Give the columns' names. Raises `UnusableCase` where one is empty or stands there twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = ", ".join(str(i + 1) for i, name in enumerate(names) if name == twice[0])
        raise UnusableCase(
            f"the column {twice[0]!r} stands there {names.count(twice[0])} times (columns {places})"
            if twice[0]
            else f"columns {places} have no name",
            where=where,
            why="It would not be clear which one counts.",
            next="Give every column a name of its own.",
        )
    if not names or names == [""]:
        raise UnusableCase("the table has no header", where=where, next="Name the columns in the first line.")
    if "" in names:
        raise UnusableCase(f"column {names.index('') + 1} has no name", where=where, next="Name it in the first line.")
    if len(names) > _MOST_COLUMNS:
        raise UnusableCase(f"the table has {len(names):,} columns", where=where, next="Check that this is a registry.")
    return tuple(names)


def numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[Batch]:
    """Number the rows of batches that come in order."""
    before = 0
    for rows in batches:
        if rows.num_rows:
            yield Batch(rows=rows, first_row=before + 1, done=before + rows.num_rows)
            before += rows.num_rows


def _open_parquet(path: Path, only: Sequence[str] | None = None) -> Source:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnusableCase(f"this is no Parquet file: {error}", where=path.name) from None
    columns = checked_columns(only or file.schema_arrow.names, path.name)
    file = pq.ParquetFile(path, read_dictionary=_few_texts(file))
    return Source(
        name=path.name,
        columns=columns,
        batches=numbered(file.iter_batches(batch_size=ROWS_PER_BATCH, columns=only and list(only))),
        total=file.metadata.num_rows,
    )


def _few_texts(file: pq.ParquetFile) -> list[str]:
    """Name the text columns that hold few distinct texts, to read each text once instead of once per row."""
    schema, metadata = file.schema_arrow, file.metadata
    texts = {f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)}
    if metadata.num_row_groups == 0 or metadata.num_columns != len(schema):
        return []
    group = metadata.row_group(0)
    chunks = [group.column(i) for i in range(metadata.num_columns)]
    return [
        chunk.path_in_schema
        for chunk in chunks
        if chunk.path_in_schema in texts and chunk.total_uncompressed_size < _BYTES_OF_A_CODE * chunk.num_values
    ]


def _open_text(path: Path) -> Source:
    table = Delimited(path)
    columns = checked_columns(table.columns, path.name)
    note = ("the text is read as Windows-1252, because it is not UTF-8",) if table.encoding == "cp1252" else ()
    return Source(name=path.name, columns=columns, batches=_text_batches(table), total=path.stat().st_size, notes=note)


def _text_batches(table: Delimited) -> Iterator[Batch]:
    empty = [""] * len(table.columns)
    first = 1
    rows: list[list[str]] = []
    problems: list[Problem] = []
    for row in table.rows():
        if isinstance(row, str):
            repair = "Close the quotation mark, or double it." if "quotation" in row else "Correct the line."
            problems.append(Problem(row=first + len(rows), column="", reason=row, repair=repair))
            rows.append(empty)
        else:
            rows.append(row)
        if len(rows) == _TEXT_ROWS_PER_BATCH:
            yield _text_batch(table, rows, first, problems)
            first, rows, problems = first + len(rows), [], []
    if rows:
        yield _text_batch(table, rows, first, problems)


def _text_batch(table: Delimited, rows: list[list[str]], first: int, problems: list[Problem]) -> Batch:
    arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    made = pa.RecordBatch.from_arrays(arrays, names=list(table.columns))
    return Batch(rows=made, first_row=first, done=table.bytes_read, problems=tuple(problems))


def _open_excel(path: Path) -> Source:
    from python_calamine import CalamineError, load_workbook  # noqa: PLC0415 - only where a workbook is read

    try:
        formulas = _formulas_without_value(path)
        with load_workbook(str(path)) as book:
            cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, zipfile.BadZipFile, IndexError) as error:
        raise UnusableCase(f"this is no workbook: {error}", where=path.name) from None
    if not cells or not any(str(cell).strip() for cell in cells[0]):
        raise UnusableCase("the first sheet is empty", where=path.name, next="Put the table on the first sheet.")
    for row, column in formulas:
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = "=(formula without a stored value)"
    columns = checked_columns([str(cell).strip() for cell in cells[0]], path.name)
    rows = [[cell_text(cell) for cell in row] for row in cells[1:]]
    arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(columns))]
    return from_arrow(pa.Table.from_arrays(arrays, names=list(columns)), path.name)


def cell_text(cell: Any) -> str:
    """Write a cell as a person would type it; whole numbers without a decimal point.

    >>> cell_text(3.0), cell_text(True), cell_text("x")
    ('3', 'yes', 'x')
    """
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*><f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v>\s*</v>|<v\s*/>)?\s*</c>')
_LETTERS = 26


def _formulas_without_value(path: Path) -> list[tuple[int, int]]:
    """Find cells of the first sheet whose formula was never worked out, which would look empty. Row, column from 0."""
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return []
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_SHEET_BYTES:
            raise UnusableCase("the workbook is too large", where=path.name, next="Save the table as CSV or Parquet.")
        sheets = sorted(n for n in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n))
        if not sheets:
            return []
        found = _FORMULA.findall(archive.read(sheets[0]))
    return [(int(row) - 1, _column_number(letters.decode())) for letters, row in found]


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1
