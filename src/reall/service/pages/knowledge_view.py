"""What the pages of a system and of a fact show: rows with their condition as SQL and in words, worked cases, links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.worked_cases import WorkedCase, worked_cases
from reall.report.words import condition_words
from reall.rules.condition import facts_of
from reall.rules.table import Remark, Row, Table
from reall.service.pages.knowledge_entries import citations_of, weakest


@dataclass(frozen=True, kw_only=True)
class RowShown:
    """A row with its condition as SQL and read aloud."""

    row: Row
    sql: str
    words: str


@dataclass(frozen=True, kw_only=True)
class TableShown:
    """One table with all its rows, in the order in which they are read."""

    id: str
    table: Table
    criteria: tuple[RowShown, ...]
    rules: tuple[RowShown, ...]
    silent: tuple[RowShown, ...]
    conflicts: tuple[Remark, ...]
    cautions: tuple[Remark, ...]
    status: str
    facts: tuple[str, ...]


def system(id_: str, knowledge: Knowledge) -> dict[str, Any] | None:
    """Gather a definition or system with its transplant rules, worked cases and departures."""
    found = knowledge.systems.get(id_)
    if found is None:
        return None
    tables = (found.table, *found.transplant)
    return {
        "system": found,
        "tables": [_shown(table, knowledge) for table in tables],
        "cases": _cases({table.id for table in tables}),
        "departures": departures(f"systems/{id_}"),
    }


def transplant(id_: str, knowledge: Knowledge) -> dict[str, Any] | None:
    """Gather one transplant rule; the page leads to the system that it belongs to."""
    table_id = knowledge.transplant_ids.get(id_)
    if table_id is None:
        return None
    table = knowledge.base.tables[table_id]
    return {
        "system": next(s for s in knowledge.systems.values() if table in s.transplant),
        "tables": [_shown(table, knowledge)],
        "cases": _cases({table_id}),
        "departures": "",
    }


def fact(id_: str, knowledge: Knowledge) -> dict[str, Any] | None:
    """Gather a fact or another entry of a case, and the tables that ask for it."""
    vocabulary = knowledge.vocabulary
    found = vocabulary.statable.get(id_)
    entry = vocabulary.inputs.get(id_)
    if found is None and entry is None:
        return None
    asking = [
        s for s in knowledge.systems.values() if any(id_ in _facts(t, knowledge) for t in (s.table, *s.transplant))
    ]
    return {
        "fact": found,
        "entry": entry,
        "asking": asking,
        "background": [b for b in vocabulary.background if id_ in b.names],
        "genetics": [g for g in vocabulary.genetics if g.fact == id_],
        "timepoint": next((t for t in vocabulary.timepoints if found and t.name == found.mrd_timepoint), None),
    }


def _shown(table: Table, knowledge: Knowledge) -> TableShown:
    def rows(of: Sequence[Row]) -> tuple[RowShown, ...]:
        return tuple(_row(row, table, knowledge) for row in of)

    return TableShown(
        id=table.id,
        table=table,
        criteria=rows(table.applies_to),
        rules=rows(table.rules),
        silent=rows(table.silent),
        conflicts=table.conflicts,
        cautions=table.cautions,
        status=weakest(citations_of(table)),
        facts=_facts(table, knowledge),
    )


def _row(row: Row, table: Table, knowledge: Knowledge) -> RowShown:
    condition = knowledge.base.condition_of(table.id, row.id)
    words = condition_words(condition, knowledge) if condition is not None else ""
    return RowShown(row=row, sql=" ".join(row.when.split()), words=words)


def _facts(table: Table, knowledge: Knowledge) -> tuple[str, ...]:
    rows = (*table.applies_to, *table.rules, *table.silent)
    conditions = (knowledge.base.condition_of(table.id, row.id) for row in rows)
    return tuple(dict.fromkeys(name for c in conditions if c is not None for name in facts_of(c)))


def _cases(tables: set[str]) -> list[WorkedCase]:
    return [case for case in worked_cases(PACKAGED) if tables & case.expected.keys()]


def departures(folder: str) -> Markup | str:
    """Give what departs from the sources in a folder of the knowledge, as HTML; HTML in the text is only shown."""
    path = PACKAGED / folder / "departures.md"
    if not path.exists():
        return ""
    return Markup(MarkdownIt("js-default", {"html": False}).render(path.read_text(encoding="utf-8").partition("\n")[2]))
