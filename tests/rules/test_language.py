"""The rule language, one tiny table per operator. The tables are those of docs/reference/rule-language.md."""

from __future__ import annotations

from pathlib import Path

import pytest
import rule_language_spec as spec

from reall.base.errors import InvalidKnowledge
from reall.facts.known import Known, one_of, read_interval
from reall.facts.vocabulary import Background, Fact
from reall.rules.evaluate import evaluate
from reall.rules.reader import read_condition
from reall.rules.table import Citation, KnowledgeBase, Row, Table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md"


def truth(condition: str, known: dict[str, Known], background: tuple[str, ...] = ()) -> str:
    """Ask a table of two rows whether a condition holds."""
    citation = Citation(source="made_up", at="for the test")
    table = Table(
        id="asked",
        title="asked",
        question="asked?",
        kind="risk_group",
        values={"yes": "it holds", "no": "it does not"},
        rules=(
            Row(id="holds", when=condition, value="yes", citation=citation),
            Row(id="does_not", when=f"NOT ({condition})", value="no", citation=citation),
        ),
    )
    always = [Background(id=str(i), always=text, why="", names=()) for i, text in enumerate(background)]
    base = KnowledgeBase(spec.FACTS, always, [table])
    finding = evaluate(base, "asked", base.space.masks(known))
    assert finding is not None
    return finding.value or "unknown"


def read_known(text: str) -> dict[str, Known]:
    """Read `months: 12..24, lineage: B or T`."""
    pairs = (part.split(":", 1) for part in text.split(",") if part)
    return {name.strip(): _read(spec.FACTS[name.strip()], value.strip()) for name, value in pairs}


def _read(fact: Fact, value: str) -> Known:
    if fact.numeric:
        return read_interval(value, minimum=fact.minimum, maximum=fact.maximum)
    return one_of(*({"yes": True, "no": False}.get(each, each) for each in value.split(" or ")))


@pytest.mark.parametrize(("condition", "known", "answer"), [row for s in spec.SECTIONS for row in s.rows])
def test_a_condition_holds_does_not_or_is_unknown(condition: str, known: str, answer: str) -> None:
    assert truth(condition, read_known(known)) == answer


@pytest.mark.parametrize(("text", "column", "message"), spec.REFUSED.rows)
def test_everything_else_is_refused_with_its_place(text: str, column: str, message: str) -> None:
    with pytest.raises(InvalidKnowledge) as refused:
        read_condition(text, spec.FACTS, where="system.yaml, line 7, row late")
    place = f"system.yaml, line 7, row late{', column ' + column if column else ''}"
    assert refused.value.where == place
    what, _, repair = message.partition(". ")
    assert what in refused.value.what
    assert repair in refused.value.next


def test_background_compares_facts_and_leaves_out_what_cannot_be() -> None:
    known = read_known("months: 12")
    assert truth("end_months > 12", known, ("end_months <= months",)) == "no"
    assert truth("end_months > 12", known, ("months >= end_months",)) == "no"
    assert truth("end_months > 12", known) == "unknown"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("end_months < months", "two facts may only be compared with <= or >="),
        ("blasts_pct <= months", "'blasts_pct' is compared with another fact"),  # percent against months
        ("relapse_number <= months", "'relapse_number' is compared with another fact"),  # a count against a number
    ],
)
def test_background_too_refuses_what_has_no_order(text: str, message: str) -> None:
    with pytest.raises(InvalidKnowledge, match=message):
        read_condition(text, spec.FACTS, background=True)


def test_the_reference_page_shows_these_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == spec.page()
