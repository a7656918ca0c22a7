"""Answers to options that were given before: most facts are unknown or common, so that the same answer comes again.

An answer rests on the cells of the facts that its diagrams ask, and on day and country; the values of the facts that
its criteria name are printed with it. Cases alike in these get the same answer, whatever else is known of them.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

from reall.library.therapy import NEVER, label_question, note_question, population_question
from reall.library.therapy_rows import Option
from reall.options.lookup import Lookup

Value = TypeVar("Value")
Answer = TypeVar("Answer")

MOST_ANSWERS = 4_000
"""About 50 options times the patterns that come again; a few kilobytes each."""


class Recent(Generic[Value]):
    """The most recent values by key, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give the value kept under a key, else make and keep it."""
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


class OptionMemory:
    """Answers to options under one knowledge. Not for use from several threads at a time."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._rests: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {}
        self._answers: Recent[Any] = Recent(most)
        self._printed: Recent[Any] = Recent(most)

    def answer(
        self,
        look: Lookup,
        option: Option,
        of: tuple[dt.date, str],
        make: Callable[[], Answer],
        print_: Callable[[Answer], Answer],
    ) -> Answer:
        """Give the answer to an option for one case, made where no case before was alike.

        `of` are day and country of the labels. `print_` puts the values of this case into an answer that was made for
        another one with the same cells.
        """
        if option.id not in self._rests:
            self._rests[option.id] = _rests_on(look, option)
        positions, names = self._rests[option.id]
        cells = (option.id, of, tuple([look.masks[at] for at in positions]))
        values = tuple([look.case.known.get(name) for name in names])
        found: Answer = self._printed.get((cells, values), lambda: print_(self._answers.get(cells, make)))
        return found


def _rests_on(look: Lookup, option: Option) -> tuple[tuple[int, ...], tuple[str, ...]]:
    base = look.knowledge.base
    names = {name for line in base.compiled[f"option_{option.id}"].criteria for name in line.facts}
    roots = set(_diagrams(look, option, names))
    asked = {at for root in roots for at in base.diagrams.support(root)}
    asked |= {base.space.position[name] for name in names if name in base.space.position}
    return tuple(sorted(asked)), tuple(sorted(names))


def _diagrams(look: Lookup, option: Option, names: set[str]) -> Iterator[int]:
    base, therapy = look.knowledge.base, look.knowledge.therapy
    for table in (f"option_{option.id}", *sorted(names & set(base.compiled))):
        compiled = base.compiled[table]
        yield compiled.outcome
        yield from (line.within for line in (*compiled.criteria, *compiled.rules, *compiled.silent))
    for question in _questions(look, option):
        yield base.questions[question]
    for id_ in option.evidence:
        population = therapy.populations[therapy.evidence[id_].population]
        yield from (base.questions[population_question(population.id, c.id)] for c in population.criteria)


def _questions(look: Lookup, option: Option) -> Iterator[str]:
    agents = look.knowledge.therapy.agents
    for note in (*option.cautions, *option.sequencing):
        if note.when:
            yield note_question(f"option {option.id}", note.id)
    for id_ in option.agents:
        yield from (note_question(f"agent {id_}", note.id) for note in agents[id_].cautions if note.when)
    if option.label_agent in agents:
        agent = agents[option.label_agent]
        yield from (label_question(agent.id, row.id) for row in agent.labels if row.on_label_when != NEVER)
