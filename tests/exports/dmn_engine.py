"""SpiffWorkflow's DMN engine over the graphs that ReALL writes; it reads one decision per document."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser

from reall.facts.vocabulary import NOT_STATED
from reall.rules.dmn import NAMESPACE, stated
from reall.rules.table import KnowledgeBase

_TAG = f"{{{NAMESPACE}}}"
# FEEL writes true and false; the engine evaluates entries as Python.
_FEEL_WORDS = {"true": True, "false": False}


class Graph:
    """A decision requirements graph, answered decision by decision in the order of the document."""

    def __init__(self, xml: str) -> None:
        """Take the document apart; every decision must find what it requires before it."""
        root = ET.fromstring(xml)
        self.inputs = [element.get("name", "") for element in root.iter(f"{_TAG}inputData")]
        self.engines: dict[str, DMNEngine] = {}
        self.workflow = SimpleNamespace(script_engine=PythonScriptEngine())
        known = {f"#{element.get('id')}" for element in root.iter(f"{_TAG}inputData")}
        for decision in root.findall(f"{_TAG}decision"):
            needed = [
                e.get("href") for e in decision.iter() if e.tag in {f"{_TAG}requiredDecision", f"{_TAG}requiredInput"}
            ]
            assert known.issuperset(needed), decision.get("id")
            known.add(f"#{decision.get('id')}")
            alone = ET.Element(root.tag, root.attrib)
            alone.append(decision)
            parser = DMNParser(None, etree.fromstring(ET.tostring(alone)), {"dmn": NAMESPACE})
            parser.parse()
            self.engines[decision.get("id", "")] = DMNEngine(parser.decision.decisionTables[0])

    def answer(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer every decision of a complete case."""
        data = {**_FEEL_WORDS, **given}
        for engine in self.engines.values():
            data.update(engine.result(SimpleNamespace(data=data, workflow=self.workflow)))
        return {name: data.get(name) for name in self.engines}


def dmn_case(base: KnowledgeBase, graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a case for a graph; a definition that the case does not state decides by itself."""
    given = {stated(name) if name in base.tables else name: value for name, value in values.items()}
    return {name: given.get(name, NOT_STATED if name.startswith("stated_") else None) for name in graph.inputs}
