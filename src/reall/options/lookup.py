"""Asks the compiled knowledge about one child: does a condition hold, and what is known of its facts?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reall.facts.case import Case
from reall.facts.known import Choices
from reall.library.knowledge import Knowledge
from reall.rules.diagram import FALSE, TRUE, Walk
from reall.rules.evaluate import outcomes
from reall.rules.settle import open_facts
from reall.rules.table import Line

_NAME = re.compile(r"[a-z][a-z0-9_]*")
YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True)
class Lookup:
    """One child before the compiled knowledge. `masks` are the cells of each fact that are still possible."""

    knowledge: Knowledge
    case: Case
    masks: tuple[int, ...]

    @cached_property
    def walk(self) -> Walk:
        """All that this child can reach, shared between the questions."""
        return Walk(self.knowledge.base.diagrams, self.masks)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {}

    def verdict(self, diagram: int) -> str:
        """Say whether a compiled condition holds: yes, no, or unknown (both remain possible)."""
        reached = self.walk.leaves(diagram) & {TRUE, FALSE}
        if reached == {TRUE}:
            return YES
        return NO if reached == {FALSE} else UNKNOWN

    def ask(self, question: str) -> str:
        """Say whether a question of the therapy knowledge holds."""
        return self.verdict(self.knowledge.base.questions[question])

    def missing_for(self, question: str, condition: str) -> tuple[str, ...]:
        """Name the facts that could still answer an open question.

        Facts on which its condition does not rest, and which bear on it only through the background, are left out.
        """
        base = self.knowledge.base
        named = set(_NAME.findall(condition))
        rests_on = {base.space.position[name] for name in named if name in base.space.position}
        for name in named & set(base.compiled):
            rests_on |= base.compiled[name].direct
        found = open_facts(base, base.questions[question], self.masks)
        return tuple(name for name in found if base.space.position[name] in rests_on)

    def line(self, line: Line) -> str:
        """Say whether one row of a table holds."""
        return self.verdict(line.within)

    def facts(self, names: Iterable[str]) -> dict[str, Any]:
        """Give what is known of some facts, as plain data; what is not known is "unknown"."""
        return {name: self.fact(name) for name in names}

    def fact(self, name: str) -> Any:
        """Give what is known of one fact: the case's own answer, or what its table says."""
        if name not in self._facts:
            self._facts[name] = self._fact(name)
        return self._facts[name]

    def _fact(self, name: str) -> Any:
        known = self.case.known.get(name)
        if known is not None:
            several = isinstance(known, Choices) and len(known.answers) > 1
            return str(known) if several or known.point is None else known.point
        if name not in self.knowledge.base.tables:
            return UNKNOWN
        base = self.knowledge.base
        return " or ".join(str(outcome) for outcome in outcomes(base, base.compiled[name], self.walk)) or UNKNOWN
