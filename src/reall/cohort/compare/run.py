"""Compares a registry with what was published, and the systems with each other, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reall.base.errors import WrongUsage
from reall.cohort.compare.agreement import Agreement, Comparer
from reall.cohort.compare.published import PublishedComparer, PublishedComparison, systems_with_groups
from reall.cohort.survival.observed import Reader, columns_of, observe, unobserved
from reall.cohort.survival.reading import Progress, Reading, Table, silent
from reall.cohort.survival.run import Gatherer
from reall.cohort.survival.strata import table_id
from reall.library.knowledge import Knowledge
from reall.library.risk_order import load_risk_orders


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A registry beside published figures, and its systems beside each other.

    `without` says why nothing is said of survival: the table holds no outcomes. It is empty otherwise.
    """

    endpoint: str
    published: PublishedComparison
    agreement: Agreement
    without: str = ""


def systems_named(names: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Give the prefixes of answer columns of some systems; all risk groups without names. Raises `WrongUsage`."""
    if not names:
        return list(systems_with_groups(knowledge))
    found = []
    for name in dict.fromkeys(names):
        prefix = table_id(name, knowledge)
        if prefix is None:
            raise WrongUsage(f"there is no system {name!r}", where="--system", next="See docs/reference/systems.md.")
        found.append(prefix)
    if len(found) == 1:
        raise WrongUsage("one system alone agrees with itself", where="--system", next="Name two or more.")
    return found


def compare(
    table: Table,
    systems: Sequence[str],
    endpoint: str,
    *,
    also: Sequence[Gatherer] = (),
    outcomes_needed: bool = True,
    progress: Progress = silent,
) -> tuple[Comparison, Reading]:
    """Pass once over the rows; `also` are questions of survival that are answered on the way.

    A table without the outcome columns still shows where systems agree; with `outcomes_needed` it raises `WrongUsage`.
    """
    without = _without_outcomes(table, endpoint)
    if without is not None and (outcomes_needed or also):
        raise without
    knowledge = table.knowledge
    comparer = Comparer(systems, knowledge, load_risk_orders(), endpoint)
    published = PublishedComparer(knowledge, endpoint)
    wanted = [*systems, *(by.name for each in also for by in each.by if by.kind == "table")]
    reading = table.read(tables=tuple(dict.fromkeys(wanted)), facts=True, progress=progress)
    why = f"nothing is said of survival: {without.what}" if without is not None else ""
    reading.notes = (*reading.notes, *([why] if why else []))
    for rows in reading.batches:
        reader = Reader(rows.table, rows.first_row)
        seen = observe(reader, endpoint) if without is None else unobserved(rows.table.num_rows)
        comparer.take(rows.table, rows.first_row, seen)
        published.take(rows, seen)
        for each in also:
            each.take(
                rows, seen if each.question.endpoint == endpoint else observe(reader, each.question.endpoint), reader
            )
        reading.note(reader.problems)
    found = Comparison(endpoint=endpoint, published=published.result(), agreement=comparer.result(), without=why)
    return found, reading


def _without_outcomes(table: Table, endpoint: str) -> WrongUsage | None:
    try:
        columns_of(endpoint, table.columns)
    except WrongUsage as error:
        return error
    return None
