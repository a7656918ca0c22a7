"""A table as branches in order, for engines by others: the first whose condition holds gives the answer.

The order is the one in which `KnowledgeBase` compiles tables. A table's answer is a text: a group, or `silent:ROW`,
`not_eligible:FACT` and the like, as `Outcome` is written. Conditions may name other tables, whose answers they compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reall.facts.vocabulary import Fact
from reall.rules.condition import Among, Condition, Not, facts_of
from reall.rules.table import KnowledgeBase, Outcome, Row, Table


@dataclass(frozen=True)
class Branch:
    """What is answered when a condition holds (None: always), and the row of the knowledge that says so.

    `group` marks the rows that give the groups of a table.
    """

    when: Condition | None
    answer: str
    row: Row | None = None
    group: bool = False


def branches(base: KnowledgeBase, name: str) -> Iterator[Branch]:
    """Give the branches of a table in their order. An answer that the case states itself goes before all of them."""
    table = base.tables[name]
    if table.inherits:
        yield from _passed_on(base, table.inherits)
    for row in table.applies_to:
        told = Outcome(row.status_if_not, row.value if row.status_if_not == "not_eligible" else row.id)
        condition = base.condition_of(name, row.id)
        if condition is not None:
            yield Branch(Not(condition), str(told), row)
    for row in table.rules:
        yield Branch(base.condition_of(name, row.id), row.value, row, group=True)
    own = [base.condition_of(name, row.id) for row in table.rules]
    used = {fact for condition in own if condition for fact in facts_of(condition)} & base.tables.keys()
    for below in sorted(used - {table.inherits}, reverse=True):
        yield from _passed_on(base, below)
    for row in table.silent:
        yield Branch(base.condition_of(name, row.id), str(Outcome("silent", row.id)), row)


def _passed_on(base: KnowledgeBase, below: str) -> Iterator[Branch]:
    """Where another table is silent or excludes the child, say the same."""
    for answer in answers_of(base, below):
        if answer.kind in {"silent", "not_eligible"}:
            yield Branch(Among(below, frozenset({str(answer)})), str(answer))


def answers_of(base: KnowledgeBase, name: str) -> list[Outcome]:
    """Give every outcome that a table can have, in the order of their texts."""
    d = base.diagrams
    reached = (d.outcome[leaf] for leaf in d.reachable(base.compiled[name].raw, base.space.everything))
    return sorted((o for o in reached if isinstance(o, Outcome)), key=str)


def tables_below(base: KnowledgeBase, name: str) -> list[str]:
    """Name a table and every table that it rests on, those first that others rest on."""
    found: dict[str, None] = {}

    def visit(each: str) -> None:
        if each not in found:
            for below in tables_used(base, base.tables[each]):
                visit(below)
            found[each] = None

    visit(name)
    return list(found)


def tables_used(base: KnowledgeBase, table: Table) -> list[str]:
    """Name the tables whose answers a table uses directly."""
    named = {fact for condition in _conditions(base, table) for fact in facts_of(condition)} & base.tables.keys()
    return sorted(named | ({table.inherits} if table.inherits else set()))


def facts_asked(base: KnowledgeBase, tables: Iterable[str], facts: Mapping[str, Fact]) -> list[Fact]:
    """Give the facts that the rows of some tables name, other tables' answers aside, in the order of the questions."""
    named = {fact for name in tables for c in _conditions(base, base.tables[name]) for fact in facts_of(c)}
    return [fact for name, fact in facts.items() if name in named - base.tables.keys()]


def _conditions(base: KnowledgeBase, table: Table) -> list[Condition]:
    rows = (base.condition_of(table.id, row.id) for row in (*table.applies_to, *table.rules, *table.silent))
    return [condition for condition in rows if condition is not None]
