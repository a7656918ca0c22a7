"""Tables as DMN 1.3 decision tables (hit policy FIRST), for complete cases.

DMN's expression language is two-valued on unknown (`null = "B"` is false), so a case with an unknown fact must not be
given to these tables. Each entry is written so that it means the same in FEEL and in Python, which some engines use.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from xml.etree import ElementTree as ET

from reall.base.errors import InvalidKnowledge
from reall.base.written import without_exponent
from reall.facts.known import Answer
from reall.facts.vocabulary import Fact
from reall.rules.branches import Branch, answers_of, branches, facts_asked, tables_below
from reall.rules.condition import All, Among, AnyOf, Atom, Compare, Condition, InOrder, Not, facts_of
from reall.rules.table import KnowledgeBase, Row

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_TYPES = {"number": "number", "count": "number", "yes_no": "boolean", "category": "string"}
_ANY = "-"


def definitions_xml(base: KnowledgeBase, name: str, facts: Mapping[str, Fact], version: str) -> str:
    """Write a table, with all tables that it rests on, as one decision requirements graph."""
    root = ET.Element(
        "definitions",
        {
            "xmlns": NAMESPACE,
            "id": f"reall_{name}",
            "name": base.tables[name].title,
            "namespace": f"urn:reall:{name}:{version}",
        },
    )
    tables = tables_below(base, name)
    for fact in facts_asked(base, tables, facts):
        _input_data(root, fact.name, _TYPES[fact.kind], fact.question)
    for each in tables:
        if base.tables[each].derived:
            words = "The answer that the case states itself, or the text 'not stated': then the definition decides."
            _input_data(root, stated(each), "string", words)
    for each in tables:
        _Decision(base, each, facts).write(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def stated(table: str) -> str:
    """Name the input by which a case states a definition's answer."""
    return f"stated_{table}"


def _input_data(root: ET.Element, name: str, kind: str, words: str) -> None:
    element = ET.SubElement(root, "inputData", {"id": _input_id(name), "name": name})
    ET.SubElement(element, "description").text = words
    ET.SubElement(element, "variable", {"id": f"{_input_id(name)}_variable", "name": name, "typeRef": kind})


def _input_id(name: str) -> str:
    return f"input_{name}"


@dataclass
class _Conjunction:
    """What must hold at once: comparisons of numbers, and the answers left to other facts."""

    numbers: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    answers: dict[str, frozenset[Answer]] = field(default_factory=dict)


class _Decision:
    """One table as a decision: its columns, and one rule per way in which a branch can hold."""

    def __init__(self, base: KnowledgeBase, name: str, facts: Mapping[str, Fact]) -> None:
        self.base, self.name, self.facts = base, name, facts
        self.table = base.tables[name]
        self.branches = list(branches(base, name))
        named = (fact for branch in self.branches if branch.when for fact in facts_of(branch.when))
        self.columns = list(dict.fromkeys(named))

    def write(self, root: ET.Element) -> None:
        """Add the decision to a document."""
        decision = ET.SubElement(root, "decision", {"id": self.name, "name": self.name})
        ET.SubElement(decision, "description").text = self.table.title
        ET.SubElement(decision, "question").text = self.table.question
        attributes = {"id": f"{self.name}_variable", "name": self.name, "typeRef": "string"}
        ET.SubElement(decision, "variable", attributes)
        given = [stated(self.name)] if self.table.derived else []
        for i, column in enumerate((*given, *self.columns)):
            kind, target = (
                ("requiredDecision", column) if column in self.base.tables else ("requiredInput", _input_id(column))
            )
            requirement = ET.SubElement(decision, "informationRequirement", {"id": f"{self.name}_needs_{i}"})
            ET.SubElement(requirement, kind, {"href": f"#{target}"})
        table = ET.SubElement(decision, "decisionTable", {"id": f"{self.name}_table", "hitPolicy": "FIRST"})
        for i, column in enumerate((*given, *self.columns)):
            self._column(table, i, column)
        ET.SubElement(table, "output", {"id": f"{self.name}_output", "name": self.name, "typeRef": "string"})
        for i, (entries, answer, row) in enumerate(self._rules(len(given)), start=1):
            self._rule(table, i, entries, answer, row)

    def _column(self, table: ET.Element, number: int, column: str) -> None:
        fact = self.facts.get(column)
        kind = _TYPES[fact.kind] if fact else "string"
        element = ET.SubElement(table, "input", {"id": f"{self.name}_input_{number}", "label": column})
        attributes = {"id": f"{self.name}_expression_{number}", "typeRef": kind}
        ET.SubElement(ET.SubElement(element, "inputExpression", attributes), "text").text = column

    def _rule(self, table: ET.Element, number: int, entries: Iterable[str], answer: str, row: Row | None) -> None:
        rule = ET.SubElement(table, "rule", {"id": f"{self.name}_rule_{number}"})
        if row is not None:
            citation = row.citation
            words = f"{row.id}: {citation.source}, {citation.at} [{citation.status}]"
            ET.SubElement(rule, "description").text = words
        for i, entry in enumerate(entries):
            element = ET.SubElement(rule, "inputEntry", {"id": f"{self.name}_rule_{number}_input_{i}"})
            ET.SubElement(element, "text").text = entry
        element = ET.SubElement(rule, "outputEntry", {"id": f"{self.name}_rule_{number}_output"})
        ET.SubElement(element, "text").text = json.dumps(answer)

    def _rules(self, given: int) -> Iterator[tuple[list[str], str, Row | None]]:
        if given:
            for answer in self.table.values:
                yield [json.dumps(answer), *(_ANY for _ in self.columns)], answer, None
        for branch in self.branches:
            for entries in self._ways(branch):
                yield [_ANY] * given + entries, branch.answer, branch.row

    def _ways(self, branch: Branch) -> Iterator[list[str]]:
        if branch.when is None:
            yield [_ANY for _ in self.columns]
            return
        for atoms in _alternatives(branch.when, holds=True):
            made = self._conjunction(atoms)
            if all(made.answers.values()):
                yield [self._entry(made, column) for column in self.columns]

    def _conjunction(self, atoms: Iterable[tuple[Atom, bool]]) -> _Conjunction:
        made = _Conjunction()
        for atom, holds in atoms:
            match atom:
                case Compare(fact, operator, constant):
                    made.numbers.setdefault(fact, []).append((operator if holds else _OPPOSITE[operator], constant))
                case Among(fact, answers):
                    every = self._every(fact)
                    left = frozenset(answers) & every if holds else every - answers
                    made.answers[fact] = made.answers.get(fact, every) & left
                case InOrder():
                    raise InvalidKnowledge("one fact is compared with another", why="Only background may do so.")
        return made

    def _every(self, fact: str) -> frozenset[Answer]:
        if fact in self.base.tables:
            return frozenset(str(answer) for answer in answers_of(self.base, fact))
        return frozenset(self.facts[fact].answers)

    def _entry(self, made: _Conjunction, column: str) -> str:
        if column in made.numbers:
            return _number_test(list(dict.fromkeys(made.numbers[column])))
        if column not in made.answers or made.answers[column] == self._every(column):
            return _ANY
        written = sorted(json.dumps(answer) for answer in made.answers[column])
        return written[0] if len(written) == 1 else f"? in ({', '.join(written)})"


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>", "<>": "="}
# A single = means equality in FEEL and assignment in Python.
_TESTS = {"=": "? >= {0} and ? <= {0}", "<>": "? != {0}"}


def _number_test(tests: Sequence[tuple[str, float]]) -> str:
    if len(tests) == 1 and tests[0][0] not in _TESTS:
        return f"{tests[0][0]} {without_exponent(tests[0][1])}"
    return " and ".join(_TESTS.get(sign, f"? {sign} {{0}}").format(without_exponent(number)) for sign, number in tests)


def _alternatives(condition: Condition, *, holds: bool) -> list[tuple[tuple[Atom, bool], ...]]:
    """Give the ways in which a condition holds (or does not): any of the lists, every comparison of it at once."""
    match condition:
        case Not(part):
            return _alternatives(part, holds=not holds)
        case All(parts) | AnyOf(parts):
            each = [_alternatives(part, holds=holds) for part in parts]
            if isinstance(condition, All) == holds:
                return [tuple(atom for way in ways for atom in way) for ways in product(*each)]
            return [way for ways in each for way in ways]
    return [((condition, holds),)]
