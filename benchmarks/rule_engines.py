"""Random complete cases answered by ReALL, by cql-execution and by SpiffWorkflow: differences, and cases per second.

Run: python -m benchmarks.rule_engines [CASES PER TABLE]; 20,000 when not given. DMN gets a twentieth of them.
Needs node and npm (tests/support/oracles.py installs the packages of tests/oracles once).
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "exports"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from complete_cases import random_cases
from cql_engine import cql_case, run_cql
from dmn_engine import Graph, dmn_case

from oracles import NotInstalled, installed
from reall.facts.known import Known, exactly, one_of
from reall.library.knowledge import Knowledge, open_knowledge
from reall.report.rule_library import exported_tables, write_cql
from reall.rules.cql import library_name
from reall.rules.dmn import definitions_xml
from reall.rules.evaluate import evaluate
from reall.rules.table import KnowledgeBase

CASES, SHARE_DMN = 20_000, 20
ENGINES = ("ReALL", "CQL", "DMN")


def main() -> None:
    """Print, per table and over all, the differences and the rates."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one process")
    try:
        installed()
    except NotInstalled as error:
        print(f"not run: {error}")
        return
    knowledge = open_knowledge()
    tables = exported_tables(knowledge)
    print(f"input: {len(tables)} tables, {count:,} random complete cases each, {count // SHARE_DMN:,} of them for DMN")
    print(f"{'table':28} {'CQL differs':>11} {'DMN differs':>11} {'ReALL/s':>9} {'CQL/s':>7} {'DMN/s':>7}")
    totals = dict.fromkeys(ENGINES, 0.0)
    differ = {"CQL": 0, "DMN": 0}
    with tempfile.TemporaryDirectory() as folder:
        write_cql(knowledge, Path(folder))
        for table in tables:
            seconds, found = _one(knowledge, table, count, Path(folder) / f"{library_name(table)}.cql")
            rates = {name: _cases(name, count) / seconds[name] for name in ENGINES}
            print(
                f"{table:28} {found['CQL']:11,} {found['DMN']:11,}"
                f" {rates['ReALL']:9,.0f} {rates['CQL']:7,.0f} {rates['DMN']:7,.0f}",
                flush=True,
            )
            for name in ENGINES:
                totals[name] += seconds[name]
            for name, number in found.items():
                differ[name] += number
    rates = {name: _cases(name, count) * len(tables) / totals[name] for name in ENGINES}
    print(f"{'all':28} {differ['CQL']:11,} {differ['DMN']:11,}", end="")
    print(f" {rates['ReALL']:9,.0f} {rates['CQL']:7,.0f} {rates['DMN']:7,.0f}")
    ratios = {name: f"{rates['ReALL'] / rates[name]:.0f}" for name in ("CQL", "DMN")}
    print(f"ReALL, with explanation, to CQL {ratios['CQL']}, to DMN {ratios['DMN']}")


def _cases(engine: str, count: int) -> int:
    return count // SHARE_DMN if engine == "DMN" else count


def _one(knowledge: Knowledge, table: str, count: int, file: Path) -> tuple[dict[str, float], dict[str, int]]:
    base = knowledge.base
    cases = list(random_cases(knowledge, table, count, seed=2026))
    expected = [str(outcome) for _, possible in cases for outcome in possible]
    assert len(expected) == len(cases), "a complete case has one outcome"
    given = [{name: _known(base, name, value) for name, value in values.items()} for values, _ in cases]
    started = time.perf_counter()
    for known in given:
        evaluate(base, table, base.space.masks(known))
    seconds = {"ReALL": time.perf_counter() - started}
    run = run_cql([file], [cql_case(base, table, values) for values, _ in cases])
    seconds["CQL"] = run.answer_seconds
    wrong = {"CQL": sum(a[table] != e for a, e in zip(run.answers, expected, strict=True))}
    graph = Graph(definitions_xml(base, table, knowledge.vocabulary.facts, knowledge.version))
    few = [dmn_case(base, graph, values) for values, _ in cases[: _cases("DMN", count)]]
    started = time.perf_counter()
    answers = [graph.answer(case)[table] for case in few]
    seconds["DMN"] = time.perf_counter() - started
    wrong["DMN"] = sum(a != e for a, e in zip(answers, expected[: len(few)], strict=True))
    return seconds, wrong


def _known(base: KnowledgeBase, name: str, value: object) -> Known:
    fact = base.space.axes[base.space.position[name]].fact
    return exactly(float(str(value))) if fact.numeric else one_of(value)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
