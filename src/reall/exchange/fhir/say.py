"""How a statement is made from an element, and how statements about one fact become what is known of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Log, Statement
from reall.exchange.fhir.mapping import CodeRow
from reall.exchange.fhir.node import Resource
from reall.facts.known import Known
from reall.facts.reading import read_date, read_fact
from reall.facts.vocabulary import Fact, Vocabulary

LISTS = ("genetics", "other_em_sites")


def say(
    resource: Resource, fact: str, value: Any, element: str, *, row: CodeRow | None = None, own: bool = False
) -> None:
    """Note that an element of a resource states a fact; that its code is a draft is said beside it."""
    if row is not None and row.status == "draft":
        words = f"{fact} is read by {row.system} {row.code}, a draft of the mapping; check that it means {row.words}"
        resource.find("note", "draft_code", words, element)
    resource.log.statements.append(
        Statement(
            fact=fact, value=value, resource=resource.name, element=element, place=resource.place, own=own,
            row=row.id if row else "", status=row.status if row else "",
        )
    )  # fmt: skip


def merge(log: Log, vocabulary: Vocabulary) -> tuple[dict[str, Any], list[Statement]]:
    """Give the facts of a case and the statements they rest on.

    Statements that agree narrow each other; where two contradict each other the fact stays unknown. What ReALL itself
    wrote (`own`) is exact and is taken as written, as long as nothing contradicts it.
    """
    groups: dict[str, list[Statement]] = {}
    for one in log.statements:
        if _possible(one, log, vocabulary):
            groups.setdefault(one.fact, []).append(one)
    facts: dict[str, Any] = {}
    kept: list[Statement] = []
    for fact, said in groups.items():
        value = _names(said) if fact in LISTS else _agreed(said, vocabulary)
        if value is None:
            told = "; ".join(f"{one.value} ({one.resource}, {one.element})" for one in said)
            log.find("error", "contradiction", f"{fact} is stated as {told}; it stays unknown")
            log.doubt(fact, "contradicted", told)
            continue
        facts[fact] = value
        kept += said
    return facts, kept


def _fact(name: str, vocabulary: Vocabulary) -> Fact | None:
    found = vocabulary.statable.get(name)
    entry = vocabulary.inputs.get(name)
    if found is None and entry is not None and entry.kind == "number":
        return Fact(name=name, question="", kind="number", minimum=entry.minimum, maximum=entry.maximum)
    return found


def _known(one: Statement, vocabulary: Vocabulary) -> Known | dt.date | None:
    fact = _fact(one.fact, vocabulary)
    return read_fact(fact, one.value) if fact is not None else read_date(one.value)


def _possible(one: Statement, log: Log, vocabulary: Vocabulary) -> bool:
    """Tell whether a value is one that the fact can have; another is reported and not used."""
    try:
        return one.fact in LISTS or _known(one, vocabulary) is not None
    except UnusableCase as error:
        words = f"{error.what}; it is not used"
        log.find("error", "impossible_value", words, resource=one.resource, element=one.element, place=one.place)
        log.doubt(one.fact, "not_read", error.what, one.resource, one.element)
        return False


def _agreed(said: list[Statement], vocabulary: Vocabulary) -> Any:
    """Give the narrowest value that all allow, as one of them writes it; None where they exclude each other."""
    known = [_known(one, vocabulary) for one in said]
    left = known[0]
    for other in known[1:]:
        if isinstance(left, dt.date) or isinstance(other, dt.date) or left is None or other is None:
            if left != other:
                return None
            continue
        left = left.intersect(other)  # type: ignore[arg-type]
        if left is None:
            return None
    best = next((one for one, what in zip(said, known, strict=True) if one.own or what == left), said[0])
    return best.value


def _names(said: list[Statement]) -> list[str] | None:
    """Join lists of names; an empty list beside a name, or a name beside its denial, contradict each other."""
    names = list(dict.fromkeys(name for one in said for name in one.value))
    if any(not one.value for one in said) and names:
        return None
    return None if any(f"not {name}" in names for name in names) else names
