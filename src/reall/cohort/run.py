"""Assigns a registry from file to file, or from data frame to table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from reall import __version__
from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.assign import Assigner
from reall.cohort.assume import Assumption, read_assumption
from reall.cohort.output import ProblemFile, TableWriter
from reall.cohort.registry import registry_columns
from reall.exchange.addresses import Place
from reall.exchange.mapping import read_mapping
from reall.exchange.registries import open_registry
from reall.exchange.tables import Problem, Source, from_frame
from reall.library.knowledge import Knowledge

FIRST_PROBLEMS = 20
"""How many problems a summary quotes; all of them are in the file beside the result."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What became of a registry.

    `counts`: per table, rows by group, or by status where there is none. `assumptions`: the rows that each fills;
    `against`: the rows that say otherwise, where it is not used.
    """

    name: str
    form: str
    rows: int
    unusable: int
    counts: dict[str, dict[str, int]]
    assumptions: dict[str, int]
    against: dict[str, int]
    notes: tuple[str, ...]
    first_problems: tuple[Problem, ...]
    problem_file: Path | None
    out: Path | None


def assign_file(
    path: Place,
    knowledge: Knowledge,
    *,
    out: Path | None = None,
    form: str = "",
    mapping: Path | None = None,
    assume: Sequence[str] = (),
    keep: bool = False,
    options: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Summary:
    """Answer every system for every row of a table; write the table with its answers to `out`.

    With `options`, who is eligible for which option is answered too.
    `mapping` is a mapping file (`reall cohort map`); `progress` is told how much of how much is done. Rows that cannot
    be used keep their place, with the status `unusable`, and are listed with reason and repair in
    `<out>.problems.csv`.
    Raises `UnusableCase` when the table as a whole cannot be used, `WrongUsage` for wrong names.
    """
    if out is not None and isinstance(path, Path) and out.exists() and path.exists() and out.samefile(path):
        raise WrongUsage("the result would overwrite the table it is made from", next="Choose another name for --out.")
    assumptions = [read_assumption(text, knowledge.vocabulary) for text in assume]
    source, form = open_for(path, knowledge, form, mapping)
    assigner = assigner_of(source, knowledge, assumptions, keep=keep or mapping is not None, options=options)
    listed = ProblemFile(out.with_name(out.name + ".problems.csv")) if out else None
    first: list[Problem] = []
    with TableWriter(out, about(knowledge, assumptions, source)) if out else nullcontext() as writer:
        for batch in source.batches:
            assigned = assigner.assign(batch)
            if writer is not None:
                writer.write(assigned.rows)
            if listed is not None:
                listed.add(assigned.problems)
            first += assigned.problems[: FIRST_PROBLEMS - len(first)]
            progress(batch.done, source.total)
    if not assigner.rows:
        raise UnusableCase("the table has a header and no rows", where=path.name, next="Give one row per relapse.")
    return Summary(
        name=path.name,
        form=form,
        rows=assigner.rows,
        unusable=assigner.unusable,
        counts={id_: dict(counts) for id_, counts in assigner.counts.items()},
        assumptions=assigner.touched,
        against=assigner.against,
        notes=(*source.notes, *source.caveats, *assigner.remarks),
        first_problems=tuple(first),
        problem_file=listed.path if listed is not None and listed.count else None,
        out=out,
    )


def about(knowledge: Knowledge, assumptions: Sequence[Assumption], source: Source | None = None) -> dict[str, object]:
    """Say what an assigned table rests on; goes into its metadata."""
    return {
        "version": __version__,
        "knowledge_version": knowledge.version,
        "knowledge_fingerprint": knowledge.fingerprint,
        "assumptions": [a.text for a in assumptions],
        "notes": source.notes if source else (),
        "caveats": source.caveats if source else (),
    }


def assign_frame(
    frame: Any, knowledge: Knowledge, *, assume: Sequence[str] = (), keep: bool = False, options: bool = False
) -> tuple[pa.Table, tuple[Problem, ...]]:
    """Answer every system for every row of a data frame (pandas, Polars, PyArrow, DuckDB, ...).

    Gives the table with its answers, and the problems of rows that cannot be used.
    """
    source = from_frame(frame)
    assumptions = [read_assumption(text, knowledge.vocabulary) for text in assume]
    assigner = assigner_of(source, knowledge, assumptions, keep=keep, options=options)
    done = [assigner.assign(batch) for batch in source.batches]
    if not done:
        raise UnusableCase("the table has no rows", where=source.name)
    return pa.Table.from_batches([d.rows for d in done]), tuple(p for d in done for p in d.problems)


def assigner_of(
    source: Source,
    knowledge: Knowledge,
    assumptions: Sequence[Assumption],
    *,
    keep: bool,
    options: bool = False,
    only: Collection[str] | None = None,
) -> Assigner:
    """Make the assigner of a table; its errors name the table. Raises `UnusableCase`."""
    try:
        return Assigner(source.columns, knowledge, assumptions=assumptions, keep=keep, options=options, only=only)
    except UnusableCase as error:
        raise UnusableCase(error.what, where=source.name, why=error.why, next=error.next) from None


def open_for(path: Place, knowledge: Knowledge, form: str = "", mapping: Path | None = None) -> tuple[Source, str]:
    """Open a registry of any form, through a mapping file where one is given."""
    targets = registry_columns(knowledge.vocabulary)
    read = read_mapping(mapping, targets) if mapping else None
    return open_registry(path, primary_subtypes(knowledge), form, read, tuple(targets))


def primary_subtypes(knowledge: Knowledge) -> tuple[str, ...]:
    """Name the primary genetic subtypes, which importers need."""
    return tuple(str(answer) for answer in knowledge.vocabulary.facts["primary_subtype"].answers)
