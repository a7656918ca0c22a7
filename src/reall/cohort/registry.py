"""The columns of a registry table: facts and inputs by name, MRD by time point, and everything else passed through."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reall.base.errors import UnusableCase
from reall.cohort.outcome_columns import OUTCOME_COLUMNS, OutcomeColumn, is_outcome, sample_day
from reall.exchange.mapped import GIVEN
from reall.facts.table_schema import MRD_PARTS, TableColumn, table_columns
from reall.facts.vocabulary import Fact, Vocabulary, nearest

_CLOSE = 0.85
"""Share of like letters from which an unknown column counts as a fact spelled wrongly."""


@dataclass(frozen=True, kw_only=True)
class Registry:
    """What each column is.

    `mrd` maps the fact of a time point to its columns by part; `linking` are those that tie rows together, which no
    rule asks for; `other` are only passed through. Outcome columns (`cohort.outcome_columns`) are none of these: they
    are no facts.
    """

    facts: tuple[str, ...]
    numbers: Mapping[str, Fact]
    dates: tuple[str, ...]
    lists: tuple[str, ...]
    mrd: Mapping[str, Mapping[str, str]]
    linking: tuple[str, ...]
    other: tuple[str, ...]


def registry_columns(vocabulary: Vocabulary) -> dict[str, TableColumn]:
    """Give every column that a registry table may have, outcomes too."""
    outcomes = {column.name: _outcome(column) for column in OUTCOME_COLUMNS.values()}
    days = {column.name: column for column in _sample_days(vocabulary)}
    return {**table_columns(vocabulary), **days, **outcomes}


def _outcome(column: OutcomeColumn) -> TableColumn:
    return TableColumn(
        name=column.name,
        about="outcome",
        question=column.question,
        kind=column.kind,
        unit=column.unit,
        minimum=0 if column.kind == "number" else -math.inf,
        answers=(False, True) if column.kind == "yes_no" else column.answers,
    )


def _sample_days(vocabulary: Vocabulary) -> Iterator[TableColumn]:
    """The day of the sample at each time point that decides."""
    for fact in vocabulary.facts.values():
        if fact.mrd_timepoint:
            question = "How many days after this relapse was the MRD sample taken?"
            name = sample_day(fact.mrd_timepoint)
            yield TableColumn(name=name, about="outcome", question=question, kind="number", unit="days", minimum=0)


def recognise(
    columns: Sequence[str], vocabulary: Vocabulary, *, answers: Sequence[str] = (), keep: bool = False
) -> Registry:
    """Say what each column is.

    Raises `UnusableCase` when a column is nearly a known name (unless `keep`), is already an answer of ours, two
    columns give the same MRD value, or no column is known at all.
    """
    known = {*vocabulary.statable, *(n for n, entry in vocabulary.inputs.items() if entry.kind != "group")}
    mrd = _mrd_columns(columns, vocabulary)
    taken = {column for parts in mrd.values() for column in parts.values()}
    linking = tuple(column for column in columns if column in vocabulary.registry_columns)
    unknown = [column for column in columns if column not in {*known, *taken, *linking}]
    other = [column for column in unknown if not is_outcome(column)]
    _refuse_misspelled(other, {*known, *vocabulary.registry_columns}, answers, keep=keep)
    if len(unknown) + len(linking) == len(columns):
        raise UnusableCase(
            "no column is a fact that the rules use",
            why=f"The columns are {', '.join(columns[:8])}{', ...' if len(columns) > 8 else ''}.",  # noqa: PLR2004
            next="Name the columns as in docs/reference/facts.md, such as lineage, site_class, months_from_diagnosis.",
        )
    inputs = {name: entry for name, entry in vocabulary.inputs.items() if name in columns}
    numbers = {name: entry.as_fact for name, entry in inputs.items() if entry.kind == "number"}
    facts = tuple(c for c in columns if c in vocabulary.statable and c not in taken)
    return Registry(
        facts=facts,
        numbers=numbers | {name: vocabulary.statable[name] for name in facts if vocabulary.statable[name].numeric},
        dates=tuple(name for name, entry in inputs.items() if entry.kind == "date"),
        lists=tuple(name for name, entry in inputs.items() if entry.kind == "list"),
        mrd=mrd,
        linking=linking,
        other=tuple(other),
    )


def _mrd_columns(columns: Sequence[str], vocabulary: Vocabulary) -> dict[str, dict[str, str]]:
    fact_of = {fact.mrd_timepoint: fact.name for fact in vocabulary.facts.values() if fact.mrd_timepoint}
    shape = re.compile(rf"mrd_(.+)_({'|'.join(MRD_PARTS)})")
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        match = shape.fullmatch(column)
        timepoint = vocabulary.timepoint_by_name.get(match[1].lower()) if match else None
        if match is None or timepoint is None or timepoint.name not in fact_of:
            continue
        parts = found.setdefault(fact_of[timepoint.name], {})
        if match[2] in parts:
            raise UnusableCase(
                f"{parts[match[2]]!r} and {column!r} are the same MRD value", next="Keep one of the two columns."
            )
        parts[match[2]] = column
    return found


def _refuse_misspelled(other: Sequence[str], known: set[str], answers: Sequence[str], *, keep: bool) -> None:
    for column in other:
        if column in answers:
            raise UnusableCase(
                f"the table already has the column {column!r}",
                why="It would be overwritten.",
                next="Leave out the columns of an earlier run.",
            )
        likely = difflib.get_close_matches(_plain(column), known, n=1, cutoff=_CLOSE)
        if likely and not keep:
            raise UnusableCase(
                f"the column {column!r} is not known",
                why="A fact with a misspelled name would count as unknown in every row.",
                next=f"Did you mean {likely[0]!r}? With --keep the column is passed through as it is.",
            )


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip()).lower()


def remarks(registry: Registry, vocabulary: Vocabulary) -> list[str]:
    """Say which columns are only passed through, with the nearest known name."""
    known = [*vocabulary.statable, *vocabulary.inputs]
    made = []
    for column in (name for name in registry.other if not name.startswith(GIVEN)):
        hint = nearest(_plain(column), known)
        made.append(f"column {column!r} is not used, only passed through{'. ' + hint if hint else ''}")
    return made
