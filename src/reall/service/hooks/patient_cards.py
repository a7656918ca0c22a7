"""`patient-view`: one card on what was read, and one for each published system that has an answer for this child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reall import __version__
from reall.base.errors import UnusableCase
from reall.report.view import Answer, View, view
from reall.report.words import joined, label, spoken
from reall.service.hooks import markdown
from reall.service.hooks.card import INFO, WARNING, Card, Link, Source, source_of, unique
from reall.service.hooks.child import Child
from reall.service.hooks.details import few, footer, record, sources
from reall.service.hooks.gather import ERROR
from reall.stratify.assess import Assessment, assess

_GROUPS = ("risk-group", "Risk group of relapsed ALL")
_RECORD = ("record", "What the record says of relapsed ALL")
_ANSWERED = ("determined", "undetermined", "unconfirmed")
_MOST_QUESTIONS = 5


def patient_cards(child: Child, links: tuple[Link, ...], home: str) -> list[Card]:
    """Give the cards of a child; none where the record says nothing of leukaemia, or no system takes this child."""
    if not child.has_leukaemia:
        return []
    if child.case is None:
        return [contradiction(child, links, home)]
    if "relapse_number" not in child.case.known:
        return [_relapse_not_recorded(child, links, home)]
    try:
        assessment = assess(child.case, child.knowledge)
    except UnusableCase as fault:
        return [contradiction(replace(child, fault=fault), links, home)]
    shown = view(assessment)
    groups = [answer for answer in shown.groups if answer.status in _ANSWERED]
    if not groups:
        return []
    overview = replace(_overview(child, assessment, shown, groups), links=links, source=_ourselves(home))
    return [overview, *(_group(answer, assessment, links) for answer in groups)]


def _relapse_not_recorded(child: Child, links: tuple[Link, ...], home: str) -> Card:
    """Say that the first question is open; children under first treatment would otherwise get a card of each system."""
    return Card(
        summary="Acute lymphoblastic leukaemia is recorded; whether this is a relapse is not. No system was applied",
        indicator=INFO,
        source=_ourselves(home),
        detail=markdown.together(record(child), footer(child.knowledge)),
        links=links,
    )


def contradiction(child: Child, links: tuple[Link, ...], home: str) -> Card:
    """Say that the record contradicts itself, and where; nothing follows from such a record."""
    fault = child.fault
    words = [part for part in (fault.what, fault.why, fault.next) if part] if fault else []
    return Card(
        summary="The record contradicts itself about this leukaemia: nothing was assessed",
        indicator=WARNING,
        source=_ourselves(home),
        detail=markdown.together(markdown.items(words), record(child)),
        links=links,
    )


def _ourselves(home: str = "") -> Source:
    return Source(label=f"ReALL {__version__}, published systems side by side", url=home, topic=_RECORD)


def _overview(child: Child, assessment: Assessment, shown: View, groups: list[Answer]) -> Card:
    settled = sum(not answer.open for answer in groups)
    asked = label(shown.questions[0].fact, assessment.knowledge) if shown.questions else ""
    first = f"; most decisive: {asked}" if settled < len(groups) and asked else ""
    doubtful = any(f.severity == "error" for f in child.reading.findings) or child.gathered.foreign
    failed = any(part.state == ERROR for part in child.gathered.parts)
    return Card(
        summary=f"{shown.headline}: group settled in {settled} of {len(groups)} published systems{first}",
        indicator=WARNING if doubtful or failed else INFO,
        source=_ourselves(),
        detail=markdown.together(*_overview_parts(child, assessment, shown, groups)),
    )


def _overview_parts(child: Child, assessment: Assessment, shown: View, groups: list[Answer]) -> Iterator[str]:
    yield markdown.table(("", "this relapse"), shown.kind_of_relapse)
    yield markdown.part("Risk groups", markdown.table(("system", "group"), ((a.name, _group_words(a)) for a in groups)))
    transplant = [a for a in shown.transplant if a.status in _ANSWERED]
    rows = ((a.name, _group_words(a)) for a in transplant)
    yield markdown.part("Transplant in second remission", markdown.table(("system", "answer"), rows))
    yield markdown.part("Systems disagree", markdown.items(_disagreements(shown)))
    asked = (f"{one.question} ({len(one.settles)} settled, {len(one.narrows)} narrowed)" for one in shown.questions)
    yield markdown.part("Facts that would settle most", markdown.items(list(asked)[:_MOST_QUESTIONS]))
    yield markdown.part("How values were reached", markdown.items((*shown.notes, *shown.assumptions)))
    yield record(child)
    yield footer(assessment.knowledge)


def _group_words(answer: Answer) -> str:
    return f"{answer.short}{' (draft)' if answer.draft else ''}"


def _disagreements(shown: View) -> Iterator[str]:
    for about, answers in shown.disagreements:
        yield f"{about}: " + "; ".join(f"{value}: {joined(names, 'and')}" for value, names in answers)


def _group(answer: Answer, assessment: Assessment, links: tuple[Link, ...]) -> Card:
    knowledge = assessment.knowledge
    finding = assessment.systems[answer.id]
    citations = [rule.citation for rule in answer.rules]
    keys = unique([c.source for c in citations], knowledge) or unique(_cited(answer.id, assessment), knowledge)
    missing = f"; missing: {', '.join(answer.missing)}" if answer.open and answer.missing else ""
    remarks = [*answer.conflicts, *answer.cautions]
    return Card(
        summary=f"{answer.name}: {_group_words(answer)}{missing}",
        indicator=INFO,
        source=source_of(keys[0], knowledge, topic=_GROUPS, and_more=len(keys) - 1),
        detail=markdown.together(
            markdown.text(answer.meaning),
            markdown.part("Facts used", markdown.table(("fact", "known"), _facts(answer))),
            markdown.part("Missing, the most decisive first", markdown.text(few(answer.missing))),
            markdown.part("Possible groups", markdown.items(map(spoken, finding.possible) if answer.open else ())),
            markdown.part("Rules", markdown.items(rule.words for rule in answer.rules)),
            markdown.part("Conflicts and cautions", markdown.items(note.words for note in remarks)),
            markdown.part("Use", markdown.text(" ".join(one for one in (answer.use, answer.misuse) if one))),
            sources([*citations, *(c for note in remarks for c in note.citations)], knowledge),
            footer(knowledge),
        ),
        links=links,
    )


def _facts(answer: Answer) -> list[tuple[str, str]]:
    return list(dict.fromkeys(fact for rule in answer.rules for fact in rule.facts))


def _cited(id_: str, assessment: Assessment) -> list[str]:
    """Give the sources of a system's rows, for an answer that no row decided yet."""
    table = assessment.knowledge.base.tables[id_]
    return [row.citation.source for row in (*table.rules, *table.applies_to)]
