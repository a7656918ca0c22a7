"""The worked cases that stand beside every definition and system, read and answered like any other case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.facts.case import read_case
from reall.facts.known import Known, one_of
from reall.facts.vocabulary import NOT_STATED, nearest
from reall.library.check_citations import tables_of
from reall.library.files import open_file
from reall.library.knowledge import Knowledge
from reall.rules.evaluate import Finding, evaluate
from reall.rules.proofs import Fault, cut_offs_without_case


@dataclass(frozen=True, kw_only=True)
class WorkedCase:
    """One case with the answers that a person expects of it; table id to an answer such as `undetermined:lineage`."""

    id: str
    where: str
    document: Document
    expected: Mapping[str, str]


def case_files(root: Path) -> list[Path]:
    """List the files of worked cases."""
    return [
        path
        for path in (root / "definitions" / "cases.yaml", *sorted(root.glob("systems/*/cases.yaml")))
        if path.exists()
    ]


def worked_cases(root: Path) -> Iterator[WorkedCase]:
    """Read every worked case. Raises `InvalidKnowledge` when a file breaks its schema."""
    for path in case_files(root):
        document = open_file(path, "cases", root=root)
        for i, entry in enumerate(document.data["cases"]):
            where = f"{document.where('cases', i)}, case {entry['id']}"
            yield WorkedCase(id=entry["id"], where=where, document=_part(document, i), expected=entry["expect"])


def _part(document: Document, i: int) -> Document:
    """Cut one case out of its file, with its lines."""
    entry = document.data["cases"][i]
    data = {"case": entry["id"], "facts": entry["facts"], "mrd": entry.get("mrd")}
    lines = {place[2:]: line for place, line in document.lines.items() if place[:2] == ("cases", i)}
    return Document(data, lines, document.name)


def known_of(case: WorkedCase, knowledge: Knowledge) -> dict[str, Known]:
    """Read what a worked case states; definitions that it does not state decide by themselves.

    Raises `UnusableCase`.
    """
    known: dict[str, Known] = {id_: one_of(NOT_STATED) for id_ in knowledge.derived_ids}
    return known | dict(read_case(case.document, knowledge.vocabulary).known)


def answer_in_words(finding: Finding | None) -> str:
    """Write a finding the way worked cases expect it, such as `S2`, `silent` or `not_eligible:lineage`."""
    if finding is None:
        return "impossible"
    if finding.status == "determined":
        return str(finding.value)
    first = finding.excluded_by or (finding.missing[0] if finding.missing else "")
    return f"{finding.status}:{first}" if first else finding.status


def meets(finding: Finding | None, expected: str) -> bool:
    """Say whether a finding is the expected one; a named fact must be the excluding or one of the missing ones."""
    if finding is None:
        return False
    if finding.status == "determined":
        return expected == finding.value
    status, _, fact = expected.partition(":")
    named = (finding.excluded_by,) if finding.excluded_by else finding.missing
    return status == finding.status and (not fact or fact in named)


def wrong_answers(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Answer every worked case, and tell which expectation is not met."""
    seen: set[str] = set()
    for case in worked_cases(root):
        if f"{case.document.name} {case.id}" in seen:
            yield Fault(kind="worked case", where=case.where, what="two cases of this file have the same id")
        seen.add(f"{case.document.name} {case.id}")
        try:
            masks = knowledge.base.space.masks(known_of(case, knowledge))
        except UnusableCase as error:
            yield Fault(kind="worked case", where=case.where, what=str(error))
            continue
        for table, expected in case.expected.items():
            if fault := _wrong_answer(case, table, expected, knowledge, masks):
                yield fault


def _wrong_answer(case: WorkedCase, table: str, expected: str, knowledge: Knowledge, masks: list[int]) -> Fault | None:
    if table not in knowledge.base.tables:
        hint = nearest(table, knowledge.base.tables)
        return Fault(kind="worked case", where=case.where, what=f"there is no table {table!r}. {hint}")
    finding = evaluate(knowledge.base, table, masks)
    if meets(finding, expected):
        return None
    what = f"{table} answers {answer_in_words(finding)}, expected is {expected}"
    return Fault(kind="worked case", where=case.where, table=table, what=what)


def unshown_cut_offs(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Tell which cut-offs of definitions and systems no worked case shows from both sides."""
    cases: dict[str, list[Mapping[str, Known]]] = {table.id: [] for table in tables_of(knowledge.systems)}
    for case in worked_cases(root):
        try:
            known = known_of(case, knowledge)
        except UnusableCase:
            continue  # `wrong_answers` tells
        for table in case.expected:
            cases.get(table, []).append(known)
    for table, own in cases.items():
        if not own:
            where = knowledge.base.tables[table].where
            yield Fault(
                kind="cut-off without case",
                table=table,
                where=where,
                what=f"no worked case expects an answer of {table}",
            )
        yield from cut_offs_without_case(knowledge.base, table, own)
