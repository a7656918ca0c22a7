"""What must hold of the real knowledge: knowing more never opens an answer, and hiding never makes it false.

A definition that the case states itself is kept throughout: it is the judgement of the treating centre and final, even
where the other facts would have given another answer, so that leaving it out asks a different question.
"""

from __future__ import annotations

import math
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reall.base.documents import Document
from reall.facts.case import read_case
from reall.facts.known import Interval, Known
from reall.library.check_citations import tables_of
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.worked_cases import WorkedCase, known_of, worked_cases
from reall.rules.diagram import Walk
from reall.rules.evaluate import evaluate
from reall.rules.proofs import nothing_known

random_cases = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@cache
def knowledge() -> Knowledge:
    return open_knowledge()


@cache
def every_worked_case() -> tuple[WorkedCase, ...]:
    return tuple(worked_cases(PACKAGED))


@cache
def decided_cases() -> tuple[dict[str, Known], ...]:
    """What the worked cases state; the richest descriptions of children that there are."""
    return tuple(known_of(case, knowledge()) for case in every_worked_case())


def possible(known: dict[str, Known]) -> dict[str, set[str]]:
    """Give the outcomes that remain, for each table; empty where facts contradict each other."""
    base = knowledge().base
    masks = list(nothing_known(base))
    for name, value in known.items():
        if name in base.space.position:
            at = base.space.position[name]
            masks[at] = base.space.axes[at].mask(value)
    walk = Walk(base.diagrams, masks)
    found = {table.id: evaluate(base, table.id, walk, explain=False) for table in tables_of(knowledge().systems)}
    return {table: set(finding.possible) if finding else set() for table, finding in found.items()}


def wider(value: Known) -> Known:
    """Know less about a number: not the value but an interval of half as much to half as much again."""
    if isinstance(value, Interval):
        low, high = value.low[0], value.high[0]
        return Interval((low - abs(low) / 2, 0), (high + abs(high) / 2 + 1e-9, 1))
    return value


def _is_definition(name: str) -> bool:
    return name in knowledge().base.tables


@random_cases
@given(st.data())
def test_one_more_fact_never_enlarges_what_is_possible(data: st.DataObject) -> None:
    known = data.draw(st.sampled_from(decided_cases()))
    less = {name: value for name, value in known.items() if _is_definition(name) or data.draw(st.booleans())}
    before = possible(less)
    for table, outcomes in possible(known).items():
        assert outcomes <= before[table]


@random_cases
@given(st.data())
def test_hiding_or_blurring_a_fact_never_removes_the_true_answer(data: st.DataObject) -> None:
    """The expected group of a worked case stays among the possible ones, whatever is left out or less exact."""
    case = data.draw(st.sampled_from(every_worked_case()))
    known = known_of(case, knowledge())
    hidden = {
        name: value if _is_definition(name) else data.draw(st.sampled_from([value, wider(value)]))
        for name, value in known.items()
        if _is_definition(name) or data.draw(st.booleans())
    }
    answers = possible(hidden)
    for table, expected in case.expected.items():
        if ":" not in expected and expected != "silent":
            assert expected in answers[table]


@pytest.mark.parametrize("nothing", ["absent", None, math.nan, ""])
@pytest.mark.parametrize("fact", ["lineage", "months_from_diagnosis", "prior_allo_hsct", "marrow_blasts_pct"])
def test_absent_null_and_nan_mean_the_same(fact: str, nothing: object) -> None:
    """Registries write "not known" in many ways; none of them is a value."""
    facts: dict[str, object] = {"relapse_number": 1, "cns_status": "CNS1"}
    given_facts = facts if nothing == "absent" else {**facts, fact: nothing}
    vocabulary = knowledge().vocabulary
    without = read_case(Document({"facts": facts}, {}, "case"), vocabulary)
    with_nothing = read_case(Document({"facts": given_facts}, {}, "case"), vocabulary)
    assert with_nothing.known == without.known


def test_for_a_child_about_whom_nothing_is_known_every_table_is_open() -> None:
    for table, outcomes in possible({}).items():
        assert len(outcomes) > 1, table


def test_every_group_of_every_system_is_the_answer_to_some_worked_case() -> None:
    expected = {(table, answer) for case in every_worked_case() for table, answer in case.expected.items()}
    for table in tables_of(knowledge().systems):
        for value in {row.value for row in table.rules}:
            assert (table.id, value) in expected, f"no worked case expects {value} of {table.id}"
