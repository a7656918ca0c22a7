"""DMN that ReALL writes, answered by SpiffWorkflow: on complete cases the answers are ReALL's."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from complete_cases import outcomes, random_cases
from dmn_engine import Graph, dmn_case

from reall.facts.known import Known
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.worked_cases import known_of, worked_cases
from reall.report.rule_library import exported_tables
from reall.rules.dmn import NAMESPACE, definitions_xml

CASES_PER_TABLE = 40
"""20,000 per table are run by benchmarks/rule_engines.py."""


@pytest.fixture(scope="module")
def graphs(knowledge: Knowledge) -> dict[str, Graph]:
    facts = knowledge.vocabulary.facts
    return {t: Graph(definitions_xml(knowledge.base, t, facts, "1")) for t in exported_tables(knowledge)}


def test_random_complete_cases_get_the_same_answer(knowledge: Knowledge, graphs: dict[str, Graph]) -> None:
    for table, graph in graphs.items():
        for values, possible in random_cases(knowledge, table, CASES_PER_TABLE, seed=3):
            answer = graph.answer(dmn_case(knowledge.base, graph, values))[table]
            assert [answer] == [str(outcome) for outcome in possible], (table, values)


def test_worked_cases_that_are_complete(knowledge: Knowledge, graphs: dict[str, Graph]) -> None:
    """DMN has no unknown: a worked case counts for a table once each fact that the table asks has one value."""
    answered = 0
    for case in worked_cases(PACKAGED):
        known: dict[str, Known] = known_of(case, knowledge)
        values = {name: value.point for name, value in known.items() if value.point is not None}
        for table in case.expected.keys() & graphs.keys():
            given = dmn_case(knowledge.base, graphs[table], values)
            if None in given.values():
                continue
            answer = graphs[table].answer(given)[table]
            assert {answer} == {str(outcome) for outcome in outcomes(knowledge.base, table, known)}, (case.id, table)
            answered += 1
    assert answered > 50


def test_every_rule_names_its_row_and_source(knowledge: Knowledge) -> None:
    xml = definitions_xml(knowledge.base, "ukall_r3", knowledge.vocabulary.facts, knowledge.version)
    words = "\n".join(element.text or "" for element in ET.fromstring(xml).iter(f"{{{NAMESPACE}}}description"))
    table = knowledge.base.tables["ukall_r3"]
    for row in (*table.rules, *table.applies_to, *table.silent):
        assert f"{row.id}: {row.citation.source}, {row.citation.at} [{row.citation.status}]" in words


def test_the_document_is_ordered_as_the_standard_asks(knowledge: Knowledge) -> None:
    """DMN 1.3: description, question, variable, requirements, then the table: inputs, output, rules."""
    for table in exported_tables(knowledge):
        xml = definitions_xml(knowledge.base, table, knowledge.vocabulary.facts, knowledge.version)
        root = ET.fromstring(xml)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(set(ids)) == len(ids)
        for decision in root.iter(f"{{{NAMESPACE}}}decision"):
            tags = [element.tag.removeprefix(f"{{{NAMESPACE}}}") for element in decision]
            order = ["description", "question", "variable", "informationRequirement", "decisionTable"]
            assert tags == sorted(tags, key=order.index)
