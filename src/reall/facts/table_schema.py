"""The columns that a registry table may have: one row per relapse, one source of truth - the vocabulary."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reall.facts.known import Answer
from reall.facts.vocabulary import NOT_STATED, Fact, Input, Vocabulary

MRD_PARTS = ("level_fraction", "detected", "assay_sensitivity_fraction", "tissue", "method")


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """One column: what it asks, and what a cell may hold.

    `kind` is `text`, `date`, `number`, `count`, `yes_no`, `category` (one of `answers`) or `list`. `about` says what
    it is for: `row` (who, and how rows hang together), `fact`, `derived` (a definition's answer), `source` (facts
    follow from it), `mrd`, `outcome` (what became of the child).
    """

    name: str
    about: str
    question: str
    kind: str
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    answers: tuple[Answer, ...] = ()
    words: Mapping[str, str] | None = None

    @property
    def numeric(self) -> bool:
        """Whether a cell holds a number, or an interval such as `<1e-4`."""
        return self.kind in {"number", "count"}


def table_columns(vocabulary: Vocabulary) -> dict[str, TableColumn]:
    """Give every column that a registry table may have, in the order of the questions."""
    return {column.name: column for column in _columns(vocabulary)}


def _columns(vocabulary: Vocabulary) -> Iterator[TableColumn]:
    yield from (_of_input(entry, "row") for entry in vocabulary.registry_columns.values())
    yield from (_of_input(entry, "source") for entry in vocabulary.inputs.values() if entry.kind != "group")
    yield from (_of_fact(fact, "fact") for fact in vocabulary.facts.values() if not fact.mrd_timepoint)
    for fact in vocabulary.facts.values():
        if fact.mrd_timepoint:
            yield from _of_timepoint(fact)
    yield from (_of_fact(fact, "derived") for fact in vocabulary.derived.values())


def _of_input(entry: Input, about: str) -> TableColumn:
    return TableColumn(
        name=entry.name,
        about=about,
        question=entry.question,
        kind=entry.kind,
        unit=entry.unit,
        minimum=entry.minimum,
        maximum=entry.maximum,
    )


def _of_fact(fact: Fact, about: str) -> TableColumn:
    return TableColumn(
        name=fact.name,
        about=about,
        question=fact.question,
        kind=fact.kind,
        unit=fact.unit,
        minimum=fact.minimum,
        maximum=fact.maximum,
        answers=tuple(answer for answer in fact.answers if answer != NOT_STATED),
        words=fact.words,
    )


def _of_timepoint(fact: Fact) -> Iterator[TableColumn]:
    """The level of a time point, and what else a row may say of that sample."""
    level = _of_fact(fact, "mrd")
    yield level
    stem = f"mrd_{fact.mrd_timepoint}_"
    asked: dict[str, tuple[str, str, tuple[Answer, ...]]] = {
        "detected": ("Was MRD detected in this sample?", "yes_no", (False, True)),
        "assay_sensitivity_fraction": ("Which share of cells can the assay see?", "number", ()),
        "tissue": ("Which tissue was the sample (only marrow decides)?", "text", ()),
        "method": ("By which method was MRD measured?", "text", ()),
    }
    for part, (question, kind, answers) in asked.items():
        made = TableColumn(name=stem + part, about="mrd", question=question, kind=kind, answers=answers)
        yield replace(made, unit=fact.unit, minimum=fact.minimum, maximum=fact.maximum) if kind == "number" else made
