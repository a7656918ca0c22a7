"""The rules a second time, as plainly as they can be said: try every completion of a case, one after the other.

Nothing here knows of cells or diagrams. A *world* is a small vocabulary with background and tables, drawn at random;
`Reference` answers a case of it by enumeration, and the real evaluator must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reall.facts.known import Known, between, one_of
from reall.facts.vocabulary import NOT_STATED, Background, Fact
from reall.rules.table import Citation, KnowledgeBase, Row, Table

Value = float | str | bool
Expression = (
    tuple  # ("<", fact, number) ("in", fact, answers) ("order", fact, fact) ("not", e) ("and", e, e) ("or", e, e)
)
Completion = Mapping[str, Value | None]

CITATION = Citation(source="made_up", at="for the test")
FACTS = {
    "x": Fact(name="x", question="x?", kind="number", minimum=0, maximum=3),
    "y": Fact(name="y", question="y?", kind="number", minimum=1, maximum=3),
    "n": Fact(name="n", question="n?", kind="count", minimum=0, maximum=3),
    "c": Fact(name="c", question="c?", kind="category", answers=("red", "green", "blue")),
    "b": Fact(name="b", question="b?", kind="yes_no", answers=(False, True)),
    "t": Fact(name="t", question="t?", kind="yes_no", answers=(False, True), confirmatory="a second test"),
}
ALL_NUMBERS = [step / 2 for step in range(7)]
"""Every number that can make a difference when constants are whole: each constant, and one number between two."""


# --- Expressions: how they are written, and when they hold ------------------------------------------------------------


def written(expression: Expression) -> str:  # noqa: PLR0911 - one line per form
    """Write an expression in the language of the rules, in one of the forms that mean the same."""
    match expression:
        case ("not", part):
            return f"NOT ({written(part)})"
        case ("and" | "or" as word, one, other):
            return f"({written(one)}) {word.upper()} ({written(other)})"
        case ("between", fact, (low, high)):
            return f"{fact} BETWEEN {low} AND {high}"
        case ("turned", fact, constant):
            return f"{constant} < {fact}"
        case ("order", smaller, larger):
            return f"{smaller} <= {larger}"
        case ("in", fact, (True,)):
            return fact
        case ("in", fact, answers):
            return f"{fact} IN ({', '.join(_constant(a) for a in answers)})"
        case ("is not", fact, answer):
            return f"{fact} <> {_constant(answer)}"
    operator, fact, constant = expression
    return f"{fact} {operator} {constant}"


def _constant(answer: Value) -> str:
    return str(answer).upper() if isinstance(answer, bool) else f"'{answer}'"


def holds(expression: Expression, values: Completion) -> bool:  # noqa: PLR0911 - one line per form
    """Say whether an expression is true of a completion."""
    match expression:
        case ("not", part):
            return not holds(part, values)
        case ("and", one, other):
            return holds(one, values) and holds(other, values)
        case ("or", one, other):
            return holds(one, values) or holds(other, values)
        case ("between", fact, (low, high)):
            return low <= values[fact] <= high
        case ("turned", fact, constant):
            return constant < values[fact]
        case ("order", smaller, larger):
            return values[smaller] <= values[larger]
        case ("in", fact, answers):
            return values[fact] in answers
        case ("is not", fact, answer):
            return values[fact] != answer
    operator, fact, constant = expression
    value = values[fact]
    return {
        "<": value < constant, "<=": value <= constant, ">": value > constant,
        ">=": value >= constant, "=": value == constant, "<>": value != constant,
    }[operator]  # fmt: skip


def comparisons(expression: Expression) -> Iterator[tuple[str, str, float]]:
    """Give fact, operator and constant of every comparison of a number."""
    match expression:
        case ("not", part):
            yield from comparisons(part)
        case ("and" | "or", one, other):
            yield from comparisons(one)
            yield from comparisons(other)
        case ("between", fact, (low, high)):
            yield fact, ">=", low
            yield fact, "<=", high
        case ("turned", fact, constant):
            yield fact, ">", constant
        case (operator, fact, float() | int() as constant):
            yield fact, operator, constant


# --- Worlds -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MadeTable:
    """A table whose conditions are kept as expressions beside their text."""

    table: Table
    rules: tuple[tuple[str, Expression], ...]
    criteria: tuple[tuple[str, str, Expression], ...] = ()
    silent: tuple[tuple[str, Expression], ...] = ()

    @property
    def expressions(self) -> Iterator[Expression]:
        """Every condition of the table."""
        yield from (e for _, e in self.rules)
        yield from (e for _, _, e in self.criteria)
        yield from (e for _, e in self.silent)


@dataclass(frozen=True)
class World:
    """A vocabulary, what is always true in it, and tables in the order in which they use each other."""

    facts: tuple[Fact, ...]
    background: tuple[Expression, ...]
    tables: tuple[MadeTable, ...]

    @cached_property
    def base(self) -> KnowledgeBase:
        """The same world for the real evaluator."""
        background = [
            Background(id=f"b{i}", always=written(e), why="", names=()) for i, e in enumerate(self.background)
        ]
        return KnowledgeBase({f.name: f for f in self.facts}, background, [made.table for made in self.tables])

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """The derived facts, which a case may state."""
        return tuple(made.table.id for made in self.tables if made.table.derived)

    def numbers(self, fact: Fact) -> list[float]:
        """Give one number for every stretch of a number fact that some comparison can tell from its neighbours.

        Facts that background puts in order share their stretches, and stand on the same number where both can.
        """
        partners = {fact.name} | {n for e in self.background if e[0] == "order" and fact.name in e[1:] for n in e[1:]}
        everything = [*self.background, *(e for made in self.tables for e in made.expressions)]
        seen = {c for e in everything for c in comparisons(e) if c[0] in partners}
        shared = [f for f in self.facts if f.name in partners]
        candidates = [v for v in ALL_NUMBERS if v == int(v) or fact.kind == "number"]
        stretches: dict[tuple[bool, ...], list[float]] = {}
        for value in candidates:
            told_apart = tuple(holds((op, "v", c), {"v": value}) for _, op, c in sorted(seen))
            stretches.setdefault(told_apart, []).append(value)
        chosen = []
        for values in stretches.values():
            own = [v for v in values if fact.minimum <= v <= fact.maximum]
            common = [v for v in own if all(f.minimum <= v <= f.maximum for f in shared)]
            chosen += (common or own)[:1]
        return sorted(chosen)


Case = Mapping[str, tuple[Value, ...]]
"""The values that each fact may still have."""


def known(world: World, case: Case) -> dict[str, Known]:
    """Tell the real evaluator what the case says."""
    made: dict[str, Known] = {}
    for name, values in case.items():
        fact = next((f for f in world.facts if f.name == name), None)
        made[name] = between(min(values), max(values)) if fact and fact.numeric else one_of(*values)
    return made


# --- The answer by enumeration ----------------------------------------------------------------------------------------


@dataclass
class Reference:
    """Every allowed completion of a case, with the outcome of each table."""

    world: World
    case: Case
    completions: list[Completion] = field(init=False)

    def __post_init__(self) -> None:
        names = list(self.case)
        every = (dict(zip(names, values, strict=True)) for values in product(*self.case.values()))
        self.completions = [c for c in every if all(holds(e, c) for e in self.world.background)]

    def outcomes(self, table: str) -> list[str]:
        """Give the outcome of a table for each completion."""
        return [outcome(self.world, table, completion) for completion in self.completions]

    def relevant(self, table: str) -> set[str]:
        """Name the facts in which two completions differ, and in nothing else, and have different outcomes."""
        found = set()
        outcomes = self.outcomes(table)
        for name in self.case:
            groups: dict[tuple[Value | None, ...], set[str]] = {}
            for completion, reached in zip(self.completions, outcomes, strict=True):
                rest = tuple(value for key, value in completion.items() if key != name)
                groups.setdefault(rest, set()).add(reached)
            if any(len(group) > 1 for group in groups.values()):
                found.add(name)
        return found

    def settled_by(self, table: str, names: set[str]) -> bool:
        """Say whether knowing some facts always leaves one outcome."""
        groups: dict[tuple[Value | None, ...], set[str]] = {}
        for completion, reached in zip(self.completions, self.outcomes(table), strict=True):
            groups.setdefault(tuple(completion[name] for name in sorted(names)), set()).add(reached)
        return all(len(group) == 1 for group in groups.values())


def outcome(world: World, table: str, completion: Completion) -> str:  # noqa: PLR0911 - in the order of the page
    """Answer one table for one completion, as `docs/reference/rule-language.md` says."""
    made = next(m for m in world.tables if m.table.id == table)
    if made.table.derived and completion[table] != NOT_STATED:
        return str(completion[table])
    if made.table.inherits:
        above = outcome(world, made.table.inherits, completion)
        if ":" in above:
            return above
    derived = {m.table.id: outcome(world, m.table.id, completion) for m in world.tables[: world.tables.index(made)]}
    values = {**completion, **{id_: None if ":" in said or said == "gap" else said for id_, said in derived.items()}}
    for row, fact_or_silent, expression in made.criteria:
        if not holds(expression, values):
            return f"silent:{row}" if fact_or_silent == "silent" else f"not_eligible:{fact_or_silent}"
    for value, expression in made.rules:
        if holds(expression, values):
            return value
    used = sorted({name for _, expression in made.rules for name in _names(expression)} & set(derived), reverse=True)
    for name in used:
        if ":" in derived[name]:
            return derived[name]
    for row, expression in made.silent:
        if holds(expression, values):
            return f"silent:{row}"
    return "gap"


def _names(expression: Expression) -> Iterator[str]:
    for part in expression[1:]:
        if isinstance(part, tuple) and expression[0] in {"not", "and", "or"}:
            yield from _names(part)
        elif isinstance(part, str) and expression[0] not in {"not", "and", "or"}:
            yield part
            break


# --- Drawing worlds and cases at random -------------------------------------------------------------------------------


@st.composite
def atoms(draw: DrawFn, facts: tuple[Fact, ...]) -> Expression:
    """Draw one comparison."""
    fact = draw(st.sampled_from(facts))
    if fact.numeric:
        constant = st.integers(int(fact.minimum), 2)
        form = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "<>", "turned", "between"]))
        if form == "between":
            low, high = sorted((draw(constant), draw(constant)))
            return ("between", fact.name, (low, high))
        return (form, fact.name, draw(constant))
    answers = tuple(answer for answer in fact.answers if answer != NOT_STATED)
    if fact.kind == "yes_no":
        return ("in", fact.name, (draw(st.booleans()),))
    if draw(st.booleans()):
        return ("is not", fact.name, draw(st.sampled_from(answers)))
    return ("in", fact.name, tuple(draw(st.lists(st.sampled_from(answers), min_size=1, max_size=2, unique=True))))


def conditions(facts: tuple[Fact, ...]) -> st.SearchStrategy[Expression]:
    """Draw a condition of up to four comparisons."""
    return st.recursive(
        atoms(facts),
        lambda part: st.one_of(
            st.tuples(st.just("not"), part),
            st.tuples(st.sampled_from(["and", "or"]), part, part),
        ),
        max_leaves=4,
    )


@st.composite
def tables(draw: DrawFn, name: str, facts: tuple[Fact, ...], above: str = "") -> MadeTable:
    """Draw a table. Its rules may overlap or leave gaps: proofs find those, answers must be right all the same."""
    condition = conditions(facts)
    rules = draw(st.lists(st.tuples(st.sampled_from(["low", "high"]), condition), min_size=1, max_size=3))
    criteria = draw(st.lists(st.tuples(st.sampled_from(["silent", facts[0].name]), condition), max_size=2))
    silent = draw(st.lists(condition, max_size=2))
    return made_table(
        name,
        rules,
        [(f"k{i}", fact_or_silent, e) for i, (fact_or_silent, e) in enumerate(criteria)],
        [(f"s{i}", e) for i, e in enumerate(silent)],
        derived=not above and draw(st.booleans()),
        inherits=above,
    )


def made_table(
    name: str,
    rules: list[tuple[str, Expression]],
    criteria: list[tuple[str, str, Expression]],
    silent: list[tuple[str, Expression]],
    *,
    derived: bool = False,
    inherits: str = "",
) -> MadeTable:
    """Build a table from expressions."""

    def row(id_: str, expression: Expression, value: str = "", status_if_not: str = "not_eligible") -> Row:
        text = written(expression)
        return Row(id=id_, when=text, value=value, citation=CITATION, status_if_not=status_if_not, where=f"row {id_}")

    table = Table(
        id=name,
        title=name,
        question=f"{name}?",
        kind="risk_group",
        values={"low": "low", "high": "high"},
        rules=tuple(row(f"r{i}", e, value) for i, (value, e) in enumerate(rules)),
        applies_to=tuple(
            row(id_, e, "x" if said == "silent" else said, "silent" if said == "silent" else "not_eligible")
            for id_, said, e in criteria
        ),
        silent=tuple(row(id_, e) for id_, e in silent),
        derived=derived,
        inherits=inherits,
    )
    return MadeTable(table, tuple(rules), tuple(criteria), tuple(silent))


@st.composite
def backgrounds(draw: DrawFn, facts: tuple[Fact, ...]) -> tuple[Expression, ...]:
    """Draw what is always true: nothing, an order of two numbers, or that two comparisons never hold together."""
    made: list[Expression] = []
    if {"x", "y"} <= {fact.name for fact in facts} and draw(st.booleans()):
        made.append(("order", *draw(st.permutations(["x", "y"]))))
    if draw(st.integers(0, 3)) == 0:
        made.append(("not", ("and", draw(atoms(facts)), draw(atoms(facts)))))
    return tuple(made)


@st.composite
def worlds(draw: DrawFn, *, with_background: bool = True) -> World:
    """Draw two to four facts, background, a table, one that uses it, and one that inherits from that."""
    names = draw(st.lists(st.sampled_from(list(FACTS)), min_size=2, max_size=4, unique=True))
    facts = tuple(fact for name, fact in FACTS.items() if name in names)
    background = draw(backgrounds(facts)) if with_background else ()
    first = draw(tables("first", facts))
    groups = Fact(name="first", question="first?", kind="category", answers=("low", "high"))
    second = draw(tables("second", (*facts, groups)))
    more = Fact(name="second", question="second?", kind="category", answers=("low", "high"))
    third = draw(tables("third", (*facts, more), above="second"))
    return World(facts, background, (first, second, third))


@st.composite
def cases(draw: DrawFn, world: World) -> Case:
    """Draw what is known: for numbers neighbouring stretches, otherwise any answers; often one, often all."""
    case: dict[str, tuple[Value, ...]] = {}
    for fact in world.facts:
        values: list[Value] = list(world.numbers(fact)) if fact.numeric else list(fact.answers)
        case[fact.name] = tuple(draw(_some(values, neighbours=fact.numeric)))
    for name in world.stated:
        case[name] = tuple(draw(_some([NOT_STATED, "low", "high"], neighbours=False)))
    return case


def _some(values: list[Value], *, neighbours: bool) -> st.SearchStrategy[list[Value]]:
    one = st.sampled_from(values).map(lambda v: [v])
    runs = [values[i : j + 1] for i, j in product(range(len(values)), repeat=2) if i <= j]
    several = st.sampled_from(runs) if neighbours else st.lists(st.sampled_from(values), min_size=1, unique=True)
    return st.one_of(one, st.just(values), several)
