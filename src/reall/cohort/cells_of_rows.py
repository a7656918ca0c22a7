"""The facts of many rows as cell sets, and the rows whose facts contradict each other."""

from __future__ import annotations

import math

import numpy as np

from reall.base.errors import UnusableCase
from reall.cohort.columns import Flags
from reall.cohort.facts_of_rows import FactsOfRows
from reall.facts.known import one_of
from reall.facts.vocabulary import NOT_STATED, Background
from reall.library.knowledge import Knowledge
from reall.rules.diagram import TRUE
from reall.rules.patterns import Column
from reall.stratify.assess import case_masks


def nothing_known(knowledge: Knowledge) -> tuple[int, ...]:
    """Give the masks of a case that says nothing; definitions are not stated."""
    return tuple(knowledge.base.space.masks({id_: one_of(NOT_STATED) for id_ in knowledge.derived_ids}))


def cells_of(facts: FactsOfRows, knowledge: Knowledge, constant: tuple[int, ...]) -> dict[int, Column]:
    """Give the cell sets of every fact that some row knows, by the fact's position."""
    space = knowledge.base.space
    made: dict[int, Column] = {}
    for name, numbers in facts.numbers.items():
        if name in space.position:
            at = space.position[name]
            made[at] = numbers.cells(space.axes[at])
    for name, picked in facts.picked.items():
        if name in space.position:
            at = space.position[name]
            made[at] = picked.cells(space.axes[at], constant[at])
    return made


def contradictions(
    facts: FactsOfRows, columns: dict[int, Column], knowledge: Knowledge, constant: tuple[int, ...]
) -> dict[int, tuple[str, UnusableCase]]:
    """Find rows that break a background condition: the facts it names, and the error of `stratify.assess`."""
    suspect = np.zeros(facts.rows, dtype=np.bool_)
    names: dict[int, str] = {}
    for background, diagram in knowledge.base.background:
        rows = _impossible(diagram, columns, knowledge, constant, facts.rows) | _crossed(background, facts)
        rows &= ~facts.faults.bad
        names |= {row: ", ".join(background.names) for row in np.flatnonzero(rows & ~suspect).tolist()}
        suspect |= rows
    found: dict[int, tuple[str, UnusableCase]] = {}
    for row in np.flatnonzero(suspect).tolist():
        try:
            case_masks(facts.case(row), knowledge)
        except UnusableCase as error:
            found[row] = names[row], error
    return found


def _impossible(
    diagram: int, columns: dict[int, Column], knowledge: Knowledge, constant: tuple[int, ...], rows: int
) -> Flags:
    """Find the rows whose cell sets leave no completion in which a condition holds."""
    diagrams = knowledge.base.diagrams
    asked = [at for at in diagrams.support(diagram) if at in columns]
    sizes = [len(columns[at].masks) for at in asked]
    packed = np.zeros(rows, dtype=np.int64)
    for at, size in zip(asked, sizes, strict=True):
        packed *= size
        packed += columns[at].codes
    impossible = np.zeros(math.prod(sizes), dtype=np.bool_)
    for pattern in np.flatnonzero(np.bincount(packed, minlength=len(impossible))).tolist():
        masks, rest = list(constant), pattern
        for at, size in zip(reversed(asked), reversed(sizes), strict=True):
            rest, code = divmod(rest, size)
            masks[at] = columns[at].masks[code]
        impossible[pattern] = TRUE not in diagrams.reachable(diagram, masks)
    return impossible[packed] if impossible.any() else np.zeros(rows, dtype=np.bool_)


def _crossed(background: Background, facts: FactsOfRows) -> Flags:
    """Suspect two numbers of a row that may share a cell and yet stand in the wrong order."""
    pair = [facts.numbers.get(name) for name in background.names]
    if "<=" in background.always and len(pair) == 2 and pair[0] and pair[1]:  # noqa: PLR2004 - a pair
        crossed: Flags = pair[0].ends()[0] >= pair[1].ends()[1]
        return crossed
    return np.zeros(facts.rows, dtype=np.bool_)
