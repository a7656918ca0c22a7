"""Helpers of the option tests: a child made from a few facts, and one option of a board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reall.base.documents import Document
from reall.facts.case import Case, read_case
from reall.library.knowledge import Knowledge
from reall.options.board import Board
from reall.options.eligibility import OptionAnswer


def child(knowledge: Knowledge, facts: Mapping[str, Any], **parts: Any) -> Case:
    """Make a case from facts, as a case file would give them."""
    return read_case(Document({"facts": dict(facts), **parts}, {}, "a case of the tests"), knowledge.vocabulary)


def by_id(answers: Board, option: str) -> OptionAnswer:
    """Find one option of a board."""
    return next(answer for answer in answers.options if answer.option.id == option)
