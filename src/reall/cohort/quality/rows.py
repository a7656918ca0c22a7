"""One batch of a registry as the data-quality checks see it: what follows, and what the cells themselves say."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from reall.cohort import cells_of_text as cells
from reall.cohort.cells_of_rows import cells_of, contradictions, nothing_known
from reall.cohort.cells_of_text import NO_DATE
from reall.cohort.columns import Codes, Flags, Floats, Numbers, Picked
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.faults import Faults
from reall.cohort.registry import Registry
from reall.exchange.tables import Batch
from reall.library.knowledge import Knowledge


class Rows:
    """A batch. Cells that cannot be read say nothing here; their rows are in `unusable`."""

    def __init__(self, batch: Batch, registry: Registry, knowledge: Knowledge) -> None:
        """Read the batch, derive what follows, and look for rows that no child can fulfil."""
        self.rows = batch.rows.num_rows
        self.first_row = batch.first_row
        self.registry = registry
        self._cells = batch.rows
        faults = Faults(self.rows, batch.first_row)
        faults.take(batch.problems)
        facts = FactsOfRows(batch.rows, registry, knowledge.vocabulary, faults)
        columns = cells_of(facts, knowledge, nothing_known(knowledge))
        for row, (names, error) in contradictions(facts, columns, knowledge, nothing_known(knowledge)).items():
            faults.add(row, names, error)
        self._vocabulary = knowledge.vocabulary
        linking = {name: knowledge.vocabulary.registry_columns[name] for name in registry.linking}
        self.numbers: dict[str, Numbers] = {**facts.inputs, **facts.numbers}
        self.dates: dict[str, Codes] = dict(facts.dates)
        for name, entry in linking.items():
            if entry.kind == "number":
                self.numbers[name] = cells.read_numbers(batch.rows.column(name), name, entry.as_fact, faults)
            elif entry.kind == "date":
                self.dates[name] = cells.read_dates(batch.rows.column(name), name, faults)
        self.picked: dict[str, Picked] = facts.picked
        self.faults = faults

    @property
    def unusable(self) -> Flags:
        """The rows that `cohort assign` refuses, as far as reading them shows it."""
        return self.faults.bad

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return tuple(self._cells.schema.names)

    def stated(self, name: str) -> Numbers | None:
        """What the column itself says, before anything is derived from dates; None where there is no such column."""
        if name not in self.columns:
            return None
        more = {**self._vocabulary.inputs, **self._vocabulary.registry_columns}
        fact = more[name].as_fact if name in more else self._vocabulary.statable[name]
        return cells.read_numbers(self._cells.column(name), name, fact, Faults(self.rows, self.first_row))

    def plain(self, column: str) -> Floats:
        """The numbers of a column, whatever its bounds; NaN where a cell is empty or no plain number."""
        return cells.plain_numbers(self._cells.column(column))

    def given(self, column: str) -> Flags:
        """Where a column says anything at all."""
        values, codes = cells.distinct(self._cells.column(column))
        return np.array([value is not None for value in values])[codes]

    def says(self, column: str, *words: str) -> Flags:
        """Where a text column says one of some words (in any case)."""
        values, codes = cells.distinct(self._cells.column(column))
        return np.array([value is not None and str(value).strip().lower() in words for value in values])[codes]

    def keys(self, column: str) -> Codes:
        """A number per distinct text, equal in all batches, 0 where there is none.

        It is a 64-bit hash: among ten million texts, two share one with a chance of about 3 in a million.
        """
        values, codes = cells.distinct(self._cells.column(column))
        return np.array([key_of(value) for value in values], dtype=np.int64)[codes]

    def dated(self, name: str) -> Flags:
        """Where a date is known."""
        known: Flags = self.dates[name] != NO_DATE
        return known


def key_of(value: object) -> int:
    """Number a value alike in all batches of one run; 0 for None."""
    return 0 if value is None else hash(str(value).strip()) | 1
