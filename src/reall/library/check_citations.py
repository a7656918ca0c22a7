"""Checks of what the knowledge rests on: sources, status, departures, MRD decision points, published figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reall.facts.vocabulary import nearest
from reall.library.knowledge import Knowledge, PublishedOutcome, Source
from reall.library.tables import DecisionPoint, System
from reall.rules.condition import Among, Atom, Compare, atoms
from reall.rules.proofs import Fault
from reall.rules.table import Citation, Row, Table

NOT_SEEN = re.compile(r"\bfrom memory\b|\(memory\)|\[M\]|\bno open source\b", re.IGNORECASE)
"""Words by which a place says that nobody read the statement there; such a row is a draft."""


def tables_of(systems: Mapping[str, System]) -> list[Table]:
    """List the tables of all definitions, systems and transplant rules."""
    return [table for system in systems.values() for table in (system.table, *system.transplant)]


def rows_of(table: Table) -> tuple[Row, ...]:
    """List the rows of a table: rules, criteria, silent rows."""
    return (*table.rules, *table.applies_to, *table.silent)


def citations(systems: Mapping[str, System]) -> Iterator[tuple[Citation, str, str]]:
    """Give every citation of the tables with what rests on it and where that stands."""
    for table in tables_of(systems):
        for row in rows_of(table):
            yield row.citation, f"{table.id}, row {row.id}", row.where
        for remark in (*table.conflicts, *table.cautions):
            for citation in remark.citations:
                yield citation, f"{table.id}, remark {remark.id}", remark.where
    for system in systems.values():
        for point in system.decision_points:
            yield point.citation, f"{system.table.id}, MRD decision point {point.id}", system.table.where


def unknown_sources(systems: Mapping[str, System], sources: Mapping[str, Source]) -> Iterator[Fault]:
    """Tell which citations name a source that the bibliography does not have."""
    for citation, _, where in citations(systems):
        if citation.source not in sources:
            hint = nearest(citation.source, sources)
            what = f"the source {citation.source!r} is not in the bibliography. {hint}".rstrip()
            yield Fault(kind="unknown source", where=where, what=what)


def unused_sources(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Tell which entries of the bibliography no file names; what was only read is listed in `sources/not_used.md`."""
    files = [path for path in root.rglob("*") if path.suffix in {".yaml", ".csv", ".md"}]
    written = {
        word
        for path in files
        if path.suffix == ".md" or path.parent != root / "sources"
        for word in re.findall(r"[a-z][a-z0-9_]*", path.read_text(encoding="utf-8"))
    }
    for key in knowledge.sources:
        if key not in written:
            what = f"nothing rests on {key!r}; remove it, or say in sources/not_used.md why it is kept"
            yield Fault(kind="unused source", where=f"sources, entry {key}", what=what)


def missing_departures(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Tell which systems do not say where their reading departs from the source."""
    for folder in {(root / system.file).parent for system in knowledge.systems.values()}:
        path = folder / "departures.md"
        if not path.exists() or not path.read_text(encoding="utf-8").strip():
            what = "there is no departures.md; write where the reading departs from its source, or that it does not"
            yield Fault(kind="departures", where=str(folder.relative_to(root)), what=what)


def unmarked_drafts(root: Path, knowledge: Knowledge) -> Iterator[Fault]:  # noqa: ARG001 - the form of a check
    """Tell which rows rest on something unconfirmed and do not say so."""
    draft_values = {id_: _draft_values(table) for id_, table in knowledge.base.tables.items()}
    for citation, what, where in citations(knowledge.systems):
        if citation.status != "draft" and NOT_SEEN.search(citation.at):
            yield _unmarked(where, f"{what} says that it was not seen (“{citation.at}”)")
    for table in knowledge.base.tables.values():
        for row in rows_of(table):
            if row.citation.status != "draft" and (used := _rests_on(_atoms(knowledge, table, row), draft_values)):
                yield _unmarked(row.where, f"{table.id}, row {row.id} rests on {used}, which is a draft")
    for system in knowledge.systems.values():
        for point in system.decision_points:
            if point.citation.status == "draft" and _constant_rows(system, point, knowledge, marked=False):
                what = f"MRD decision point {point.id} is a draft, but a row that uses its cut-off is not"
                yield _unmarked(system.table.where, what)


def _unmarked(where: str, what: str) -> Fault:
    return Fault(kind="unmarked draft", where=where, what=f"{what}, and is not marked `status: draft`")


def _draft_values(table: Table) -> frozenset[str]:
    """Give the groups of a table that only draft rows give."""
    confirmed = {row.value for row in table.rules if row.citation.status != "draft"}
    return frozenset({row.value for row in table.rules} - confirmed)


def _atoms(knowledge: Knowledge, table: Table, row: Row) -> list[Atom]:
    condition = knowledge.base.condition_of(table.id, row.id)
    return atoms(condition) if condition is not None else []


def _rests_on(comparisons: list[Atom], drafts: Mapping[str, frozenset[str]]) -> str:
    """Name a comparison that holds only through drafts."""
    for atom in comparisons:
        if isinstance(atom, Among) and atom.fact in drafts and atom.answers <= drafts[atom.fact]:
            return f"{atom.fact} = {' or '.join(sorted(map(str, atom.answers)))}"
    return ""


def idle_decision_points(root: Path, knowledge: Knowledge) -> Iterator[Fault]:  # noqa: ARG001 - the form of a check
    """Tell which MRD decision points state a cut-off that no row of their system uses."""
    for system in knowledge.systems.values():
        for point in system.decision_points:
            if point.fact not in knowledge.vocabulary.facts:
                hint = nearest(point.fact, knowledge.vocabulary.facts)
                what = f"MRD decision point {point.id}: there is no fact {point.fact!r}. {hint}"
                yield Fault(kind="decision point", where=system.table.where, what=what)
            elif not _constant_rows(system, point, knowledge, marked=True):
                what = f"MRD decision point {point.id}: no row compares {point.fact} with {point.cut_off_fraction:g}"
                yield Fault(kind="decision point", where=system.table.where, what=what)


def _constant_rows(system: System, point: DecisionPoint, knowledge: Knowledge, *, marked: bool) -> list[Row]:
    """List the rows that use a decision point's cut-off; without `marked`, only those that are no drafts."""
    return [
        row
        for table in (system.table, *system.transplant)
        for row in rows_of(table)
        if (marked or row.citation.status != "draft")
        and any(
            isinstance(atom, Compare)
            and atom.fact == point.fact
            and math.isclose(atom.constant, point.cut_off_fraction)
            for atom in _atoms(knowledge, table, row)
        )
    ]


PERCENT = 100
LEVEL_NOT_PRINTED = "level not printed"
"""What the note of a row says when the source gives an interval without its level."""


def outcome_rows(root: Path, knowledge: Knowledge) -> Iterator[Fault]:  # noqa: ARG001 - the form of a check
    """Check the published figures: percent in range, the interval around the estimate, its level or a word on it."""
    for row in knowledge.outcomes:
        for what in _wrong_figures(row):
            where = f"outcomes/published_outcomes.csv, row {row.id}"
            yield Fault(kind="published outcome", where=where, what=what)


def _wrong_figures(row: PublishedOutcome) -> Iterator[str]:
    low, high, estimate = row.ci_low_pct, row.ci_high_pct, row.estimate_pct
    percents: Sequence[float] = [p for p in (low, high, estimate, row.se_pct, row.ci_level_pct) if p is not None]
    if any(not 0 <= p <= PERCENT for p in percents):
        yield "a percentage is below 0 or above 100"
    if (low is None) != (high is None):
        yield "the interval has one end only"
    if low is not None and high is not None:
        if estimate is None or not low <= estimate <= high:
            yield f"the interval {low:g} to {high:g} does not contain the estimate"
        if row.ci_level_pct is None and LEVEL_NOT_PRINTED not in row.note:
            yield f"the interval has no level; if the source prints none, the note says “{LEVEL_NOT_PRINTED}”"
    if low is None and row.ci_level_pct is not None:
        yield "a level stands without an interval"
    if row.system and row.applies_when and row.system not in row.applies_when:
        yield f"the row reports {row.system}, but its condition does not name it"
    if row.n is not None and row.n <= 0:
        yield "the group has no children"
