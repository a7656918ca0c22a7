"""Conditions as trees: comparisons of facts with constants, joined by all, any and not.

`rules.reader` makes them from text.
"""

from __future__ import annotations

from dataclasses import dataclass

from reall.facts.known import Answer


@dataclass(frozen=True, slots=True)
class Compare:
    """A number fact against a constant, such as `months_from_diagnosis < 18`."""

    fact: str
    operator: str
    constant: float


@dataclass(frozen=True, slots=True)
class Among:
    """A category or yes/no fact that has one of some answers."""

    fact: str
    answers: frozenset[Answer]


@dataclass(frozen=True, slots=True)
class InOrder:
    """One number fact against another; background only."""

    smaller: str
    larger: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition = Compare | Among | InOrder | Not | All | AnyOf
Atom = Compare | Among | InOrder


def atoms(condition: Condition) -> list[Atom]:
    """List the comparisons of a condition, in reading order, repeated ones too."""
    match condition:
        case Not(part):
            return atoms(part)
        case All(parts) | AnyOf(parts):
            return [atom for part in parts for atom in atoms(part)]
    return [condition]


def facts_of(condition: Condition) -> list[str]:
    """Name the facts of a condition, each once, in reading order."""
    names: dict[str, None] = {}
    for atom in atoms(condition):
        for name in (atom.smaller, atom.larger) if isinstance(atom, InOrder) else (atom.fact,):
            names[name] = None
    return list(names)
