"""The knowledge in words: one fact, table, source or published figure, and a source as a reference manager reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reall.facts.vocabulary import Fact
from reall.library.knowledge import Knowledge, PublishedOutcome, Source
from reall.library.tables import System
from reall.rules.condition import facts_of
from reall.rules.table import Citation, Remark, Row, Table

_INITIALS = re.compile(r"^[A-Z](?:[A-Z-]{0,3})$")


def entry_in_words(id_: str, knowledge: Knowledge) -> str | None:
    """Describe a fact, system, definition, transplant rule, source or published figure; None where there is none."""
    table_id = knowledge.transplant_ids.get(id_, id_)
    if id_ in knowledge.systems:
        return "\n".join(_system(knowledge.systems[id_]))
    if table_id in knowledge.base.tables:
        return "\n".join(_table(knowledge.base.tables[table_id]))
    if id_ in knowledge.vocabulary.facts:
        return "\n".join(_fact(knowledge.vocabulary.facts[id_], knowledge))
    if id_ in knowledge.sources:
        return "\n".join(source_lines(knowledge.sources[id_]))
    found = [row for row in knowledge.outcomes if row.id == id_]
    return "\n".join(_outcome(found[0])) if found else None


def known_ids(knowledge: Knowledge) -> list[str]:
    """List everything that `entry_in_words` describes."""
    return [
        *knowledge.systems,
        *knowledge.transplant_ids,
        *knowledge.base.tables,
        *knowledge.vocabulary.facts,
        *knowledge.sources,
        *(row.id for row in knowledge.outcomes),
    ]


def _fact(fact: Fact, knowledge: Knowledge) -> Iterator[str]:
    yield f"{fact.name} ({fact.kind.replace('_', '/')}{', ' + fact.unit if fact.unit else ''})"
    yield f"  {fact.question}"
    if fact.numeric:
        yield f"  from {fact.minimum:g} to {fact.maximum:g} {fact.unit}".rstrip()
    for answer, words in (fact.words or {}).items():
        yield f"  {answer}: {words}"
    if fact.derivation:
        yield f"  derived: {fact.derivation}"
    if fact.confirmatory:
        yield f"  confirming test: {fact.confirmatory}"
    for background in knowledge.vocabulary.background:
        if fact.name in background.names:
            yield f"  always: {background.always} ({background.why})"
    yield f"  named by: {', '.join(_naming(fact.name, knowledge)) or 'no table'}"


def _naming(fact: str, knowledge: Knowledge) -> Iterator[str]:
    base = knowledge.base
    for table in base.tables.values():
        rows = (*table.rules, *table.applies_to, *table.silent)
        conditions = (base.condition_of(table.id, row.id) for row in rows)
        if any(fact in facts_of(condition) for condition in conditions if condition is not None):
            yield table.id


def _system(system: System) -> Iterator[str]:
    yield from _table(system.table)
    if system.use:
        yield f"Use: {system.use}"
    if system.misuse:
        yield f"Not for: {system.misuse}"
    for point in system.decision_points:
        compared = f"{point.fact} {point.comparison} {point.cut_off_fraction:g}"
        yield f"MRD decides {point.words}: {compared}{_cited(point.citation)}"
    for table in system.transplant:
        yield ""
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"{table.id}: {table.title}"
    yield f"{table.question}"
    for value, words in table.values.items():
        yield f"  {value}: {words}"
    for heading, rows in (("Applies only if", table.applies_to), ("Rules", table.rules), ("Silent", table.silent)):
        if rows:
            yield f"{heading}:"
            for row in rows:
                yield from _row(row, heading)
    for heading, remarks in (("Conflicts", table.conflicts), ("Cautions", table.cautions)):
        if remarks:
            yield f"{heading}:"
            for remark in remarks:
                yield from _remark(remark)


def _row(row: Row, heading: str) -> Iterator[str]:
    answer = f"{row.value} if " if heading == "Rules" else ""
    yield f"  {row.id}: {answer}{' '.join(row.when.split())}"
    if row.words:
        yield f"      {row.words}"
    yield f"     {_cited(row.citation)}"


def _remark(remark: Remark) -> Iterator[str]:
    yield f"  {remark.id}: {remark.when or 'always'}"
    yield f"      {' '.join(remark.words.split())}"
    yield "     " + ";".join(map(_cited, remark.citations))


def _cited(citation: Citation) -> str:
    mark = "" if citation.status in {"transcribed", "double-checked"} else f" ({citation.status})"
    return f" [{citation.source}, {citation.at}]{mark}"


def _outcome(row: PublishedOutcome) -> Iterator[str]:
    years = f" at {row.years:g} years" if row.years is not None else ""
    yield f"{row.id}: {row.endpoint}{years}, {row.stratum}{', ' + row.arm if row.arm else ''}"
    estimate = "not printed" if row.estimate_pct is None else f"{row.estimate_pct:g} %"
    spread = f" (SE {row.se_pct:g})" if row.se_pct is not None else ""
    if row.ci_low_pct is not None and row.ci_high_pct is not None:
        level = f"{row.ci_level_pct:g} %" if row.ci_level_pct is not None else "level not printed"
        spread += f" ({row.ci_low_pct:g} to {row.ci_high_pct:g}, {level})"
    yield f"  {estimate}{spread}, n {row.n if row.n is not None else 'not printed'}"
    yield f"  {row.cohort}{', ' + row.era if row.era else ''}; years from {row.clock_start or 'not stated'}"
    yield f"  shown to: {row.applies_when or 'no child (our facts cannot express the group)'}"
    if row.note:
        yield f"  {row.note}"
    yield f" {_cited(row.citation)}"


def source_lines(source: Source) -> Iterator[str]:
    """Describe an entry of the bibliography."""
    yield f"{source.key} ({source.status})"
    yield f"  {source}"
    for label, value in (("PMID", source.pmid), ("at", source.url), ("read", source.seen), ("note", source.note)):
        if value:
            yield f"  {label}: {value}"


def to_csl(source: Source) -> dict[str, Any]:
    """Give a source as CSL-JSON 1.0; what nobody saw is left out."""
    entry: dict[str, Any] = {
        "id": source.key,
        "type": "article-journal" if source.journal else "webpage" if source.url else "document",
        "title": source.title,
    }
    if source.authors:
        entry["author"] = [_name(author) for author in source.authors]
    if source.year:
        entry["issued"] = {"date-parts": [[source.year]]}
    parts = {
        "container-title": source.journal, "volume": source.volume, "page": source.pages,
        "DOI": source.doi, "PMID": source.pmid, "URL": source.url,
    }  # fmt: skip
    return entry | {key: value for key, value in parts.items() if value}


def _name(author: str) -> dict[str, str]:
    family, _, initials = author.rpartition(" ")
    return {"family": family, "given": initials} if family and _INITIALS.match(initials) else {"literal": author}


def to_bibtex(source: Source) -> str:
    """Give a source as a BibTeX entry; what nobody saw is left out."""
    names = (_name(author) for author in source.authors)
    authors = " and ".join(
        f"{{{_tex(n['literal'])}}}" if "literal" in n else f"{_tex(n['family'])}, {n['given']}" for n in names
    )
    fields = {
        "title": f"{{{_tex(source.title)}}}", "author": authors, "journal": _tex(source.journal),
        "year": str(source.year or ""), "volume": source.volume, "pages": source.pages.replace("-", "--"),
        "doi": source.doi, "pmid": source.pmid, "url": source.url,
    }  # fmt: skip
    kind = "article" if source.journal else "misc"
    lines = [f"  {key} = {{{value}}}" for key, value in fields.items() if value and value != "{}"]
    return f"@{kind}{{{source.key},\n" + ",\n".join(lines) + "\n}"


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
