"""The vocabulary: every fact that a case may hold and a rule may name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reall.facts.known import AFTER, BEFORE, Answer, Choices, Interval, Known

NOT_STATED = "not stated"
"""The answer of a derived fact that the case does not state, so that its definition decides."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """What a fact is taken to be where it is not stated, once a number has reached a value. Printed where used."""

    answer: bool
    fact: str
    at_least: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact: its question, type, unit and allowed answers.

    `kind` is `category`, `yes_no`, `number` or `count` (a whole number). `confirmatory` names the test that a
    definition asks for, so that an answer lacking only this fact is `unconfirmed` rather than `undetermined`.
    `given_by` names inputs of a case that give the fact.
    """

    name: str
    question: str
    kind: str
    answers: tuple[Answer, ...] = ()
    words: Mapping[str, str] | None = None
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    confirmatory: str = ""
    derived_from: tuple[str, ...] = ()
    derivation: str = ""
    given_by: tuple[str, ...] = ()
    unless_stated: Convention | None = None
    mrd_timepoint: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the fact is a number (of any kind)."""
        return self.kind in {"number", "count"}

    @cached_property
    def everything(self) -> Known:
        """What is known when nothing is known."""
        if self.numeric:
            return Interval((self.minimum, BEFORE), (self.maximum, AFTER))
        return Choices(frozenset(self.answers))


@dataclass(frozen=True, kw_only=True)
class Background:
    """A condition that always holds; it rules impossible completions out."""

    id: str
    always: str
    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GeneticName:
    """A name from the list `genetics` of a case, and the answers of a fact that it leaves possible."""

    name: str
    also: tuple[str, ...]
    fact: str
    values: frozenset[Answer]


@dataclass(frozen=True, kw_only=True)
class Timepoint:
    """A time point at which MRD decides, with the names laboratories use for it."""

    name: str
    words: str
    also: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Input:
    """Something a case or a registry row may give that rules do not name, and the facts that follow from it.

    `kind` is `date`, `number`, `list`, `group`, or, in a registry only, `text`.
    """

    name: str
    question: str
    kind: str
    gives: tuple[str, ...] = ()
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    members: Mapping[str, str] | None = None

    @property
    def as_fact(self) -> Fact:
        """The number that is read, with its unit and bounds."""
        return Fact(
            name=self.name,
            question=self.question,
            kind=self.kind,
            unit=self.unit,
            minimum=self.minimum,
            maximum=self.maximum,
        )


@dataclass(frozen=True, kw_only=True)
class OtherNames:
    """What registries call columns and answers, from which mapping files are drafted, and what to doubt of each."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Facts and inputs that stand together on a form; `open` tells whether an empty form shows them at once."""

    id: str
    title: str
    names: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All facts in the order of the questions, with what is always true of them.

    `registry_columns` are the columns by which the rows of a registry table hang together.
    """

    facts: Mapping[str, Fact]
    background: tuple[Background, ...] = ()
    genetics: tuple[GeneticName, ...] = ()
    timepoints: tuple[Timepoint, ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    registry_columns: Mapping[str, Input] = field(default_factory=dict)
    names: OtherNames = field(default_factory=OtherNames)
    derived: Mapping[str, Fact] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()

    @cached_property
    def statable(self) -> dict[str, Fact]:
        """Every fact that a case may state by its own name: those of rules, and derived ones."""
        return {**self.facts, **self.derived}

    @cached_property
    def genetics_by_name(self) -> dict[str, GeneticName]:
        """Every spelling, in lower case, to its entry."""
        return {spelling.lower(): entry for entry in self.genetics for spelling in (entry.name, *entry.also)}

    @cached_property
    def timepoint_by_name(self) -> dict[str, Timepoint]:
        """Every spelling, in lower case, to its time point."""
        return {spelling.lower(): entry for entry in self.timepoints for spelling in (entry.name, *entry.also)}


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or nothing.

    >>> nearest("linage", ["lineage", "sex"])
    "Did you mean 'lineage'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""
