"""Reads single values as they stand in a case file or a table cell: numbers, dates, answers, lists."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from reall.base.errors import UnusableCase
from reall.facts.known import Answer, Choices, Interval, Known, exactly, one_of, read_interval, within
from reall.facts.vocabulary import NOT_STATED, Fact, nearest

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
YES_NO = {"yes": True, "no": False, "true": True, "false": False}


def read_fact(fact: Fact, value: Any) -> Known | None:
    """Read what a case says about one fact; None means that it says nothing (null, empty text, NaN).

    Raises `UnusableCase` (without place, which the caller knows) on a wrong type, an impossible value or an unknown
    answer, with the nearest known one.
    """
    if is_nothing(value):
        return None
    if fact.numeric:
        return _number(fact, value)
    if isinstance(value, list):
        if any(isinstance(each, list) for each in value):
            raise UnusableCase(f"{value!r} is a list of lists", next="Write the answers that remain possible.")
        parts = [read_fact(fact, each) for each in value]
        answers = [answer for part in parts if isinstance(part, Choices) for answer in part.answers]
        return one_of(*answers) if answers else None
    if fact.kind == "yes_no":
        return one_of(read_yes_no(value))
    return one_of(_answer(fact, value))


def is_nothing(value: Any) -> bool:
    """Say whether a value is left out: null, empty text, or the not-a-number that table readers make of a blank.

    >>> is_nothing(float("nan")), is_nothing(0)
    (True, False)
    """
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def read_yes_no(value: Any) -> bool:
    """Read yes or no.

    >>> read_yes_no("no"), read_yes_no(True)
    (False, True)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in YES_NO:
        return YES_NO[value.strip().lower()]
    raise UnusableCase(f"{value!r} is neither yes nor no", next="Write yes or no, or leave it out when unknown.")


def _number(fact: Fact, value: Any) -> Interval:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnusableCase(f"{value!r} is not a number", next=f"Write {fact.unit or 'a number'}.")
    if isinstance(value, str):
        return _whole(fact, read_interval(value, minimum=fact.minimum, maximum=fact.maximum))
    return _whole(fact, within(exactly(float(value)), minimum=fact.minimum, maximum=fact.maximum))


def _whole(fact: Fact, known: Interval) -> Interval:
    if fact.kind == "count" and known.point is not None and known.point != int(known.point):
        raise UnusableCase(f"{known} is not a whole number", next="Write a whole number.")
    return known


def _answer(fact: Fact, value: Any) -> Answer:
    answers = [answer for answer in fact.answers if answer != NOT_STATED]
    if set(answers) == {"yes", "no"} and not (isinstance(value, str) and value in answers):
        return "yes" if read_yes_no(value) else "no"
    if isinstance(value, str) and value.strip() in answers:
        return value.strip()
    allowed = ", ".join(str(answer) for answer in answers)
    raise UnusableCase(
        f"{value!r} is no answer to this question",
        why=f"Allowed are {allowed}.",
        next=nearest(str(value), [str(answer) for answer in answers]) or "Leave it out when unknown.",
    )


def read_date(value: Any) -> dt.date:
    """Read a calendar date, written YYYY-MM-DD. Years such as 0001 or 9999 are fillers of other programs, not dates."""
    read = _date(value)
    if read is None:
        raise UnusableCase(f"{value!r} is not a date", next="Write it as YYYY-MM-DD, such as 2019-07-10.")
    if not EARLIEST_YEAR <= read.year <= LATEST_YEAR:
        raise UnusableCase(
            f"{read} is outside what is possible",
            why=f"Possible are the years {EARLIEST_YEAR} to {LATEST_YEAR}.",
            next="Correct the date, or leave it out when unknown.",
        )
    return read


def _date(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            return None
    return None


def read_names(value: Any) -> list[str]:
    """Read a list of names; a table cell holds them joined by `|` or `;`, and `none` for the empty list."""
    if isinstance(value, str):
        if value.strip().lower() == "none":
            return []
        value = value.replace(";", "|").split("|")
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UnusableCase(
            f"{value!r} is not a list of names", next="Write a list such as [mediastinum], or [] for none."
        )
    return [each.strip() for each in value if each.strip()]
