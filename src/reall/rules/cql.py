"""Tables as Clinical Quality Language (CQL 1.5), so that an engine that nobody here wrote can answer them too.

Each table becomes one definition that goes through its rows in their order: the first that holds answers, and a row
whose facts are unknown answers `unknown`. So unknown never becomes a group, but the answer is poorer than ReALL's,
which names the groups still possible. Membership is written as equalities, because `in` is two-valued in CQL: unknown
in a list is false there. Names of facts are parameters; Decimal, String, Boolean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from reall.facts.vocabulary import NOT_STATED, Fact
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, Not, facts_of
from reall.rules.table import KnowledgeBase, Outcome, Table

UNKNOWN = "unknown"
_TYPES = {"number": "Decimal", "count": "Decimal", "yes_no": "Boolean", "category": "String"}
_OPERATORS = {"<", "<=", ">", ">=", "=", "!=", "<>"}


def expression(condition: Condition, tables: Iterable[str]) -> str:
    """Write a condition; a fact that is a table's answer is taken from that table's definition.

    >>> expression(All((Compare("months", "<", 18.0), Among("lineage", frozenset({"B", "T"})))), ())
    '(("months" < 18.0) and ("lineage" = \\'B\\' or "lineage" = \\'T\\'))'
    """
    match condition:
        case Not(part):
            return f"(not {expression(part, tables)})"
        case All(parts):
            return "(" + " and ".join(expression(part, tables) for part in parts) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(expression(part, tables) for part in parts) + ")"
        case Compare(fact, operator, constant) if operator in _OPERATORS:
            # In brackets: `not` binds closer than a comparison in CQL.
            return f"({_name(fact)} {'!=' if operator == '<>' else operator} {number(constant)})"
        case Among(fact, answers):
            name = _name(f"{fact} answer" if fact in tables else fact)
            return _among(name, answers)
    raise TypeError(f"{type(condition).__name__} has no form in CQL; background conditions are not exported")


def _among(name: str, answers: frozenset[str | bool]) -> str:
    yes_no = [answer for answer in answers if isinstance(answer, bool)]
    if yes_no:
        both = len(yes_no) > 1
        return f"({name} or not {name})" if both else name if yes_no[0] else f"(not {name})"
    return "(" + " or ".join(f"{name} = {text(str(answer))}" for answer in sorted(map(str, answers))) + ")"


def number(value: float) -> str:
    """Write a number without exponent.

    >>> number(1e-4), number(18.0)
    ('0.0001', '18.0')
    """
    written = format(Decimal(repr(float(value))), "f")
    return written if "." in written else f"{written}.0"


def text(value: str) -> str:
    """Write a text between quotation marks.

    >>> text("it's")
    "'it\\\\'s'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _name(fact: str) -> str:
    return '"' + fact.replace('"', '\\"') + '"'


def tables_below(base: KnowledgeBase, table: str) -> list[str]:
    """Name a table and every table that it rests on, those first that others rest on."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            for below in _used(base, base.tables[name]):
                visit(below)
            found[name] = None

    visit(table)
    return list(found)


def parameters(base: KnowledgeBase, tables: Iterable[str], facts: Mapping[str, Fact]) -> dict[str, str]:
    """Name every parameter with its type: the facts of the rows, and `stated X` where a case may state X itself."""
    found: dict[str, str] = {}
    for name in tables:
        table = base.tables[name]
        if table.derived:
            found[f"stated {name}"] = "String"
        for _, condition in _conditions(base, table):
            for fact in facts_of(condition):
                if fact not in base.tables:
                    found[fact] = _TYPES[facts[fact].kind]
    return dict(sorted(found.items()))


def definitions(base: KnowledgeBase, name: str) -> Iterator[str]:
    """Write a table: its answer, and the same with `unknown` as null for the tables that rest on it."""
    table = base.tables[name]
    cases = "\n    ".join(_cases(base, table))
    yield f"define {_name(name)}:\n  case\n    {cases}\n    else 'gap'\n  end"
    known = f"case when {_name(name)} != {text(UNKNOWN)} then {_name(name)} else null end"
    yield f"define {_name(f'{name} answer')}:\n  {known}"


def _cases(base: KnowledgeBase, table: Table) -> Iterator[str]:
    """Give the branches in the order in which `KnowledgeBase` compiles them; the first that holds answers."""
    if table.derived:
        stated = _name(f"stated {table.id}")
        yield f"when {stated} != {text(NOT_STATED)} then {stated}"
    if table.inherits:
        yield from _passed_on(base, table.inherits)
    for row in table.applies_to:
        told = Outcome(row.status_if_not, row.value if row.status_if_not == "not_eligible" else row.id)
        yield from _branch(f"(not {_written(base, table, row.id)})", str(told))
    for row in table.rules:
        yield from _branch(_written(base, table, row.id), row.value)
    rows = [base.condition_of(table.id, row.id) for row in table.rules]
    used = {fact for condition in rows if condition for fact in facts_of(condition)} & base.tables.keys()
    for below in sorted(used, reverse=True):
        yield from _passed_on(base, below)
    for row in table.silent:
        yield from _branch(_written(base, table, row.id), str(Outcome("silent", row.id)))


def _branch(condition: str, answer: str) -> Iterator[str]:
    yield f"when {condition} then {text(answer)}"
    yield f"when {condition} is null then {text(UNKNOWN)}"


def _passed_on(base: KnowledgeBase, below: str) -> Iterator[str]:
    """Where another table is silent or excludes the child, say the same."""
    compiled, d = base.compiled[below], base.diagrams
    reached = (d.outcome[leaf] for leaf in d.reachable(compiled.raw, base.space.everything))
    kinds = sorted({str(o) for o in reached if isinstance(o, Outcome) and o.kind in {"silent", "not_eligible"}})
    for kind in kinds:
        yield f"when {_name(below)} = {text(kind)} then {text(kind)}"
    if kinds:
        yield f"when {_name(below)} = {text(UNKNOWN)} then {text(UNKNOWN)}"


def _written(base: KnowledgeBase, table: Table, row: str) -> str:
    condition = base.condition_of(table.id, row)
    return "true" if condition is None else expression(condition, base.tables)


def _conditions(base: KnowledgeBase, table: Table) -> list[tuple[str, Condition]]:
    rows = [row.id for row in (*table.applies_to, *table.rules, *table.silent)]
    return [(row, found) for row in rows if (found := base.condition_of(table.id, row)) is not None]


def _used(base: KnowledgeBase, table: Table) -> list[str]:
    named = {fact for _, condition in _conditions(base, table) for fact in facts_of(condition)} & base.tables.keys()
    return sorted(named | ({table.inherits} if table.inherits else set()))
