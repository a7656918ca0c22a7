"""Tables as Clinical Quality Language (CQL 1.5), so that an engine that nobody here wrote can answer them too.

Each table becomes one definition that goes through its branches in their order: the first that holds answers, and one
that is unknown answers `unknown`. So unknown never becomes a group, but the answer is poorer than
ReALL's, which names the groups still possible. Membership is written as equalities, because `in` is two-valued in CQL:
unknown in a list is false there. Facts are parameters of the library.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from reall.base.errors import InvalidKnowledge
from reall.base.written import without_exponent
from reall.facts.vocabulary import Fact
from reall.rules.branches import branches, facts_asked, tables_below
from reall.rules.condition import All, Among, AnyOf, Compare, Condition, Not
from reall.rules.table import KnowledgeBase, Row

UNKNOWN = "unknown"
GAP = "gap"
_TYPES = {"number": "Decimal", "count": "Decimal", "yes_no": "Boolean", "category": "String"}
_DECIMAL_PLACES = 8
_ANSWERS = f"Answers: a group, silent:ROW, not_eligible:FACT, or {UNKNOWN} where a fact that decides is null."


def library_text(base: KnowledgeBase, name: str, facts: Mapping[str, Fact], version: str) -> str:
    """Write a table, with all tables that it rests on, as one library that needs no other.

    Raises `InvalidKnowledge` when a constant needs more decimal places than CQL carries.
    """
    tables = tables_below(base, name)
    table = base.tables[name]
    parts = [
        f"// {_comment(table.title)}\n// {_comment(table.question)}\n// {_ANSWERS}",
        f"library {library_name(name)} version {text(version)}",
        "\n".join(parameters(base, tables, facts)),
        *(definition for each in tables for definition in definitions(base, each)),
    ]
    return "\n\n".join(parts) + "\n"


def library_name(table: str) -> str:
    """Name the library of a table, as CQL and FHIR allow names."""
    return f"ReALL_{table}"


def parameters(base: KnowledgeBase, tables: Collection[str], facts: Mapping[str, Fact]) -> Iterator[str]:
    """Declare the facts of the rows, and `stated X` where a case may state the answer of a definition X itself."""
    for fact in facts_asked(base, tables, facts):
        unit = f" Unit: {fact.unit}." if fact.unit else ""
        yield f"// {_comment(fact.question)}{unit}\n{_parameter(fact.name, _TYPES[fact.kind])}"
    for name in tables:
        if base.tables[name].derived:
            yield f"// Null: the definition decides.\n{_parameter(stated(name), 'String')}"


def _parameter(name: str, kind: str) -> str:
    # Without the default, cql-execution 3.3.2 takes a parameter left out for an object that equals nothing.
    return f"parameter {name_of(name)} {kind} default (null as {kind})"


def stated(table: str) -> str:
    """Name the parameter by which a case states a definition's answer."""
    return f"stated {table}"


def definitions(base: KnowledgeBase, name: str) -> Iterator[str]:
    """Write a table: a definition per row, its answer, and the same with `unknown` as null for what rests on it.

    Rows that give groups never contradict each other (the knowledge is proved so), so one that holds answers even
    where another is unknown; everything else is decided in its order.
    """
    lines: list[str] = []
    waiting: list[str] = []
    if base.tables[name].derived:
        given = name_of(stated(name))
        lines.append(f"when {given} is not null then {given}")
    for branch in branches(base, name):
        if branch.when is None:
            lines += [*waiting, f"when true then {text(branch.answer)}"]
            waiting = []
            continue
        condition = expression(branch.when, base.tables)
        if branch.row is not None:
            row = name_of(f"{name}: {branch.row.id}")
            yield f"{_cited(branch.row)}\ndefine {row}:\n  {condition}"
            condition = row
        holds = f"when {condition} then {text(branch.answer)}"
        unknown = f"when {condition} is null then {text(UNKNOWN)}"
        if branch.group:
            lines.append(holds)
            waiting.append(unknown)
        else:
            lines += [*waiting, holds, unknown]
            waiting = []
    cases = "\n    ".join([*lines, *waiting])
    yield f"define {name_of(name)}:\n  case\n    {cases}\n    else {text(GAP)}\n  end"
    known = f"case when {name_of(name)} != {text(UNKNOWN)} then {name_of(name)} else null end"
    yield f"define {name_of(_answer(name))}:\n  {known}"


def _cited(row: Row) -> str:
    words = f"// {_comment(row.words)}\n" if row.words else ""
    return f"{words}// {_comment(row.citation.source)}, {_comment(row.citation.at)} [{row.citation.status}]"


def _answer(table: str) -> str:
    return f"{table} answer"


def expression(condition: Condition, tables: Collection[str]) -> str:
    """Write a condition, in brackets; a fact that is a table's answer is taken from that table's definition.

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
        case Compare(fact, operator, constant):
            return f"({name_of(fact)} {'!=' if operator == '<>' else operator} {_number(constant)})"
        case Among(fact, answers):
            return _among(name_of(_answer(fact) if fact in tables else fact), answers)
    raise InvalidKnowledge("one fact is compared with another", why="Only background conditions may do so.")


def _among(name: str, answers: frozenset[str | bool]) -> str:
    if answers == {True}:
        return name
    written = (name if a is True else f"not {name}" if a is False else f"{name} = {text(a)}" for a in answers)
    return "(" + " or ".join(sorted(written)) + ")"


def _number(value: float) -> str:
    written = without_exponent(value)
    if len(written.partition(".")[2]) > _DECIMAL_PLACES:
        raise InvalidKnowledge(
            f"the constant {value:g} has more than {_DECIMAL_PLACES} decimal places",
            why="CQL carries no more, so the comparison would be another one.",
            next="Write the fact in a smaller unit.",
        )
    return written


def text(value: str) -> str:
    """Write a text between quotation marks.

    >>> text("it's")
    "'it\\\\'s'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def name_of(fact: str) -> str:
    """Write a name between quotation marks."""
    return '"' + fact.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comment(words: str) -> str:
    return " ".join(words.split())
