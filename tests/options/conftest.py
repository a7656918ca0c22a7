"""What the tests of the options share: the knowledge, and a child made from a few facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from options.options_support import child
from reall.library.knowledge import Knowledge, open_knowledge
from reall.options.board import Board, board
from reall.options.eligibility import OptionAnswer, answer_options
from reall.options.lookup import Lookup
from reall.stratify.assess import case_masks

TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return open_knowledge()


@pytest.fixture(scope="session")
def ask(knowledge: Knowledge) -> Callable[..., Board]:
    """Answer everything for a child: `ask(facts, on=..., country=..., exposures=...)`."""

    def answer(facts: Mapping[str, Any], *, on: dt.date = TODAY, country: str = "US", **parts: Any) -> Board:
        case = child(knowledge, facts, **parts)
        return board(case, case_masks(case, knowledge), knowledge, on=on, country=country)

    return answer


@pytest.fixture(scope="session")
def look(knowledge: Knowledge) -> Callable[..., Lookup]:
    """Give the look-up of a child."""

    def make(facts: Mapping[str, Any]) -> Lookup:
        case = child(knowledge, facts)
        return Lookup(knowledge, case, case_masks(case, knowledge))

    return make


@pytest.fixture(scope="session")
def ask_one(knowledge: Knowledge) -> Callable[..., OptionAnswer]:
    """Answer one option for a child; quicker than a whole board."""

    def answer(option: str, facts: Mapping[str, Any], *, on: dt.date = TODAY, country: str = "US") -> OptionAnswer:
        case = child(knowledge, facts)
        masks = case_masks(case, knowledge)
        (found,) = answer_options(case, masks, knowledge, on=on, country=country, only={option})
        return found

    return answer
