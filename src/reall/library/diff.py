"""What changes between two versions of the knowledge: rows, figures, and answers to worked cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reall.base.errors import UnusableCase
from reall.library.check_citations import rows_of
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.library.worked_cases import WorkedCase, answer_in_words, known_of, worked_cases
from reall.rules.evaluate import evaluate
from reall.rules.table import Citation, Remark, Row


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference. `kind` is fact, table, row, outcome or answer; the side that lacks the entry is empty."""

    kind: str
    id: str
    before: str
    after: str


def changes(old_root: Path, old: Knowledge, new_root: Path, new: Knowledge) -> list[Change]:
    """List every difference between two versions that can change what a reader is told."""
    return [
        *_changed("fact", _facts(old), _facts(new)),
        *_changed("table", _tables(old), _tables(new)),
        *_changed("row", _rows(old), _rows(new)),
        *_changed("outcome", _outcomes(old), _outcomes(new)),
        *_changed_answers(old_root, old, new_root, new),
    ]


def _changed(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for id_ in dict.fromkeys((*before, *after)):
        if before.get(id_) != after.get(id_):
            yield Change(kind=kind, id=id_, before=before.get(id_, ""), after=after.get(id_, ""))


def _facts(knowledge: Knowledge) -> dict[str, str]:
    told = {}
    for fact in knowledge.vocabulary.facts.values():
        extent = (
            f"{fact.minimum:g} to {fact.maximum:g} {fact.unit}" if fact.numeric else ", ".join(map(str, fact.answers))
        )
        told[fact.name] = f"{fact.question} {fact.kind}: {extent}".strip()
    return told


def _tables(knowledge: Knowledge) -> dict[str, str]:
    tables = knowledge.base.tables.values()
    return {t.id: "; ".join((t.title, *(f"{value}: {words}" for value, words in t.values.items()))) for t in tables}


def _rows(knowledge: Knowledge) -> dict[str, str]:
    told = {}
    for table in knowledge.base.tables.values():
        for row in rows_of(table):
            told[f"{table.id} / {row.id}"] = _row(row)
        for remark in (*table.conflicts, *table.cautions):
            told[f"{table.id} / {remark.id}"] = _remark(remark)
    return told


def _row(row: Row) -> str:
    return f"{row.when} -> {row.value or 'silent'}{_cited(row.citation)}"


def _remark(remark: Remark) -> str:
    return f"{remark.when or 'always'}: {remark.words}{''.join(map(_cited, remark.citations))}"


def _cited(citation: Citation) -> str:
    return f" [{citation.source}, {citation.at}, {citation.status}]"


def _outcomes(knowledge: Knowledge) -> dict[str, str]:
    return {row.id: _outcome(row) for row in knowledge.outcomes}


def _outcome(row: PublishedOutcome) -> str:
    interval = f"{row.ci_low_pct} to {row.ci_high_pct} (level {row.ci_level_pct}), SE {row.se_pct}"
    figure = f"{row.stratum}: {row.endpoint} {row.estimate_pct} % at {row.years} years, n {row.n}, {interval}"
    return f"{figure}; {row.applies_when}; {row.note}{_cited(row.citation)}"


def _changed_answers(old_root: Path, old: Knowledge, new_root: Path, new: Knowledge) -> Iterator[Change]:
    """Answer every worked case of either version under both."""
    cases = {
        f"{case.document.name}, case {case.id}": case for root in (old_root, new_root) for case in worked_cases(root)
    }
    for name, case in cases.items():
        before, after = _answers(case, old), _answers(case, new)
        yield from _changed(
            "answer", {f"{name}: {t}": a for t, a in before.items()}, {f"{name}: {t}": a for t, a in after.items()}
        )


def _answers(case: WorkedCase, knowledge: Knowledge) -> dict[str, str]:
    try:
        masks = knowledge.base.space.masks(known_of(case, knowledge))
    except UnusableCase as error:
        return dict.fromkeys(case.expected, f"cannot be read ({error.what})")
    tables = knowledge.base.tables
    return {id_: answer_in_words(evaluate(knowledge.base, id_, masks)) for id_ in case.expected if id_ in tables}
