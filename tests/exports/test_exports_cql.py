"""CQL that ReALL writes, answered by `cql-execution`: the answers are ReALL's."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from complete_cases import outcomes, random_cases
from cql_engine import cql_case, run_cql

from reall.base.errors import InvalidKnowledge
from reall.facts.known import Known
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.worked_cases import known_of, worked_cases
from reall.report.rule_library import exported_tables
from reall.rules.condition import Compare
from reall.rules.cql import UNKNOWN, expression
from reall.rules.table import Outcome

COMPLETE_PER_TABLE, INCOMPLETE_PER_TABLE = 80, 30
"""20,000 complete cases per table are run by benchmarks/rule_engines.py."""
SHARE_UNKNOWN = 0.25


def points(known: Mapping[str, Known]) -> dict[str, Any]:
    """Give what CQL can be told: a value, or nothing where several are possible."""
    return {name: value.point for name, value in known.items() if value.point is not None}


def test_random_cases(knowledge: Knowledge, oracles: Path, cql_folder: Path) -> None:
    """A complete case gets ReALL's answer; an incomplete one that answer, or `unknown`, and never another group."""
    cases, expected = [], []
    for table in exported_tables(knowledge):
        for share, count in ((0.0, COMPLETE_PER_TABLE), (SHARE_UNKNOWN, INCOMPLETE_PER_TABLE)):
            for values, possible in random_cases(knowledge, table, count, 1, share):
                cases.append(cql_case(knowledge.base, table, values))
                expected.append((table, share == 0, sorted(map(str, possible)), values))
    run = run_cql(sorted(cql_folder.glob("*.cql")), cases)
    wrong = [
        (table, possible, answer, values)
        for (table, complete, possible, values), answer in zip(expected, run.answers, strict=True)
        if [answer[table]] != possible and (complete or answer[table] != UNKNOWN)
    ]
    assert len(expected) == (COMPLETE_PER_TABLE + INCOMPLETE_PER_TABLE) * len(exported_tables(knowledge))
    assert not wrong, f"{len(wrong)} differ, such as {wrong[0]}"
    incomplete = [answer for (_, complete, _, _), answer in zip(expected, run.answers, strict=True) if not complete]
    assert 0.1 < sum(UNKNOWN in answer.values() for answer in incomplete) / len(incomplete) < 0.9


POORER = {
    ("mrd_negative_1e3", "cog_first_relapse_hr20"): "the level is an interval",
    ("late_marrow_negative_1e3", "transplant_intreall_arm_a"): "the level is an interval",
    ("kmt2a_partner_unknown", "irving_2016_cytogenetics"): "one of two subtypes",
}
"""Worked cases to which CQL, where a fact has one value or none, answers `unknown`; ReALL takes the set."""


def test_worked_cases_and_a_case_that_states_nothing(knowledge: Knowledge, oracles: Path, cql_folder: Path) -> None:
    """A fact left out is unknown, though cql-execution 3.3.2 takes a parameter without default for an object."""
    tables = exported_tables(knowledge)
    cases, expected = [], []
    for case in worked_cases(PACKAGED):
        known = known_of(case, knowledge)
        for table in case.expected.keys() & tables:
            cases.append(cql_case(knowledge.base, table, points(known)))
            expected.append((case.id, table, outcomes(knowledge.base, table, known)))
    for table in tables:
        cases.append(cql_case(knowledge.base, table, {}))
        expected.append(("nothing", table, frozenset()))
    run = run_cql(sorted(cql_folder.glob("*.cql")), cases)
    poorer = set()
    for (case_id, table, possible), answer in zip(expected, run.answers, strict=True):
        only = str(next(iter(possible))) if len(possible) == 1 else UNKNOWN
        if answer[table] == UNKNOWN != only:
            poorer.add((case_id, table))
        else:
            assert answer[table] == only, (case_id, table)
    assert poorer == POORER.keys()


TRAPS = """
    expression                                          || kept    | CQL
    X = 'B'                                             || unknown | null
    not (X = 'B')                                       || unknown | null
    X = 'B' or X = 'T'                                  || unknown | null
    X in {'B', 'T'}                                     || unknown | false
    not (X in {'B', 'T'})                               || unknown | true
    N > 3.0                                             || unknown | null
    N > 3.0 or true                                     || true    | true
    if N > 3.0 then 'high' else 'low'                   || unknown | low
    case when N > 3.0 then 'high' else 'low' end        || unknown | low
    case when N > 3.0 then 'high' when (N > 3.0) is null then 'unknown' else 'low' end || unknown | unknown
"""


def test_where_cql_is_two_valued_on_unknown(oracles: Path, tmp_path: Path) -> None:
    """The table of docs/explanation/cql-and-unknown.md, executed."""
    rows = [line.split("||") for line in TRAPS.strip().splitlines()[1:]]
    written = [f"define D{i}: {condition.strip()}" for i, (condition, _) in enumerate(rows)]
    head = [
        "library Traps version '1'",
        "parameter X String default (null as String)",
        "parameter N Decimal default (null as Decimal)",
    ]
    file = tmp_path / "traps.cql"
    file.write_text("\n".join([*head, *written]), encoding="utf-8")
    answer = run_cql([file], [["Traps", {}]]).answers[0]
    page = (Path(__file__).parents[2] / "docs/explanation/cql-and-unknown.md").read_text(encoding="utf-8")
    for i, (condition, expected) in enumerate(rows):
        kept, cql = (cell.strip() for cell in expected.split("|"))
        found = answer[f"D{i}"]
        assert (found if isinstance(found, str) else json.dumps(found)) == cql, condition
        assert f"| `{condition.strip()}` | {kept} | {cql} |" in page


def test_the_resources_are_valid_fhir(oracles: Path, cql_folder: Path, knowledge: Knowledge) -> None:
    """Library and PlanDefinition by the rules of base R4, as @medplum/core knows them; a broken one is refused."""
    resources = [file.read_text(encoding="utf-8") for file in sorted(cql_folder.glob("*.json"))]
    given = "\n".join(
        json.dumps(json.loads(text)) for text in (*resources, '{"resourceType": "Library", "status": "x"}')
    )
    command = ["node", "run_fhir.mjs"]
    done = subprocess.run(command, cwd=oracles, input=given, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(resources) == 2 * len(exported_tables(knowledge))
    assert said[:-1] == [[]] * len(resources)
    assert said[-1]


def test_a_library_carries_its_text_its_parameters_and_its_citations(cql_folder: Path, knowledge: Knowledge) -> None:
    resource = json.loads((cql_folder / "Library-ReALL_ukall_r3.json").read_text(encoding="utf-8"))
    cql = (cql_folder / "ReALL_ukall_r3.cql").read_text(encoding="utf-8")
    assert base64.b64decode(resource["content"][0]["data"]).decode() == cql
    inputs = [p["name"] for p in resource["parameter"] if p["use"] == "in"]
    assert all(f'parameter "{name}" ' in cql for name in inputs)
    assert len(inputs) == cql.count("\nparameter ")
    table = knowledge.base.tables["ukall_r3"]
    cited = {artifact["label"] for artifact in resource["relatedArtifact"]}
    assert {row.citation.source for row in (*table.rules, *table.applies_to, *table.silent)} <= cited
    plan = json.loads((cql_folder / "PlanDefinition-ReALL_ukall_r3.json").read_text(encoding="utf-8"))
    assert plan["library"] == [resource["url"]]
    assert [action["title"] for action in plan["action"]] == [*table.values, UNKNOWN]
    ids = [json.loads(file.read_text(encoding="utf-8"))["id"] for file in cql_folder.glob("*.json")]
    assert len(set(ids)) == len(ids)


def test_no_group_is_called_unknown_or_gap(knowledge: Knowledge) -> None:
    for table in exported_tables(knowledge):
        assert not {UNKNOWN, "gap"} & knowledge.base.tables[table].values.keys()


def test_a_constant_finer_than_cql_carries_is_refused() -> None:
    assert expression(Compare("mrd", "<", 1e-8), ()) == '("mrd" < 0.00000001)'
    with pytest.raises(InvalidKnowledge, match="more than 8 decimal places"):
        expression(Compare("mrd", "<", 1e-9), ())


def test_outcomes_are_written_as_branches_write_them() -> None:
    assert str(Outcome("value", "S1")) == "S1"
    assert str(Outcome("not_eligible", "lineage")) == "not_eligible:lineage"
