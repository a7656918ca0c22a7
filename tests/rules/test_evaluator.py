"""The evaluator against plain enumeration of every completion (`rules_reference.py`), on random worlds and cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rules_reference import FACTS as F
from rules_reference import Case, Reference, World, cases, known, made_table, worlds

from reall.facts.vocabulary import NOT_STATED
from reall.rules.evaluate import Finding, evaluate
from reall.rules.patterns import Column, Patterns, Rows
from reall.rules.residual_store import ROOM

random_worlds = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],  # shrinking a world takes minutes; use `hypothesis.find` for that
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TABLES = ("first", "second", "third")


def answer(world: World, table: str, case: Case) -> Finding | None:
    return evaluate(world.base, table, world.base.space.masks(known(world, case)))


def expected_status(outcomes: set[str]) -> str:
    """One group, or one reason for having none; anything else is open."""
    kinds = {outcome.partition(":")[0] if ":" in outcome or outcome == "gap" else "value" for outcome in outcomes}
    if kinds == {"value"}:
        return "determined" if len(outcomes) == 1 else "open"
    return kinds.pop() if len(kinds) == 1 else "open"


@random_worlds
@given(st.data())
def test_an_outcome_is_possible_exactly_when_some_completion_reaches_it(data: st.DataObject) -> None:
    """Of a case that no completion fits, a table notices only what bears on its own facts; reading a case finds it."""
    world = data.draw(worlds())
    case = data.draw(cases(world))
    reference = Reference(world, case)
    for table in TABLES:
        finding, outcomes = answer(world, table, case), set(reference.outcomes(table))
        if not outcomes:
            continue
        assert finding is not None
        assert set(finding.possible) == outcomes
        status = expected_status(outcomes)
        assert finding.status == status or (status == "open" and finding.status in {"undetermined", "unconfirmed"})
        assert finding.value == (outcomes.pop() if status == "determined" else None)


@random_worlds
@given(st.data())
def test_without_background_the_missing_facts_are_exactly_the_relevant_ones(data: st.DataObject) -> None:
    """A fact is missing when two completions that differ only in it have different outcomes."""
    world = data.draw(worlds())
    case = data.draw(cases(world))
    reference = Reference(world, case)
    for table in TABLES:
        finding = answer(world, table, case)
        assert finding is not None
        if expected_status(set(finding.possible)) == "open":
            relevant = reference.relevant(table)
            assert set(finding.settles) == relevant
            assert set(finding.missing) - set(world.stated) == relevant - set(world.stated)
            unconfirmed = all(name in F and F[name].confirmatory for name in relevant)
            assert finding.status == ("unconfirmed" if unconfirmed else "undetermined")
        else:
            assert finding.missing == ()


@random_worlds
@given(st.data())
def test_with_background_every_relevant_fact_is_missing_and_the_missing_ones_suffice(data: st.DataObject) -> None:
    """Two facts that imply each other never differ alone, so one of them may be named although neither is relevant."""
    world = data.draw(worlds())
    case = data.draw(cases(world))
    reference = Reference(world, case)
    for table in TABLES:
        finding = answer(world, table, case)
        if finding is not None and expected_status(set(reference.outcomes(table))) == "open":
            assert reference.relevant(table) <= set(finding.settles)
            assert reference.settled_by(table, set(finding.settles))


@random_worlds
@given(st.data())
def test_what_an_answer_would_settle_is_what_remains_once_it_is_given(data: st.DataObject) -> None:
    """Answers that the background rules out are not offered; all others are, with exactly what they leave."""
    world = data.draw(worlds())
    case = data.draw(cases(world))
    for table in TABLES:
        finding = answer(world, table, case)
        for name in finding.settles if finding else ():
            given_once = [answer(world, table, {**case, name: (value,)}) for value in case[name]]
            left = {tuple(sorted(once.possible)) for once in given_once if once is not None}
            assert set(finding.settles[name].values()) == left


@random_worlds
@given(st.data())
def test_a_registry_agrees_with_a_single_case_row_for_row(data: st.DataObject) -> None:
    world = data.draw(worlds())
    rows = data.draw(st.lists(cases(world), min_size=1, max_size=6))
    masks = [world.base.space.masks(known(world, case)) for case in rows]
    columns, constant = _columns(masks)
    walks = [(table, Patterns(world.base, table, room=room)) for table in TABLES for room in (ROOM, 1)]
    for table, patterns in walks:  # with room for one residual, what was worked out is forgotten all the time
        for _ in range(2):  # the second batch uses what the first worked out
            answers = patterns.answer(Rows.of(columns, len(rows), constant))
            for row, own in enumerate(masks):
                finding = evaluate(world.base, table, own)
                assert answers.distinct[int(answers.codes[row])] == (finding.answer if finding else None)


def _columns(masks: Sequence[Sequence[int]]) -> tuple[dict[int, Column], list[int]]:
    """Turn rows of masks into columns; facts that all rows share stay constant."""
    columns = {}
    for at in range(len(masks[0])):
        distinct = sorted({row[at] for row in masks})
        if len(distinct) > 1:
            codes = np.array([distinct.index(row[at]) for row in masks], dtype=np.int64)
            columns[at] = Column(tuple(distinct), codes)
    return columns, list(masks[0])


X_LOW, X_HIGH = ("<", "x", 2), (">=", "x", 2)


def world_of(*rules: tuple[str, tuple], background: tuple = (), **others: list) -> World:  # type: ignore[type-arg]
    table = made_table("first", list(rules), others.get("criteria", []), others.get("silent", []))
    return World((F["x"], F["y"], F["c"]), background, (table,))


@pytest.mark.parametrize(
    ("rules", "background", "case", "possible", "missing"),
    [
        # `x < 2 OR x >= 2` is true whatever x is
        ([("low", ("or", X_LOW, X_HIGH))], (), {}, {"low"}, ()),
        # x alone decides, so c is not asked
        ([("low", X_LOW), ("high", X_HIGH)], (), {"c": ("red",)}, {"low", "high"}, ("x",)),
        # y < 2 follows from x < 2 where y <= x always holds
        ([("low", ("<", "y", 2)), ("high", (">=", "y", 2))], (("order", "y", "x"),), {"x": (0, 1.5)}, {"low"}, ()),
        # and nothing follows from it where x <= y
        (
            [("low", ("<", "y", 2)), ("high", (">=", "y", 2))], (("order", "x", "y"),), {"x": (0, 1.5)},
            {"low", "high"}, ("y",),
        ),
        # red never goes with x >= 2, so red settles x
        (
            [("low", X_LOW), ("high", X_HIGH)], (("not", ("and", ("in", "c", ("red",)), X_HIGH)),), {"c": ("red",)},
            {"low"}, (),
        ),
    ],
)  # fmt: skip
def test_by_hand(rules, background, case, possible, missing) -> None:  # type: ignore[no-untyped-def]
    finding = answer(world_of(*rules, background=background), "first", case)
    assert finding is not None
    assert (set(finding.possible), finding.missing) == (possible, missing)


def test_facts_that_contradict_the_background_have_no_answer() -> None:
    world = world_of(("low", X_LOW), background=(("order", "y", "x"),), silent=[("s", ("<", "y", 2))])
    assert answer(world, "first", {"y": (2, 3), "x": (0, 1)}) is None


def test_a_stated_definition_is_final() -> None:
    made = made_table("first", [("low", X_LOW), ("high", X_HIGH)], [], [], derived=True)
    world = World((F["x"],), (), (made,))
    assert answer(world, "first", {"x": (3,), "first": ("low",)}).value == "low"  # type: ignore[union-attr]
    assert answer(world, "first", {"x": (3,), "first": (NOT_STATED,)}).value == "high"  # type: ignore[union-attr]
