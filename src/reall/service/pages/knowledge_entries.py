"""Everything that the knowledge holds as one list: for the lists of each section and for the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.base.documents import read_document
from reall.base.errors import InvalidKnowledge
from reall.base.written import translatable
from reall.library.check_citations import rows_of
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.resistance import load_clonal_biology, load_resistance
from reall.library.tables import System
from reall.library.therapy import STATUSES
from reall.library.therapy_rows import Criterion, LabelEvent, LabelRow, Limit, Note, Supply
from reall.report.options_words import arm_words, effect_words, endpoint_words
from reall.report.published import outcome_words
from reall.report.words import label
from reall.rules.table import Citation, Table

SECTIONS = {
    "systems": translatable("Risk systems"),
    "definitions": translatable("Definitions"),
    "transplant": translatable("Transplant rules"),
    "cut-offs": translatable("MRD cut-offs"),
    "conflicts": translatable("Where sources disagree"),
    "facts": translatable("Facts"),
    "options": translatable("Options"),
    "agents": translatable("Drugs"),
    "regimens": translatable("Regimens"),
    "trials": translatable("Trials"),
    "evidence": translatable("Trial results"),
    "outcomes": translatable("Published outcomes"),
    "resistance": translatable("Resistance genes"),
    "values": translatable("Limits and factors"),
    "sources": translatable("Sources"),
}
"""The sections of the knowledge pages, in order; the key is the address."""

Stated = tuple[Criterion | Note | LabelRow | LabelEvent | Limit | Supply, ...]
"""Rows of the therapy knowledge that name where they were seen."""

_FOLDERS_OF_VALUES = ("mrd", "clones", "anthracycline")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that can be looked up. `own_page` says that it has a page; else it is a place on its section's."""

    section: str
    id: str
    title: str
    words: str = ""
    status: str = ""
    own_page: bool = True
    citations: tuple[Citation, ...] = ()

    @property
    def address(self) -> str:
        """Give the address, which stays the same over versions."""
        return f"/knowledge/{self.section}{'/' if self.own_page else '#'}{self.id}"


def entries(knowledge: Knowledge, root: Path = PACKAGED) -> Iterator[Entry]:
    """List every entry of the knowledge, section by section."""
    yield from _tables(knowledge)
    yield from _facts(knowledge)
    yield from _therapy(knowledge)
    yield from _figures(knowledge)
    yield from _laboratory(root)
    for key, source in sorted(knowledge.sources.items()):
        yield Entry(section="sources", id=key, title=str(source), words=source.seen, status=source.status)


def search(wanted: str, among: Iterable[Entry]) -> list[Entry]:
    """Find the entries that hold every word; those that hold them in name or title come first."""
    words = wanted.casefold().split()
    found = [
        (not all(word in f"{entry.id} {entry.title}".casefold() for word in words), entry)
        for entry in among
        if words and all(word in f"{entry.id} {entry.title} {entry.words}".casefold() for word in words)
    ]
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def weakest(citations: Iterable[Citation]) -> str:
    """Say the status of the least confirmed of several statements; nothing where there is none."""
    return min((citation.status for citation in citations), key=STATUSES.index, default="")


def citations_of(table: Table) -> tuple[Citation, ...]:
    """Give the citations of every row and remark of a table."""
    remarks = (citation for remark in (*table.conflicts, *table.cautions) for citation in remark.citations)
    return (*(row.citation for row in rows_of(table)), *remarks)


def _tables(knowledge: Knowledge) -> Iterator[Entry]:
    for id_, system in knowledge.systems.items():
        section = "definitions" if system.table.derived else "systems"
        yield _of_table(section, id_, system.table)
    for id_, table_id in knowledge.transplant_ids.items():
        yield _of_table("transplant", id_, knowledge.base.tables[table_id])
    for id_, system in knowledge.systems.items():
        yield from _cut_offs(id_, system)
        for table in (system.table, *system.transplant):
            yield from _conflicts(table)


def _of_table(section: str, id_: str, table: Table) -> Entry:
    words = " ".join((table.question, *(f"{value}: {words}." for value, words in table.values.items())))
    return Entry(section=section, id=id_, title=table.title, words=words, status=weakest(citations_of(table)))


def _cut_offs(id_: str, system: System) -> Iterator[Entry]:
    for point in system.decision_points:
        how = ", ".join(part for part in (point.tissue, point.method) if part)
        yield Entry(
            section="cut-offs", id=f"{id_}.{point.id}", title=f"{system.table.title}: {point.words}",
            words=f"{point.fact} {point.comparison} {point.cut_off_fraction:g}{f' ({how})' if how else ''}",
            status=point.citation.status, own_page=False, citations=(point.citation,),
        )  # fmt: skip


def _conflicts(table: Table) -> Iterator[Entry]:
    for remark in table.conflicts:
        yield Entry(
            section="conflicts", id=f"{table.id}.{remark.id}", title=table.title, words=remark.words,
            status=weakest(remark.citations), own_page=False, citations=remark.citations,
        )  # fmt: skip


def _facts(knowledge: Knowledge) -> Iterator[Entry]:
    for fact in knowledge.vocabulary.statable.values():
        yield Entry(section="facts", id=fact.name, title=label(fact.name, knowledge), words=fact.question)
    for entry in knowledge.vocabulary.inputs.values():
        yield Entry(section="facts", id=entry.name, title=label(entry.name, knowledge), words=entry.question)


def _therapy(knowledge: Knowledge) -> Iterator[Entry]:
    therapy = knowledge.therapy
    for option in therapy.options.values():
        stated: Stated = (*option.criteria, *option.cautions, *option.sequencing)
        cited = [row.citation for row in stated]
        yield Entry(section="options", id=option.id, title=option.title, words=option.words, status=weakest(cited))
    for agent in therapy.agents.values():
        rows: Stated = (*agent.labels, *agent.label_events, *agent.limits, *agent.cautions, *agent.supply)
        words = ", ".join((agent.drug_class, agent.target, *agent.also))
        status = weakest(row.citation for row in rows)
        yield Entry(section="agents", id=agent.id, title=agent.name, words=words, status=status)
    for regimen in therapy.regimens.values():
        words = ", ".join(dict.fromkeys(dose.agent for block in regimen.blocks for dose in block.drugs))
        status = regimen.citation.status
        yield Entry(section="regimens", id=regimen.id, title=regimen.title, words=words, status=status)
    for trial in therapy.trials.values():
        words, status = f"{trial.nct} {trial.title}", trial.citation.status
        yield Entry(section="trials", id=trial.id, title=trial.acronym, words=words, status=status)


def _figures(knowledge: Knowledge) -> Iterator[Entry]:
    for row in knowledge.therapy.evidence.values():
        said = [endpoint_words(row), *map(arm_words, row.arms), *([effect_words(row.effect)] if row.effect else [])]
        yield Entry(
            section="evidence", id=row.id, title=f"{row.trial}: {row.endpoint.replace('_', ' ')}",
            words="; ".join((*said, *row.notes)), status=row.citation.status, own_page=False,
            citations=(row.citation,),
        )  # fmt: skip
    for outcome in knowledge.outcomes:
        yield Entry(
            section="outcomes", id=outcome.id, title=f"{outcome.cohort}: {outcome.stratum}",
            words=outcome_words(outcome), status=outcome.citation.status, own_page=False, citations=(outcome.citation,),
        )  # fmt: skip


def _laboratory(root: Path) -> Iterator[Entry]:
    for row in load_resistance(root).rows:
        yield Entry(
            section="resistance", id=row.id, title=f"{row.gene}: {', '.join(row.drugs) or row.drug_class}",
            words=f"{row.mechanism}. {row.evidence}.", status=row.status, own_page=False,
            citations=(Citation(source=row.source, at=row.at, status=row.status),),
        )  # fmt: skip
    for fact in load_clonal_biology(root):
        yield Entry(
            section="resistance", id=fact.id, title=fact.claim, words=f"{fact.value} ({fact.population})",
            status=fact.status, own_page=False,
            citations=(Citation(source=fact.source, at=fact.at, status=fact.status),),
        )  # fmt: skip
    for folder in _FOLDERS_OF_VALUES:
        for path in sorted((root / folder).glob("*.yaml")):
            data = read_document(path.read_bytes(), name=path.name, error=InvalidKnowledge).data
            yield from _values(data, f"{folder}.{path.stem}")


def _values(node: Any, place: str) -> Iterator[Entry]:
    """Find every value below a node that names where it was seen."""
    if isinstance(node, list):
        for part in node:
            yield from _values(part, f"{place}.{part['id']}" if isinstance(part, dict) and "id" in part else place)
    if not isinstance(node, dict):
        return
    if "at" not in node:
        for key, part in node.items():
            yield from _values(part, place if isinstance(part, list) else f"{place}.{key}")
        return
    said = {k: v for k, v in node.items() if k not in {"id", "source", "at", "status"}}
    status = node.get("status", "transcribed")
    yield Entry(
        section="values", id=place, title=place.split(".", 1)[1].replace(".", ": ").replace("_", " "),
        words="; ".join(f"{key.replace('_', ' ')} {_plain(value)}" for key, value in said.items()),
        status=status, own_page=False,
        citations=(Citation(source=node.get("source") or "", at=str(node["at"]), status=status),),
    )  # fmt: skip


def _plain(value: Any) -> str:
    """Write a value, a list or a list of rows on one line."""
    if isinstance(value, dict):
        return " ".join(f"{_plain(part)}" for part in value.values())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return str(value)
