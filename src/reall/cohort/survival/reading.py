"""Passes once over a registry, with the answers and facts that a question needs.

A table that was assigned before keeps its answers (`reall cohort assign --out`); otherwise the rows are answered here,
by the same rules.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reall.base.errors import UnusableCase
from reall.cohort.answer_columns import PARTS
from reall.cohort.assign import ASSUMED, Assigner, tables_of
from reall.cohort.assume import read_assumption
from reall.cohort.columns import Flags
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.run import assigner_of, open_for
from reall.exchange.addresses import Address, Place, first_parquet_file, open_address
from reall.exchange.tables import Problem, Source, narrowed
from reall.library.knowledge import Knowledge
from reall.rules.patterns import Column

FIRST_PROBLEMS = 20
Progress = Callable[[int, int], None]
"""Told how much of how much is read."""


def silent(done: int, total: int) -> None:
    """Say nothing of the progress."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Some rows of the table with their answers. `facts` and `cells` are there where they were asked for."""

    table: pa.RecordBatch
    bad: Flags
    first_row: int
    facts: FactsOfRows | None = None
    cells: Mapping[int, Column] = field(default_factory=dict)


@dataclass(kw_only=True)
class Reading:
    """What a pass over a table found, complete once `batches` is used up. Assumptions come with the rows they fill."""

    name: str
    form: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    caveats: tuple[str, ...]
    knowledge_version: str
    batches: Iterator[Rows]
    assumptions: dict[str, int | None] = field(default_factory=dict)
    rows: int = 0
    unusable: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    def note(self, problems: Sequence[Problem]) -> None:
        """Count problems, and keep the first few."""
        self.problem_count += len(problems)
        self.problems += problems[: FIRST_PROBLEMS - len(self.problems)]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How a table is to be read: its form (empty: told by its columns), assumptions, odd names, a mapping file."""

    form: str = ""
    assume: tuple[str, ...] = ()
    keep: bool = False
    mapping: Path | None = None


class Table:
    """A table that was opened: its columns are known, its rows not read yet."""

    def __init__(self, path: Place, knowledge: Knowledge, opening: Opening) -> None:
        """Open. Raises `UnusableCase` or `WrongUsage` when it is no table."""
        self.path = path
        self.knowledge = knowledge
        self.opening = opening
        self._source, self.form = open_for(path, knowledge, opening.form, opening.mapping)
        self._all_answers = {f"{id_}.{part}" for id_ in tables_of(knowledge) for part in PARTS} | {ASSUMED}

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's own columns, answers of an earlier run left out."""
        return tuple(name for name in self._source.columns if name not in self._all_answers)

    def answered(self, id_: str) -> bool:
        """Whether the table holds the answers of an earlier run, which an assumption of now would not have changed."""
        has = {f"{id_}.{part}" for part in PARTS[:3]} <= set(self._source.columns)
        return has and not self.opening.assume

    def read(
        self,
        *,
        tables: Collection[str] = (),
        facts: bool = False,
        own: Collection[str] | None = None,
        progress: Progress = silent,
    ) -> Reading:
        """Prepare one pass. `tables` are answers wanted; `facts`, whether the facts of the rows are.

        `own` are the only other columns wanted, where neither is worked out here; None: all.
        """
        taken = [id_ for id_ in tables if self.answered(id_)]
        made = [id_ for id_ in tables if id_ not in taken]
        answers = [f"{id_}.{part}" for id_ in taken for part in PARTS[:3]]
        work_out = facts or bool(made)
        wanted = {*(self.columns if work_out or own is None else own), *answers}
        source = self._source if wanted == set(self._source.columns) else self._narrowed(wanted)
        assumptions = [read_assumption(text, self.knowledge.vocabulary) for text in self.opening.assume]
        assigner = None
        if work_out:
            bare = _without(source, answers)
            assigner = assigner_of(bare, self.knowledge, assumptions, keep=self._keep, only=made)
        version, earlier = self._made_with(taken)
        reading = Reading(
            name=self.path.name,
            form=self.form,
            columns=self.columns,
            notes=(*self._source.notes, *earlier),
            caveats=tuple(dict.fromkeys((*self._source.caveats, *self._listed("caveats")))),
            knowledge_version=version,
            batches=iter(()),
            assumptions=dict.fromkeys(self._listed("assumptions") if taken else ()),
        )
        reading.batches = _batches(source, assigner, reading, progress)
        return reading

    @property
    def _keep(self) -> bool:
        return self.opening.keep or self.opening.mapping is not None

    def _narrowed(self, wanted: Collection[str]) -> Source:
        """Keep some columns; a mapped table cannot be opened anew with fewer."""
        if self.opening.mapping is not None:
            return narrowed(self._source, None, wanted)
        if isinstance(self.path, Address):
            return open_address(self.path.text, only=[name for name in self._source.columns if name in wanted])
        return narrowed(self._source, self.path, wanted)

    def _made_with(self, taken: Sequence[str]) -> tuple[str, list[str]]:
        """Give the version of the knowledge behind the answers, and what must be said about it."""
        if not taken:
            return self.knowledge.version, []
        about = self._about()
        version = str(about.get("knowledge_version", "unknown"))
        same = about.get("knowledge_fingerprint") == self.knowledge.fingerprint
        note = f"the answers were taken from the table, where knowledge {version} gave them"
        return version, [note if same else f"{note}; the knowledge of this program is {self.knowledge.version}"]

    def _listed(self, name: str) -> list[str]:
        found = self._about().get(name, [])
        return [str(text) for text in found] if isinstance(found, list) else []

    def _about(self) -> dict[str, object]:
        """Read what `reall cohort assign` wrote about its run; nothing is known of a table that is not Parquet."""
        file = first_parquet_file(self.path)
        if file is None:
            return {}
        metadata = pq.read_schema(file).metadata or {}
        mark = b"reall."
        return {
            name.removeprefix(mark).decode(): json.loads(text)
            for name, text in metadata.items()
            if name.startswith(mark)
        }


def _without(source: Source, columns: Collection[str]) -> Source:
    """Hide columns from a reader that would refuse them."""
    return replace(source, columns=tuple(name for name in source.columns if name not in columns))


def _batches(source: Source, assigner: Assigner | None, reading: Reading, progress: Progress) -> Iterator[Rows]:
    assumed: Counter[str] = Counter()
    for batch in source.batches:
        if assigner is None:
            reading.note(batch.problems)
            nowhere = np.zeros(batch.rows.num_rows, dtype=np.bool_)
            yield Rows(table=batch.rows, bad=nowhere, first_row=batch.first_row)
        else:
            done = assigner.assign(batch)
            reading.note(done.problems)
            reading.unusable = assigner.unusable
            yield Rows(table=done.rows, bad=done.bad, first_row=batch.first_row, facts=done.facts, cells=done.cells)
            assumed = Counter(assigner.touched)
        reading.rows += batch.rows.num_rows
        progress(batch.done, source.total)
    reading.assumptions |= dict(assumed) if assigner else {}
    if not reading.rows:
        raise UnusableCase("the table has a header and no rows", where=source.name, next="Give one row per relapse.")
