"""A registry past one machine: the same `Assigner`, once per partition, on Spark.

Spark reads Parquet (or the files of a Delta table) and spreads the work; each task answers its rows with the compiled
knowledge, which travels to it once, and writes its own part of the result. No row is shuffled: only counts of distinct
answers, and the first problems, come back. So the answers cannot differ from those of one machine.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa

from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.assign import Assigner
from reall.cohort.assume import read_assumption
from reall.cohort.output import PROBLEM_COLUMNS, TableWriter
from reall.cohort.run import FIRST_PROBLEMS, Summary, about
from reall.exchange.addresses import Address, Place, parquet_files
from reall.exchange.registries import simulated_caveats
from reall.exchange.tables import Batch, Problem, checked_columns
from reall.library.knowledge import Knowledge

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FILE, ROW = "reall.file", "reall.row"
"""Where a row stood: Spark keeps no order, so each row of the result names its file, and its number there from 1."""
_ROWS_PER_BATCH = 1 << 17


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What every task needs; travels as one broadcast."""

    knowledge: Knowledge
    columns: tuple[str, ...]
    assume: tuple[str, ...]
    keep: bool
    options: bool
    root: str
    out: str
    problems: str


def session(master: str) -> SparkSession:
    """Start Spark, or take the session that runs already. Raises `WrongUsage` where Java or PySpark is missing."""
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra; slow to import
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise WrongUsage("PySpark is not installed", next="Install reall[spark], and Java 17.") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("reall").master(master)
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_PER_BATCH),
        "spark.sql.parquet.enableVectorizedReader": "true",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WrongUsage(f"Spark does not start: {reason}", next="Install Java 17, or set JAVA_HOME.") from None


def assign_spark(
    table: Place,
    knowledge: Knowledge,
    *,
    out: Path,
    master: str = "local[*]",
    assume: Sequence[str] = (),
    keep: bool = False,
    options: bool = False,
) -> Summary:
    """Answer every system for every row of Parquet files or a Delta table; write one Parquet part per task to `out`.

    `out` is a new folder that all executors can write to. Rows that cannot be used are listed beside it. Raises as
    `cohort.run.assign_file` does.
    """
    address = table.text if isinstance(table, Address) else str(table)
    if isinstance(table, Path) and table.suffix.lower() not in {".parquet", ".pq"}:
        raise WrongUsage("Spark reads Parquet and Delta tables only", next="Save the table as Parquet first.")
    if out.exists():
        raise WrongUsage(f"{out.name!r} exists already", where="--out", next="Name a new folder.")
    for text in assume:
        read_assumption(text, knowledge.vocabulary)
    files = parquet_files(address)
    spark = session(master)
    frame = spark.read.parquet(*files)
    columns = checked_columns(frame.columns, table.name)
    first = Assigner(
        columns, knowledge, keep=keep, options=options
    )  # refuses a misspelled column before any task starts
    problems = out.with_name(out.name + ".problems")
    if problems.exists():
        shutil.rmtree(problems)  # an older run's list must not be taken for this one's
    out.mkdir(parents=True)
    work = _Work(
        knowledge=knowledge,
        columns=columns,
        assume=tuple(assume),
        keep=keep,
        options=options,
        root=f"{os.path.commonpath([Path(file).resolve().parent for file in files])}/",
        out=str(out.resolve()),
        problems=str(problems.resolve()),
    )
    rows = frame.select("*", "_metadata.file_path", "_metadata.row_index")
    told = rows.mapInArrow(_answer_partition(spark.sparkContext.broadcast(work)), _TOLD_SCHEMA)
    summary = _summary(told.toArrow(), table.name, first, assume)
    return replace(summary, out=out, problem_file=problems if problems.exists() else None)


_TOLD_SCHEMA = "kind string, about string, value string, rows long, file string, row long, reason string, repair string"
_TOLD = pa.schema(
    [("kind", pa.string()), ("about", pa.string()), ("value", pa.string()), ("rows", pa.int64()),
     ("file", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("repair", pa.string())]
)  # fmt: skip


def _answer_partition(work: Any) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Make the function that Spark calls with the batches of each partition."""

    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext  # noqa: PLC0415 - runs in a worker of Spark

        context = TaskContext.get()
        number = context.partitionId() if context is not None else 0
        yield _answer(work.value, batches, number)

    return answer


def _answer(work: _Work, batches: Iterable[pa.RecordBatch], number: int) -> pa.RecordBatch:
    """Answer one partition, write its part, and tell what became of it."""
    assumptions = [read_assumption(text, work.knowledge.vocabulary) for text in work.assume]
    assigner = Assigner(work.columns, work.knowledge, assumptions=assumptions, keep=work.keep, options=work.options)
    problems: list[tuple[str, Problem]] = []
    with TableWriter(Path(work.out) / f"part-{number:05d}.parquet", about(work.knowledge, assumptions)) as writer:
        for file, batch in _runs(batches, work.root):
            assigned = assigner.assign(batch)
            writer.write(_placed(assigned.rows, file, batch.first_row))
            problems += [(file, problem) for problem in assigned.problems]
    _list_problems(problems, Path(work.problems) / f"part-{number:05d}.csv")
    return pa.RecordBatch.from_pylist([*_told(assigner), *_first(problems)], schema=_TOLD)


def _told(assigner: Assigner) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"kind": "rows", "rows": assigner.rows},
        {"kind": "unusable", "rows": assigner.unusable},
    ]
    for kind, counts in (("touched", assigner.touched), ("against", assigner.against)):
        told += [{"kind": kind, "about": text, "rows": rows} for text, rows in counts.items()]
    for id_, counted in assigner.counts.items():
        told += [{"kind": "count", "about": id_, "value": value, "rows": rows} for value, rows in counted.items()]
    return told


def _first(problems: Sequence[tuple[str, Problem]]) -> list[dict[str, Any]]:
    return [
        {"kind": "problem", "about": p.column, "file": file, "row": p.row, "reason": p.reason, "repair": p.repair}
        for file, p in problems[:FIRST_PROBLEMS]
    ]


def _list_problems(problems: Sequence[tuple[str, Problem]], path: Path) -> None:
    if not problems:
        return
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file", *PROBLEM_COLUMNS))
        writer.writerows((file, p.row, p.column, p.reason, p.repair) for file, p in problems)


def _runs(batches: Iterable[pa.RecordBatch], root: str) -> Iterator[tuple[str, Batch]]:
    """Cut the batches where a file ends or rows are left out, so that every row keeps its number in its file.

    A file is named below `root`, for two folders may hold files of one name.
    """
    for batch in batches:
        if not batch.num_rows:
            continue
        path, index = batch.column("file_path"), batch.column("row_index").to_numpy()
        files = path.dictionary_encode()
        codes = files.indices.to_numpy()
        cuts = np.flatnonzero((np.diff(index) != 1) | (np.diff(codes) != 0)) + 1
        rows = batch.drop_columns(["file_path", "row_index"])
        for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), batch.num_rows], strict=True):
            file = unquote(urlsplit(str(path[start])).path).removeprefix(root)
            yield file, Batch(rows=rows.slice(start, end - start), first_row=int(index[start]) + 1, done=0)


def _placed(rows: pa.RecordBatch, file: str, first_row: int) -> pa.RecordBatch:
    """Say in every row where it stood."""
    place = pa.array(range(first_row, first_row + rows.num_rows), pa.int64())
    name = pa.DictionaryArray.from_arrays(pa.nulls(rows.num_rows, pa.int8()).fill_null(0), pa.array([file]))
    return pa.RecordBatch.from_arrays([name, place, *rows.columns], names=[FILE, ROW, *rows.schema.names])


def _summary(told: pa.Table, name: str, first: Assigner, assume: Sequence[str]) -> Summary:
    """Add up what the tasks tell."""
    sums: Counter[tuple[str, str]] = Counter()
    counts: dict[str, Counter[str]] = {id_: Counter() for id_ in first.tables}
    problems: list[tuple[str, Problem]] = []
    for row in told.to_pylist():
        if row["kind"] == "problem":
            problem = Problem(row=row["row"], column=row["about"], reason=row["reason"], repair=row["repair"])
            problems.append((row["file"], problem))
        elif row["kind"] == "count":
            counts[row["about"]][row["value"]] += row["rows"]
        else:
            sums[row["kind"], row["about"] or ""] += row["rows"]
    if not sums["rows", ""]:
        raise UnusableCase("the table has no rows", where=name, next="Give one row per relapse.")
    problems.sort(key=lambda found: (found[0], found[1].row))
    return Summary(
        name=name,
        form="table",
        rows=sums["rows", ""],
        unusable=sums["unusable", ""],
        counts={id_: dict(counted) for id_, counted in counts.items()},
        assumptions={text: sums["touched", text] for text in assume},
        against={text: sums["against", text] for text in assume},
        notes=(*simulated_caveats(first.registry.linking), *first.remarks),
        first_problems=tuple(problem for _, problem in problems[:FIRST_PROBLEMS]),
        problem_file=None,
        out=None,
    )
