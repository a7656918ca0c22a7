"""`reall knowledge check`: everything that can be said about the knowledge without reading a paper.

First every file is read, so that all spelling and type mistakes are listed at once; then the whole is compiled; then
each check of a list runs. A check is a function of the knowledge folder and the compiled knowledge that yields faults,
so that other rooms add theirs without this module knowing them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reall.base.errors import InvalidKnowledge
from reall.facts.vocabulary import Fact
from reall.library.check_citations import (
    idle_decision_points,
    missing_departures,
    outcome_rows,
    rows_of,
    tables_of,
    unknown_sources,
    unmarked_drafts,
    unused_sources,
)
from reall.library.compile import compile_knowledge, load_sources
from reall.library.fhir import check_fhir
from reall.library.files import fingerprint, open_file
from reall.library.knowledge import Knowledge
from reall.library.resistance import check_clonal_knowledge
from reall.library.risk_order import risk_orders
from reall.library.simulation import simulation_rows
from reall.library.tables import System, load_systems
from reall.library.vocabulary import load_vocabulary
from reall.library.worked_cases import unshown_cut_offs, worked_cases, wrong_answers
from reall.rules.proofs import Fault, cells, prove
from reall.rules.reader import read_condition
from reall.rules.table import Remark, Row, Table, derived_fact

Check = Callable[[Path, Knowledge], Iterable[Fault]]


def proofs(root: Path, knowledge: Knowledge) -> Iterator[Fault]:  # noqa: ARG001 - the form of a check
    """Prove every table over the whole product of its cells."""
    published = {table.id for table in tables_of(knowledge.systems)}
    for table in knowledge.base.tables:
        yield from prove(knowledge.base, table, every_condition=table in published)


def clonal_rows(root: Path, knowledge: Knowledge) -> Iterator[Fault]:  # noqa: ARG001 - the form of a check
    """Read the resistance genes and the published context of clonal stories, where the knowledge has them."""
    if not (root / "resistance").exists():
        return
    try:
        check_clonal_knowledge(root)
    except InvalidKnowledge as error:
        yield _fault(error)


def record_codes(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Read the codes of record systems, where the knowledge has them; facts, sources and FHIRPath must exist."""
    if not (root / "fhir").exists():
        return
    try:
        check_fhir(root, knowledge.vocabulary, knowledge.sources)
    except InvalidKnowledge as error:
        yield _fault(error)


STANDARD: Mapping[str, Check] = {
    "proofs": proofs,
    "worked cases": wrong_answers,
    "cut-offs": unshown_cut_offs,
    "departures": missing_departures,
    "sources": unused_sources,
    "drafts": unmarked_drafts,
    "decision points": idle_decision_points,
    "published outcomes": outcome_rows,
    "risk orders": risk_orders,
    "clonal stories": clonal_rows,
    "record systems": record_codes,
    "simulation": simulation_rows,
}


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What was checked, and every fault that was found."""

    faults: tuple[Fault, ...]
    tables: int = 0
    rows: int = 0
    cells: int = 0
    cases: int = 0
    outcomes: int = 0
    sources: int = 0


def check_knowledge(root: Path, checks: Mapping[str, Check] = STANDARD) -> CheckReport:
    """Check the knowledge below `root`; faults are listed, not raised."""
    unreadable = tuple(_unreadable(root))
    if unreadable:
        return CheckReport(faults=unreadable)
    try:
        knowledge = compile_knowledge(root, fingerprint(root))
    except InvalidKnowledge as error:
        return CheckReport(faults=(_fault(error),))
    base = knowledge.base
    return CheckReport(
        faults=tuple(fault for check in checks.values() for fault in check(root, knowledge)),
        tables=len(base.tables),
        rows=sum(len(rows_of(table)) for table in base.tables.values()),
        cells=sum(cells(base, table) for table in base.tables),
        cases=sum(1 for _ in worked_cases(root)),
        outcomes=len(knowledge.outcomes),
        sources=len(knowledge.sources),
    )


def _fault(error: InvalidKnowledge) -> Fault:
    what = " ".join(part for part in (error.what, error.why, error.next) if part).rstrip(".")
    return Fault(kind="cannot be read", where=error.where, what=what)


def _unreadable(root: Path) -> Iterator[Fault]:
    """List everything that keeps the knowledge from being compiled: files first, then conditions and sources."""
    broken = list(_broken_files(root))
    yield from broken
    if broken:
        return
    try:
        vocabulary, sources = load_vocabulary(root), load_sources(root)
        systems: dict[str, System] = {system.table.id: system for system in load_systems(root)}
    except InvalidKnowledge as error:
        yield _fault(error)
        return
    tables = tables_of(systems)
    yield from _broken_conditions(tables, {**vocabulary.facts, **{table.id: derived_fact(table) for table in tables}})
    yield from unknown_sources(systems, sources)


def _broken_files(root: Path) -> Iterator[Fault]:
    """Read every file whose schema is known by its place."""
    for pattern, schema in _SCHEMAS.items():
        for path in sorted(root.glob(pattern)):
            if schema == "table" and path.name == "cases.yaml":
                continue
            try:
                open_file(path, schema, root=root)
            except InvalidKnowledge as error:
                yield _fault(error)


_SCHEMAS = {
    "fhir/codes.yaml": "fhir_codes",
    "fhir/quality.yaml": "fhir_quality",
    "sources/*.yaml": "sources",
    "vocabulary/facts*.yaml": "vocabulary",
    "vocabulary/background*.yaml": "background",
    "vocabulary/genetics.yaml": "genetics",
    "vocabulary/inputs.yaml": "inputs",
    "vocabulary/registry_columns.yaml": "registry_columns",
    "vocabulary/column_names.yaml": "column_names",
    "quality/*.yaml": "quality",
    "vocabulary/mrd_timepoints.yaml": "mrd_timepoints",
    "vocabulary/sections.yaml": "sections",
    "definitions/*.yaml": "table",
    "systems/*/system.yaml": "table",
    "definitions/cases.yaml": "cases",
    "systems/*/cases.yaml": "cases",
    "outcomes/risk_order.yaml": "risk_order",
    "simulation/model.yaml": "simulation",
    "simulation/missing.yaml": "missing_presets",
    "mrd/draft.yaml": "mrd_ruleset",
    "mrd/constants.yaml": "mrd_constants",
    "mrd/target_stability.yaml": "mrd_target_stability",
    "mrd/ngs.yaml": "mrd_ngs",
    "clones/calling.yaml": "clone_calling",
}


def _broken_conditions(tables: Iterable[Table], facts: Mapping[str, Fact]) -> Iterator[Fault]:
    for table in tables:
        rows: list[Row | Remark] = [*rows_of(table), *table.conflicts, *table.cautions]
        for row in rows:
            try:
                if row.when:
                    read_condition(row.when, facts, where=row.where)
            except InvalidKnowledge as error:
                yield _fault(error)
