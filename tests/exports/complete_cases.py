"""Random complete cases: every fact has one value, chosen at, just beside and between the constants of the rules."""

from __future__ import annotations

import random
from collections.abc import Iterator

from reall.facts.known import exactly, one_of
from reall.facts.vocabulary import NOT_STATED
from reall.rules.cells import Axis
from reall.rules.table import IMPOSSIBLE, KnowledgeBase, Outcome

Value = str | bool | float
STATED_SHARE = 0.1


def complete_cases(base: KnowledgeBase, tables: list[str], count: int, seed: int) -> Iterator[dict[str, Value]]:
    """Give cases, fact name to value, that the background allows for every table."""
    rng = random.Random(seed)
    axes = base.space.axes
    while count:
        values = {axis.fact.name: _value(axis, rng) for axis in axes}
        if all(answer(base, table, values) != IMPOSSIBLE for table in tables):
            yield values
            count -= 1


def answer(base: KnowledgeBase, table: str, values: dict[str, Value]) -> Outcome:
    """Walk a table's diagram with one value per fact."""
    d, axes = base.diagrams, base.space.axes
    node = base.compiled[table].outcome
    while node not in d.outcome:
        axis = axes[d.level[node]]
        value = values[axis.fact.name]
        mask = axis.mask(exactly(float(value)) if axis.fact.numeric else one_of(value))
        node = d.children[node][mask.bit_length() - 1]
    found = d.outcome[node]
    assert isinstance(found, Outcome)
    return found


def _value(axis: Axis, rng: random.Random) -> Value:
    fact = axis.fact
    if not fact.numeric:
        if NOT_STATED in fact.answers and rng.random() > STATED_SHARE:
            return NOT_STATED
        return rng.choice(fact.answers)
    cuts = sorted({number for number, _ in axis.cuts}) or [1.0]
    edges = [max(fact.minimum, -1.0), *cuts, min(fact.maximum, cuts[-1] * 2 + 1)]
    if fact.kind == "count":
        return float(rng.randint(int(edges[0]), int(edges[-1])))
    at = rng.choice(edges)
    chosen = rng.choice([at, at * (1 - 1e-6), at * (1 + 1e-6), rng.uniform(*sorted(rng.sample(edges, 2)))])
    return round(min(max(chosen, fact.minimum), fact.maximum), 8)
