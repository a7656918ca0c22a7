"""Answers a whole registry: every definition, system and transplant rule for every row, as columns beside its own.

The rows are answered by the diagrams of single cases (`rules.patterns`), batch by batch; a row that cannot be used
keeps its place and says so in every table. Answers are written as codes into a few distinct texts, so that no text is
made per row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from reall.base.errors import UnusableCase
from reall.cohort.answer_columns import PARTS, AnswerColumns
from reall.cohort.assume import Assumption, apply, retract
from reall.cohort.cells_of_rows import cells_of, contradictions, nothing_known
from reall.cohort.columns import Codes, Flags
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.faults import Faults
from reall.cohort.registry import recognise, remarks
from reall.exchange.tables import Batch, Problem
from reall.facts.case import nobody_fits
from reall.library.knowledge import Knowledge
from reall.library.therapy import option_table
from reall.rules.patterns import Column, Rows
from reall.stratify.assess import assess

ASSUMED = "reall.assumed"
OPTION = "option."
"""Before the ids of options in the names of their columns."""
_THREADS = 2


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """A batch with its answer columns, the rows that could not be used, and what the answers rest on."""

    rows: pa.RecordBatch
    problems: tuple[Problem, ...]
    facts: FactsOfRows
    cells: Mapping[int, Column]

    @property
    def bad(self) -> Flags:
        """Rows that cannot be used."""
        return self.facts.faults.bad


def tables_of(knowledge: Knowledge, *, options: bool = False) -> dict[str, str]:
    """Give the table behind every answer column's name: definitions, systems, transplant rules, options if wanted."""
    return {
        **{id_: id_ for id_ in (*knowledge.derived_ids, *knowledge.system_ids)},
        **{f"transplant.{public}": table for public, table in knowledge.transplant_ids.items()},
        **({f"{OPTION}{id_}": option_table(id_) for id_ in knowledge.therapy.options} if options else {}),
    }


class Assigner:
    """Assigns the rows of one table, batch after batch, and counts the answers."""

    def __init__(
        self,
        columns: Sequence[str],
        knowledge: Knowledge,
        *,
        assumptions: Sequence[Assumption] = (),
        keep: bool = False,
        options: bool = False,
        only: Collection[str] | None = None,
    ) -> None:
        """Prepare for a table with these columns.

        With `options`, who is eligible for which option is answered too; `only` names the answers that are wanted, if
        not all.

        Raises `UnusableCase` when the columns cannot be what they seem.
        """
        self.knowledge = knowledge
        self.assumptions = tuple(assumptions)
        every = tables_of(knowledge, options=options)
        answers = [f"{id_}.{part}" for id_ in every for part in PARTS]
        self.tables = {id_: table for id_, table in every.items() if only is None or id_ in only}
        self.registry = recognise(columns, knowledge.vocabulary, answers=answers, keep=keep)
        self.remarks = remarks(self.registry, knowledge.vocabulary)
        self.counts: dict[str, Counter[str]] = {id_: Counter() for id_ in self.tables}
        self.touched: dict[str, int] = dict.fromkeys((a.text for a in self.assumptions), 0)
        self.against: dict[str, int] = dict(self.touched)
        self.rows = self.unusable = 0
        self._constant = nothing_known(knowledge)
        self._written = {
            id_: AnswerColumns(knowledge, table, option=id_.startswith(OPTION)) for id_, table in self.tables.items()
        }

    def assign(self, batch: Batch) -> Assigned:
        """Answer one batch."""
        faults = Faults(batch.rows.num_rows, batch.first_row)
        faults.take(batch.problems)
        facts = FactsOfRows(batch.rows, self.registry, self.knowledge.vocabulary, faults)
        columns = cells_of(facts, self.knowledge, self._constant)
        for row, (broken, error) in contradictions(facts, columns, self.knowledge, self._constant).items():
            faults.add(row, broken, error)
        assumed = [self._assume(assumption, facts) for assumption in self.assumptions]
        if assumed:
            columns = cells_of(facts, self.knowledge, self._constant)
        known = Rows.of(columns, facts.rows, self._constant)
        with ThreadPoolExecutor(_THREADS) as pool:
            codes = dict(zip(self._written, pool.map(lambda w: w.answer(known), self._written.values()), strict=True))
        self._refuse_unanswered(codes, facts)
        blunt = _blunt(facts, self.knowledge)
        arrays, names = list(batch.rows.columns), list(batch.rows.schema.names)
        for id_, written in self._written.items():
            self.counts[id_].update(written.count(codes[id_], faults.bad))
            arrays += written.columns(codes[id_], faults.bad, blunt)
            names += [f"{id_}.{part}" for part in PARTS]
        if self.assumptions:
            arrays.append(self._assumed(assumed, faults.bad))
            names.append(ASSUMED)
        self.rows += facts.rows
        self.unusable += int(faults.bad.sum())
        rows = pa.RecordBatch.from_arrays(arrays, names=names)
        return Assigned(rows=rows, problems=faults.problems, facts=facts, cells=columns)

    def _assume(self, assumption: Assumption, facts: FactsOfRows) -> Flags:
        """Fill in what is assumed, except where the row itself says otherwise. Gives the rows that are touched."""
        touched = apply(assumption, facts)
        columns = cells_of(facts, self.knowledge, self._constant)
        against = np.zeros(facts.rows, dtype=np.bool_)
        against[list(contradictions(facts, columns, self.knowledge, self._constant))] = True
        against &= touched
        retract(assumption, facts, against)
        self.against[assumption.text] += int(against.sum())
        return touched & ~against

    def _refuse_unanswered(self, codes: dict[str, Codes], facts: FactsOfRows) -> None:
        """Report rows that no child can fulfil, which only the tables show, in the words of the single case."""
        for id_, written in self._written.items():
            nobody = written.nobody
            if nobody is None:
                continue
            for row in np.flatnonzero((codes[id_] == nobody) & ~facts.faults.bad).tolist():
                case = facts.case(row)
                try:
                    assess(case, self.knowledge)
                    raise nobody_fits(case, id_.removeprefix(OPTION))
                except UnusableCase as error:
                    facts.faults.add(row, "", error)

    def _assumed(self, touched: Sequence[Flags], bad: Flags) -> pa.Array:
        """Say in every row which assumptions touch it."""
        which = np.zeros(len(bad), dtype=np.int64)
        for i, (assumption, rows) in enumerate(zip(self.assumptions, touched, strict=True)):
            used = rows & ~bad
            self.touched[assumption.text] += int(used.sum())
            which += used.astype(np.int64) << i
        texts = [
            "; ".join(a.text for i, a in enumerate(self.assumptions) if bits >> i & 1)
            for bits in range(1 << len(self.assumptions))
        ]
        return pa.DictionaryArray.from_arrays(pa.array(which, pa.int32()), pa.array(texts))


def _blunt(facts: FactsOfRows, knowledge: Knowledge) -> list[tuple[frozenset[str], Flags]]:
    """Group the rows by the time points at which nothing was detected; rows without any are left out."""
    timepoints = [(knowledge.vocabulary.facts[name].mrd_timepoint, rows) for name, rows in facts.blunt.items()]
    groups: dict[frozenset[str], Flags] = {frozenset(): np.ones(facts.rows, dtype=np.bool_)}
    for timepoint, rows in timepoints:
        split = [(names, where & ~rows) for names, where in groups.items()]
        split += [(names | {timepoint}, where & rows) for names, where in groups.items()]
        groups = {names: where for names, where in split if where.any()}
    return [(names, where) for names, where in groups.items() if names]
