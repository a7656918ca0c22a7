"""Reads every file of the knowledge and compiles it. Slow (seconds); `library.knowledge` keeps the result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reall.base.errors import InvalidKnowledge
from reall.library.files import open_file
from reall.library.knowledge import Knowledge, PublishedOutcome, Source, read_csv
from reall.library.quality import load_quality
from reall.library.tables import System, load_systems
from reall.library.therapy_files import load_therapy
from reall.library.vocabulary import load_vocabulary
from reall.rules.table import Citation, KnowledgeBase, Table

_STATUSES = ("draft", "transcribed", "double-checked", "superseded")

OUTCOME_COLUMNS = (
    "id", "source", "at", "status", "cohort", "era", "clock_start", "stratum", "arm", "applies_when", "system", "n",
    "endpoint", "years", "estimate_pct", "se_pct", "ci_low_pct", "ci_high_pct", "ci_level_pct", "note",
)  # fmt: skip


def compile_knowledge(root: Path, fingerprint: str) -> Knowledge:
    """Read, check and compile the knowledge below `root`.

    Raises `InvalidKnowledge` with file and line: schema, unknown facts or sources, constants of the wrong type or
    unit, rules that name no group, definitions that define each other.
    """
    vocabulary = load_vocabulary(root)
    systems = {system.table.id: system for system in load_systems(root)}
    sources = load_sources(root)
    tables = [table for system in systems.values() for table in (system.table, *system.transplant)]
    therapy = load_therapy(root)
    tables += therapy.tables()
    _check_sources(tables, sources)
    for citation, where in therapy.citations():
        _check_source(citation, sources, where)
    outcomes = tuple(_outcomes(root, sources))
    questions = {
        f"outcome {o.id}": (o.applies_when, f"outcomes/published_outcomes.csv, row {o.id}")
        for o in outcomes
        if o.applies_when
    }
    questions |= therapy.questions()
    base = KnowledgeBase(vocabulary.facts, vocabulary.background, tables, questions)
    derived = {id_: fact for id_, fact in base.derived.items() if base.tables[id_].derived}
    vocabulary = replace(vocabulary, derived=derived)
    quality = load_quality(root, vocabulary)
    for check in quality:
        if check.citation is not None:
            _check_source(check.citation, sources, f"quality check {check.id}")
    return Knowledge(
        version=(root / "VERSION").read_text(encoding="utf-8").strip(),
        fingerprint=fingerprint,
        vocabulary=vocabulary,
        systems=systems,
        base=base,
        sources=sources,
        outcomes=outcomes,
        therapy=therapy,
        quality=quality,
    )


def load_sources(root: Path) -> dict[str, Source]:
    """Read the bibliography; a key stands in one file only."""
    sources: dict[str, Source] = {}
    for path in sorted((root / "sources").glob("*.yaml")):
        document = open_file(path, "sources", root=root)
        for key, entry in document.data.items():
            if key in sources:
                raise InvalidKnowledge(f"the source {key!r} stands in two files", where=document.where(key))
            sources[key] = Source(
                key=key, title=entry["title"], status=entry["status"], authors=tuple(entry.get("authors", ())),
                journal=entry.get("journal", ""), year=entry.get("year"), volume=entry.get("volume", ""),
                pages=entry.get("pages", ""), doi=entry.get("doi", ""), pmid=entry.get("pmid", ""),
                url=entry.get("url", ""), seen=entry.get("seen", ""), note=entry.get("note", ""),
            )  # fmt: skip
    return sources


def _check_sources(tables: list[Table], sources: Mapping[str, Source]) -> None:
    for table in tables:
        for row in (*table.rules, *table.applies_to, *table.silent):
            _check_source(row.citation, sources, row.where)
        for remark in (*table.conflicts, *table.cautions):
            for citation in remark.citations:
                _check_source(citation, sources, remark.where)


def _check_source(citation: Citation, sources: Mapping[str, Source], where: str) -> None:
    if citation.source not in sources:
        raise InvalidKnowledge(
            f"the source {citation.source!r} is not in the bibliography",
            where=where,
            next="Add it to a file in sources/, or correct the key.",
        )


def _outcomes(root: Path, sources: Mapping[str, Source]) -> Iterator[PublishedOutcome]:
    path = root / "outcomes" / "published_outcomes.csv"
    seen: set[str] = set()
    if not path.exists():
        return
    for line, row in read_csv(path, OUTCOME_COLUMNS):
        where = f"outcomes/{path.name}, line {line}"
        citation = Citation(source=row["source"], at=row["at"], status=row["status"])
        _check_source(citation, sources, where)
        if row["id"] in seen or not row["at"] or row["status"] not in _STATUSES:
            raise InvalidKnowledge(f"the row {row['id']!r} is doubled, has no place or no status", where=where)
        seen.add(row["id"])
        numbers = {
            key: _number(row[key], where)
            for key in ("n", "years", "estimate_pct", "se_pct", "ci_low_pct", "ci_high_pct", "ci_level_pct")
        }
        n = numbers.pop("n")
        yield PublishedOutcome(
            id=row["id"], citation=citation, cohort=row["cohort"], era=row["era"], clock_start=row["clock_start"],
            stratum=row["stratum"], arm=row["arm"], applies_when=row["applies_when"], system=row["system"],
            n=None if n is None else int(n), endpoint=row["endpoint"], note=row["note"], **numbers,
        )  # fmt: skip


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise InvalidKnowledge(f"{text!r} is not a number", where=where) from None
    if not math.isfinite(number):
        raise InvalidKnowledge(f"{text!r} is not a number", where=where)
    return number


__all__ = ["OUTCOME_COLUMNS", "System", "compile_knowledge", "load_sources"]
