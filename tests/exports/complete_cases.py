"""Random cases for engines by others: values chosen at, just beside and between the constants of the rules.

A case gives the facts that one table asks for, near or far. A complete case gives all of them; `share_unknown` leaves
some out. What the background rules out is not given. Expected answers come from walking the compiled table.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from reall.facts.known import Known, exactly, one_of
from reall.facts.vocabulary import NOT_STATED
from reall.library.knowledge import Knowledge
from reall.rules.branches import facts_asked, tables_below
from reall.rules.cells import Axis
from reall.rules.table import IMPOSSIBLE, KnowledgeBase, Outcome

Value = str | bool | float
Values = dict[str, Value]
STATED_SHARE = 0.1
"""How often a case states the answer of a definition itself."""


def random_cases(
    knowledge: Knowledge, table: str, count: int, seed: int, share_unknown: float = 0.0
) -> Iterator[tuple[Values, frozenset[Outcome]]]:
    """Give cases, fact name to value, each with the outcomes of the table that it leaves possible."""
    rng = random.Random(f"{table} {seed}")
    base = knowledge.base
    axes = asked_axes(knowledge, table)
    while count:
        values: Values = {}
        for axis in axes:
            if rng.random() >= share_unknown:
                values[axis.fact.name] = _value(axis, rng)
            elif NOT_STATED in axis.fact.answers:
                values[axis.fact.name] = NOT_STATED
        if possible := outcomes(base, table, {name: _known(base, name, value) for name, value in values.items()}):
            yield values, possible
            count -= 1


def asked_axes(knowledge: Knowledge, table: str) -> list[Axis]:
    """Give the facts on which a table rests: those of its rows and of the tables below it, and of the background."""
    base = knowledge.base
    below = tables_below(base, table)
    named = {fact.name for fact in facts_asked(base, below, knowledge.vocabulary.facts)}
    named |= {name for name in below if base.tables[name].derived}
    positions = {base.space.position[name] for name in named} | set(base.compiled[table].asked)
    return [base.space.axes[at] for at in sorted(positions)]


def outcomes(base: KnowledgeBase, table: str, known: Mapping[str, Known]) -> frozenset[Outcome]:
    """Give the outcomes that what is known leaves possible; none where it contradicts the background."""
    d = base.diagrams
    leaves = d.reachable(base.compiled[table].outcome, base.space.masks(known))
    return frozenset(o for o in (d.outcome[leaf] for leaf in leaves) if isinstance(o, Outcome) and o != IMPOSSIBLE)


def _known(base: KnowledgeBase, name: str, value: Value) -> Known:
    fact = base.space.axes[base.space.position[name]].fact
    return exactly(float(value)) if fact.numeric else one_of(value)


def _value(axis: Axis, rng: random.Random) -> Value:
    fact = axis.fact
    if not fact.numeric:
        if NOT_STATED in fact.answers and rng.random() > STATED_SHARE:
            return NOT_STATED
        return rng.choice([answer for answer in fact.answers if answer != NOT_STATED])
    cuts = sorted({number for number, _ in axis.cuts}) or [1.0]
    edges = [max(fact.minimum, -1.0), *cuts, min(fact.maximum, cuts[-1] * 2 + 1)]
    if fact.kind == "count":
        return float(rng.randint(int(edges[0]), int(edges[-1])))
    at = rng.choice(edges)
    chosen = rng.choice([at, at * (1 - 1e-6), at * (1 + 1e-6), rng.uniform(*sorted(rng.sample(edges, 2)))])
    return round(min(max(chosen, fact.minimum), fact.maximum), 8)
