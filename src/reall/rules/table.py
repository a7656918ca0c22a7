"""Decision tables, and the knowledge base that compiles them into diagrams.

A table gives, for every completion of a case, exactly one outcome: a value, `silent` (the paper gives no answer),
`not_eligible` (a criterion excludes the child) or, where the table has a fault, a gap. The values of a derived table
are facts in other tables; they are compiled in place, so that two facts that rest on the same observation are never
treated as independent, and answers stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reall.base.errors import InvalidKnowledge
from reall.facts.vocabulary import NOT_STATED, Background, Fact
from reall.rules.cells import Space, cut
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, InOrder, Not, facts_of
from reall.rules.diagram import FALSE, TRUE, Diagrams


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Where a statement stands, and how far it is confirmed (draft, transcribed, double-checked, superseded)."""

    source: str
    at: str
    status: str = "transcribed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table: when `when` holds, `value` is the answer (of a criterion: the fact it names)."""

    id: str
    when: str
    value: str
    citation: Citation
    words: str = ""
    status_if_not: str = "not_eligible"
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A conflict between sources, or a caution, shown with the answer where its condition may hold."""

    id: str
    words: str
    citations: tuple[Citation, ...]
    when: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One decision table: its rows, whom it applies to, where it is silent, and which table it inherits from."""

    id: str
    title: str
    question: str
    kind: str
    values: Mapping[str, str]
    rules: tuple[Row, ...]
    applies_to: tuple[Row, ...] = ()
    silent: tuple[Row, ...] = ()
    conflicts: tuple[Remark, ...] = ()
    cautions: tuple[Remark, ...] = ()
    derived: bool = False
    inherits: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table says of one completion: a kind, and the value or the fact or row that explains it."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return self.detail if self.kind == "value" else f"{self.kind}:{self.detail}" if self.detail else self.kind


GAP = Outcome("gap", "")
IMPOSSIBLE = Outcome("impossible", "")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row as diagrams: where its condition holds (`holds`), and the same with the impossible marked (`within`)."""

    row: Row
    facts: tuple[str, ...]
    holds: int
    within: int


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A table as diagrams: its outcome everywhere (`raw`), the same with the impossible marked, and its rows.

    `asked` are the facts, by position, that the outcome depends on. `direct` are those that the rows rest on; others
    bear on it only through the background.
    """

    table: Table
    raw: int
    outcome: int
    rules: tuple[Line, ...]
    criteria: tuple[Line, ...]
    silent: tuple[Line, ...]
    conflicts: tuple[tuple[Remark, int], ...]
    cautions: tuple[tuple[Remark, int], ...]
    statable: tuple[tuple[str, frozenset[str]], ...] = ()
    direct: frozenset[int] = frozenset()
    asked: tuple[int, ...] = ()

    def statable_instead(self, missing: Iterable[str]) -> tuple[str, ...]:
        """Name the derived facts that a case could state in place of some missing facts."""
        wanted = set(missing)
        return tuple(name for name, asked in self.statable if asked & wanted)


def derived_fact(table: Table) -> Fact:
    """Make the fact that other tables see; a definition's value may also be stated by the case."""
    answers: tuple[str, ...] = tuple(table.values)
    return Fact(
        name=table.id,
        question=table.question,
        kind="category",
        answers=(*answers, NOT_STATED) if table.derived else answers,
        words=dict(table.values),
    )


class KnowledgeBase:
    """Facts, background and tables, compiled together. Building raises `InvalidKnowledge` with the place."""

    def __init__(
        self,
        facts: Mapping[str, Fact],
        background: Sequence[Background],
        tables: Iterable[Table],
        questions: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Read every condition, cut the facts, and compile the tables in the order in which they use each other.

        `questions` are conditions outside tables (who belongs to a published stratum, say): id to text and place.
        """
        # Reading needs sqlglot, which a compiled knowledge base taken from the cache never loads.
        from reall.rules.reader import read_condition  # noqa: PLC0415

        self.tables = {table.id: table for table in tables}
        self.derived = {table.id: derived_fact(table) for table in self.tables.values()}
        self._names = dict(facts) | self.derived
        self._conditions: dict[tuple[str, str], Condition] = {}
        self._background = tuple(
            (b, read_condition(b.always, facts, where=f"background {b.id}", background=True)) for b in background
        )
        for table in self.tables.values():
            self._read(table, read_condition)
        stated = [fact for fact in self.derived.values() if self.tables[fact.name].derived]
        asked = {
            id_: read_condition(text, self._names, where=where) for id_, (text, where) in (questions or {}).items()
        }
        every = [c for _, c in self._background] + list(self._conditions.values()) + list(asked.values())
        # Stated answers come first: once a definition's value is stated, nothing that defines it is asked any more.
        self.space: Space = cut([*stated, *facts.values()], every)
        self.diagrams = Diagrams([axis.size for axis in self.space.axes])
        self.compiled: dict[str, Compiled] = {}
        for table in self.tables.values():
            self._compile(table, ())
        self.questions = {id_: self._within(self.build(condition)) for id_, condition in asked.items()}

    def _read(self, table: Table, read_condition: Callable[..., Condition]) -> None:
        rows: list[Row | Remark] = [
            *table.rules,
            *table.applies_to,
            *table.silent,
            *table.conflicts,
            *table.cautions,
        ]
        for row in rows:
            if (table.id, row.id) in self._conditions:
                raise InvalidKnowledge(f"the row id {row.id!r} stands twice in {table.id!r}", where=row.where)
            if row.when:
                self._conditions[table.id, row.id] = read_condition(row.when, self._names, where=row.where)
        for rule in table.rules:
            if rule.value not in table.values:
                raise InvalidKnowledge(f"{rule.value!r} is not one of the groups of {table.id!r}", where=rule.where)

    @cached_property
    def background(self) -> tuple[tuple[Background, int], ...]:
        """Every background condition as a diagram."""
        return tuple((b, self.build(condition)) for b, condition in self._background)

    def build(self, condition: Condition) -> int:
        """Compile a condition; derived facts become what their tables say."""
        d = self.diagrams
        match condition:
            case Not(part):
                return d.opposite(self.build(part))
            case All(parts):
                made = TRUE
                for part in parts:
                    made = d.both(made, self.build(part))
                return made
            case AnyOf(parts):
                made = FALSE
                for part in parts:
                    made = d.either(made, self.build(part))
                return made
            case Among(fact, answers):
                return self._among(fact, answers)
            case Compare(fact, operator, constant):
                at = self.space.position[fact]
                return d.cells(at, self.space.axes[at].mask_of_comparison(operator, constant))
        return self._in_order(condition)

    def _among(self, fact: str, answers: frozenset[str | bool]) -> int:
        if fact in self.tables:
            compiled = self._compile(self.tables[fact], ())
            return self.diagrams.where(
                compiled.raw, lambda o: isinstance(o, Outcome) and o.kind == "value" and o.detail in answers
            )
        at = self.space.position[fact]
        axis = self.space.axes[at]
        mask = sum(1 << i for i, answer in enumerate(axis.fact.answers) if answer in answers)
        return self.diagrams.cells(at, mask)

    def _in_order(self, condition: InOrder) -> int:
        d, position = self.diagrams, self.space.position
        smaller, larger = position[condition.smaller], position[condition.larger]
        made, size = FALSE, d.sizes[smaller]
        for i in range(size):
            above = d.cells(larger, ((1 << size) - 1) & ~((1 << i) - 1))
            made = d.either(made, d.both(d.cells(smaller, 1 << i), above))
        return made

    def possible(self, levels: set[int]) -> int:
        """Give the background that bears, directly or through other facts, on some facts (by position)."""
        d = self.diagrams
        open_ones = [(diagram, set(d.support(diagram))) for _, diagram in self.background]
        holds, grown = TRUE, True
        while grown:
            grown = False
            for diagram, asked in list(open_ones):
                if asked & levels:
                    holds, grown = d.both(holds, diagram), True
                    levels = levels | asked
                    open_ones.remove((diagram, asked))
        for level in levels:
            holds = d.both(holds, d.cells(level, self.space.axes[level].everything))
        return holds

    def _compile(self, table: Table, above: tuple[str, ...]) -> Compiled:
        if table.id in self.compiled:
            return self.compiled[table.id]
        if table.id in above:
            raise InvalidKnowledge(f"{' -> '.join((*above, table.id))} define each other", where=table.where)
        for used in self._tables_used(table):
            self._compile(self.tables[used], (*above, table.id))
        d = self.diagrams
        rules = self._rows(table, table.rules)
        criteria = self._rows(table, table.applies_to)
        silent = self._rows(table, table.silent)
        raw = d.leaf(GAP)
        for line in reversed(silent):
            raw = d.choose(line.holds, d.leaf(Outcome("silent", line.row.id)), raw)
        raw = self._inherit(table, raw)
        for line in reversed(rules):
            raw = d.choose(line.holds, d.leaf(Outcome("value", line.row.value)), raw)
        for line in reversed(criteria):
            row = line.row
            excluded = Outcome(row.status_if_not, row.value if row.status_if_not == "not_eligible" else row.id)
            raw = d.choose(line.holds, raw, d.leaf(excluded))
        if table.inherits:
            raw = self._pass_on(self.compiled[table.inherits].raw, raw)
        if table.derived:
            raw = self._or_stated(table, raw)
        remarks = [
            tuple((r, self.build(self._conditions[table.id, r.id]) if r.when else TRUE) for r in group)
            for group in (table.conflicts, table.cautions)
        ]
        outcome = self._within(raw)
        made = Compiled(
            table=table,
            raw=raw,
            outcome=outcome,
            rules=rules,
            criteria=criteria,
            silent=silent,
            conflicts=remarks[0],
            cautions=remarks[1],
            statable=self._statable(table),
            direct=frozenset(d.support(raw)),
            asked=tuple(d.support(outcome)),
        )
        self.compiled[table.id] = made
        return made

    def _statable(self, table: Table) -> tuple[tuple[str, frozenset[str]], ...]:
        """Give the derived facts that the table rests on, near or far, each with the facts that its definition asks."""
        found: dict[str, frozenset[str]] = {}
        waiting = self._tables_used(table)
        while waiting:
            name = waiting.pop()
            if name not in found:
                waiting += self._tables_used(self.tables[name])
                asked = (self.space.axes[at].fact.name for at in self.diagrams.support(self.compiled[name].raw))
                found[name] = frozenset(asked) - self.tables.keys()
        return tuple((name, found[name]) for name in self.tables if name in found and self.tables[name].derived)

    def _rows(self, table: Table, rows: tuple[Row, ...]) -> tuple[Line, ...]:
        return tuple(self._line(row, self._conditions[table.id, row.id]) for row in rows)

    def _line(self, row: Row, condition: Condition) -> Line:
        holds = self.build(condition)
        return Line(row=row, facts=tuple(facts_of(condition)), holds=holds, within=self._within(holds))

    def _within(self, diagram: int) -> int:
        """Mark the completions that the background rules out."""
        d = self.diagrams
        return d.choose(self.possible(set(d.support(diagram))), diagram, d.leaf(IMPOSSIBLE))

    def _tables_used(self, table: Table) -> list[str]:
        conditions = [c for (owner, _), c in self._conditions.items() if owner == table.id]
        named = {name for condition in conditions for name in facts_of(condition)} & set(self.tables)
        return sorted(named | ({table.inherits} if table.inherits else set()))

    def _inherit(self, table: Table, raw: int) -> int:
        """Where no row answers because a fact that the rows use is itself silent, the table is silent with it."""
        own = [self._conditions[table.id, row.id] for row in table.rules]
        for name in sorted({n for c in own for n in facts_of(c)} & set(self.tables)):
            raw = self._pass_on(self.compiled[name].raw, raw)
        return raw

    def _pass_on(self, upstream: int, raw: int) -> int:
        d = self.diagrams
        kinds = {d.outcome[leaf] for leaf in d.reachable(upstream, self.space.everything)}
        for outcome in kinds:
            if isinstance(outcome, Outcome) and outcome.kind in {"silent", "not_eligible"}:
                there = d.where(upstream, outcome.__eq__)
                raw = d.choose(there, d.leaf(outcome), raw)
        return raw

    def _or_stated(self, table: Table, raw: int) -> int:
        d = self.diagrams
        level = self.space.position[table.id]
        stated = [d.leaf(Outcome("value", value)) for value in table.values]
        chosen = raw
        for i, leaf in enumerate(stated):
            chosen = d.choose(d.cells(level, 1 << i), leaf, chosen)
        return chosen

    def condition_of(self, table: str, row: str) -> Condition | None:
        """Give the condition of one row; None where the row has none or is not of this table."""
        return self._conditions.get((table, row))
