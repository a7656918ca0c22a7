"""Reads a table for release: only what was understood is kept, so that no text of the table can pass.

Answers are written anew from what they mean, numbers from their values, dates as the months between them. The table is
held in memory: about 100 bytes a row and column at most.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reall.base.errors import UnusableCase
from reall.cohort import outcome_columns as oc
from reall.cohort.cells_of_rows import cells_of, contradictions, nothing_known
from reall.cohort.cells_of_text import distinct, read_numbers
from reall.cohort.columns import Codes, Flags, Numbers, Picked
from reall.cohort.deidentify.bands import banded, fine_axis, interval_text
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.faults import Faults
from reall.cohort.registry import Registry, recognise, registry_columns
from reall.exchange.registries import SIMULATED
from reall.exchange.tables import Batch, Source
from reall.facts.known import Choices
from reall.facts.reading import read_yes_no
from reall.facts.table_schema import TableColumn
from reall.facts.vocabulary import Fact
from reall.library.knowledge import Knowledge
from reall.rules.cells import Axis

FINE, COARSE, WIDE, GONE = "fine", "coarse", "wide", ""
"""Bands of a few years or a month, within those of the rules; bands of the rules; bands of ten years; nothing."""
_WIDE_YEARS = 10.0
_STEPS = {"months": (1.0, 240.0), "years": (5.0, 100.0)}
"""The finest bands that are published: step, and where they end."""
AGES = ("age_at_diagnosis_years", "age_at_relapse_years")
TIMES = ("months_from_diagnosis", "months_after_end_of_primary_therapy")
FIRST_REMISSION = "months_of_first_cr"
BANDED = (*AGES, *TIMES, FIRST_REMISSION)
_ALWAYS_COARSE = (TIMES[1], FIRST_REMISSION)
"""They hang together with the months from diagnosis; two fine bands together would be finer than either."""
NEVER_KEPT = ("weight_kg",)
PATIENT, CASE, NUMBER = "patient", "case", "relapse_number"


@dataclass(kw_only=True)
class Gathered:
    """What may be released. `bands` hold, by fact and fineness, the texts of the band of every row.

    `patient` numbers the children (rows without a pseudonym are children of their own; -1: the row cannot be used).
    """

    plain: dict[str, pa.ChunkedArray]
    bands: dict[str, dict[str, pa.ChunkedArray]]
    extra: dict[str, pa.ChunkedArray]
    patient: Codes
    dropped_columns: dict[str, str]
    unusable: int
    rows: int
    caveats: tuple[str, ...]


def gather(source: Source, knowledge: Knowledge, extra: Collection[str]) -> Gathered:
    """Read every row. `extra` names columns of the table's own that are kept as they are, as quasi-identifiers."""
    registry = recognise(source.columns, knowledge.vocabulary, keep=True)
    keys: list[Any] = []
    batches: list[dict[str, pa.Array]] = []
    unusable = 0
    for batch in source.batches:
        read = _Read(batch, registry, knowledge)
        unusable += int(read.bad.sum())
        keys += read.patients()
        batches.append(read.columns(extra))
    joined = {name: _joined([made[name] for made in batches]) for name in dict.fromkeys(n for b in batches for n in b)}
    bands: dict[str, dict[str, pa.ChunkedArray]] = {}
    for name in [name for name in joined if name.rpartition("|")[2] in {FINE, COARSE, WIDE}]:
        fact, _, fineness = name.rpartition("|")
        bands.setdefault(fact, {})[fineness] = joined.pop(name)
    own = {name: joined.pop(name) for name in extra if name in joined}
    return Gathered(
        plain=joined,
        bands=bands,
        extra=own,
        patient=_numbered(keys),
        dropped_columns=_dropped(source.columns, registry, knowledge, {*joined, *bands, *own}),
        unusable=unusable,
        rows=len(keys),
        caveats=source.caveats,
    )


def _joined(arrays: list[pa.Array]) -> pa.ChunkedArray:
    """Join the parts of a column; where one holds ranges, all are written as text."""
    kinds = {array.type for array in arrays}
    return pa.chunked_array([array.cast(pa.string()) for array in arrays] if len(kinds) > 1 else arrays)


def _numbered(keys: list[Any]) -> Codes:
    place: dict[Any, int] = {}
    numbers = [-1 if key is None else place.setdefault(key, len(place)) for key in keys]
    return np.array(numbers, dtype=np.int64)


def _dropped(
    columns: Collection[str], registry: Registry, knowledge: Knowledge, kept: Collection[str]
) -> dict[str, str]:
    """Say of every column that is not released why."""
    known = registry_columns(knowledge.vocabulary)
    samples = {column for parts in registry.mrd.values() for column in parts.values()}
    said = {}
    for name in columns:
        if name in kept or name in {PATIENT, CASE}:
            continue
        if name in registry.other:
            said[name] = "not known, it may hold anything"
        elif name in registry.dates or (name in known and known[name].kind == "date"):
            said[name] = "a date; the months between dates are kept where a rule asks for them"
        elif name in samples or name in registry.lists or name in registry.numbers:
            said[name] = "read, and kept only as the facts that follow from it"
        else:
            said[name] = "not among what is released"
    return said


class _Read:
    """One batch, read."""

    def __init__(self, batch: Batch, registry: Registry, knowledge: Knowledge) -> None:
        self._rows, self._registry, self._knowledge = batch.rows, registry, knowledge
        self._faults = Faults(batch.rows.num_rows, batch.first_row)
        self._faults.take(batch.problems)
        self._facts = FactsOfRows(batch.rows, registry, knowledge.vocabulary, self._faults)
        constant = nothing_known(knowledge)
        cells = cells_of(self._facts, knowledge, constant)
        for row, (broken, error) in contradictions(self._facts, cells, knowledge, constant).items():
            self._faults.add(row, broken, error)
        self._first = batch.first_row

    @property
    def bad(self) -> Flags:
        """Rows that cannot be used."""
        return self._faults.bad

    def patients(self) -> list[Any]:
        """Give a key per row; None for a row that is left out."""
        own = [("row", self._first + i) for i in range(self._rows.num_rows)]
        if PATIENT in self._rows.schema.names:
            values, codes = distinct(self._rows.column(PATIENT))
            texts = [None if value is None else str(value).strip() for value in values]
            own = [("child", texts[c]) if texts[c] else key for c, key in zip(codes.tolist(), own, strict=True)]
        return [None if bad else key for key, bad in zip(own, self.bad.tolist(), strict=True)]

    def columns(self, extra: Collection[str]) -> dict[str, pa.Array]:
        """Write every column that may be released."""
        made: dict[str, pa.Array] = {}
        axes = self._knowledge.base.space
        for name, numbers in self._facts.numbers.items():
            if name in BANDED:
                made |= _bands(name, numbers, axes.axes[axes.position[name]])
            elif name not in NEVER_KEPT:
                made[name] = _number_cells(numbers)
        for name, flags in self._facts.blunt.items():
            stem = name.removesuffix("level_fraction")
            made[f"{stem}detected"] = _taken([None, "no"], flags.astype(np.int64))
        for name, picked in self._facts.picked.items():
            made[name] = _words(picked)
        made |= self._outcomes()
        for name in extra:
            if name in self._registry.other:
                values, codes = distinct(self._rows.column(name))
                made[name] = _taken([None if v is None else str(v).strip() for v in values], codes)
        return made

    def _outcomes(self) -> dict[str, pa.Array]:
        made: dict[str, pa.Array] = {}
        known = registry_columns(self._knowledge.vocabulary)
        scratch = Faults(self._rows.num_rows, self._first)
        for name in self._rows.schema.names:
            if oc.is_outcome(name):
                column = known.get(name) or known[oc.sample_day("end_of_reinduction_block1")]
                made[name] = _outcome(self._rows.column(name), column, scratch)
            elif name == SIMULATED:
                made[name] = _answers(self._rows.column(name), (False, True))
        return made


def _bands(name: str, numbers: Numbers, axis: Axis) -> dict[str, pa.Array]:
    step, last = _STEPS[axis.fact.unit]
    fine = axis if name in _ALWAYS_COARSE else fine_axis(axis, step, last)
    made = {}
    wide = fine_axis(Axis(axis.fact), _WIDE_YEARS, last)
    for fineness, cut in ((FINE, fine), (COARSE, axis), *(((WIDE, wide),) if name in AGES else ())):
        codes, texts = banded(numbers, cut)
        made[f"{name}|{fineness}"] = texts.take(pa.array(codes))
    return made


def _number_cells(numbers: Numbers) -> pa.Array:
    if not numbers.intervals:
        return pa.array(numbers.points, pa.float64(), mask=np.isnan(numbers.points))
    points = pa.array(numbers.points, pa.float64(), mask=np.isnan(numbers.points)).cast(pa.string())
    texts = pa.array([interval_text(interval) for interval in numbers.intervals], pa.string())
    ranged = pa.array(np.where(numbers.which < 0, 0, numbers.which), pa.int64(), mask=numbers.which < 0)
    return pc.coalesce(texts.take(ranged), points)


def _words(picked: Picked) -> pa.Array:
    return _taken([None if said is None else _written(said) for said in picked.sets], picked.codes)


def _written(said: Choices) -> str:
    words = {True: "yes", False: "no"}
    return "|".join(sorted(words[a] if isinstance(a, bool) else a for a in said.answers))


def _taken(texts: list[str | None], codes: Codes) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes))


def _outcome(array: pa.Array, column: TableColumn, faults: Faults) -> pa.Array:
    """Keep a time or an answer; what is neither becomes unknown."""
    if column.kind == "number":
        fact = Fact(name=column.name, question="", kind="number", minimum=0.0)
        return _number_cells(read_numbers(array, column.name, fact, faults))
    return _answers(array, column.answers)


def _answers(array: pa.Array, answers: Collection[Any]) -> pa.Array:
    values, codes = distinct(array)
    return _taken([_one_of(value, answers) for value in values], codes)


def _one_of(value: Any, answers: Collection[Any]) -> str | None:
    if value is None:
        return None
    if True in answers:
        try:
            return "yes" if read_yes_no(value) else "no"
        except UnusableCase:
            return None
    return str(value).strip() if str(value).strip() in answers else None
