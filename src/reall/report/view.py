"""An assessment in words, ready to be laid out on a terminal or a page. Makes no decisions.

Every answer keeps its own system; nothing is pooled, ranked or left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reall.facts.known import Choices, Interval
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.report.outcomes import in_order
from reall.report.words import (
    condition_words,
    joined,
    known_words,
    label,
    power,
    question,
    spoken,
)
from reall.rules.condition import Compare, atoms
from reall.rules.diagram import FALSE
from reall.rules.evaluate import STATED, Finding, Reason
from reall.rules.table import Citation, Remark, Row, Table
from reall.stratify.assess import Assessment, disagreements, next_questions

DISCLAIMER = "For research and education. Not a medical device. Lists, does not rank."

STATUS_WORDS = {
    "determined": "determined",
    "undetermined": "open",
    "unconfirmed": "to be confirmed",
    "not_eligible": "not for this child",
    "silent": "no answer in the source",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row that bears on an answer: words, the SQL condition, what is known of its facts, and the citation."""

    words: str
    sql: str
    gives: str
    facts: tuple[tuple[str, str], ...]
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Note:
    """A conflict between sources or a caution; `certain` when no missing fact could make it irrelevant."""

    words: str
    citations: tuple[Citation, ...]
    certain: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One finding in words. `name` and `short` fit a table cell; `meaning` says what it means or why there is none."""

    id: str
    title: str
    name: str
    kind: str
    status: str
    short: str
    meaning: str
    draft: bool
    missing: tuple[str, ...]
    rules: tuple[Rule, ...]
    conflicts: tuple[Note, ...]
    cautions: tuple[Note, ...]
    use: str = ""
    misuse: str = ""

    @property
    def open(self) -> bool:
        """Whether a missing fact would settle it."""
        return self.status in {"undetermined", "unconfirmed"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A missing fact: its name in a case file, the question, and which answers it settles or narrows (titles)."""

    fact: str
    question: str
    settles: tuple[str, ...]
    narrows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """All parts of the report, in reading order."""

    case: str
    headline: str
    kind_of_relapse: tuple[tuple[str, str], ...]
    definitions: tuple[Answer, ...]
    groups: tuple[Answer, ...]
    others: tuple[Answer, ...]
    transplant: tuple[Answer, ...]
    disagreements: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]
    questions: tuple[Question, ...]
    outcomes: tuple[PublishedOutcome, ...]
    notes: tuple[str, ...]
    assumptions: tuple[str, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer of the report."""
        return (*self.definitions, *self.groups, *self.others, *self.transplant)

    @property
    def remarks(self) -> tuple[Note, ...]:
        """Cautions, then conflicts between sources, of every answer that concerns this child; the certain ones first.

        Systems often repeat a remark from the same place of the same sources; it is given once.
        """
        shown = [a for a in self.answers if a.status != "not_eligible"]
        every = [note for a in shown for note in a.cautions] + [note for a in shown for note in a.conflicts]
        every.sort(key=lambda note: not note.certain)
        by_place: dict[tuple[tuple[str, str], ...], Note] = {}
        for note in every:
            by_place.setdefault(tuple((c.source, c.at) for c in note.citations), note)
        return tuple(by_place.values())

    @property
    def draft(self) -> bool:
        """Whether anything shown rests on unconfirmed knowledge."""
        return any(a.draft for a in self.answers) or any(o.citation.status == "draft" for o in self.outcomes)


def view(assessment: Assessment) -> View:
    """Put an assessment into words."""
    knowledge = assessment.knowledge
    systems = [_answer(i, f, assessment) for i, f in assessment.systems.items()]
    return View(
        case=assessment.case.name,
        headline=_headline(assessment),
        kind_of_relapse=tuple(_kind_of_relapse(assessment)),
        definitions=tuple(_answer(i, f, assessment) for i, f in assessment.derived.items()),
        groups=tuple(a for a in systems if a.kind == "risk_group"),
        others=tuple(a for a in systems if a.kind != "risk_group"),
        transplant=tuple(_answer(knowledge.transplant_ids[i], f, assessment) for i, f in assessment.transplant.items()),
        disagreements=tuple(_disagreements(assessment)),
        questions=tuple(_questions(assessment)),
        outcomes=tuple(in_order(assessment.outcomes)),
        notes=assessment.case.notes,
        assumptions=assessment.case.assumptions,
    )


def title_of(id_: str, knowledge: Knowledge) -> str:
    """Name a table by its title; a transplant rule also by its public id."""
    return knowledge.base.tables[knowledge.transplant_ids.get(id_, id_)].title.removesuffix(_TRANSPLANT_SUFFIX)


_TRANSPLANT_SUFFIX = ", transplant in second remission"
_SAID_ANYWAY = re.compile(
    r"^Time of relapse, |, 30 months from diagnosis$| (risk|strategic) groups( S1-S4| of first relapse)?"
    r"| strata$| groups of .*|^.*, trial "
)


def short_name(title: str) -> str:
    """Leave out of a title what its place in the report says anyway.

    >>> short_name("UKALL R3 risk groups"), short_name("Time of relapse, St Jude ALLR18")
    ('UKALL R3', 'St Jude ALLR18')
    """
    return _SAID_ANYWAY.sub("", title.removesuffix(_TRANSPLANT_SUFFIX)) or title


def _headline(assessment: Assessment) -> str:
    parts = [_relapse_number(assessment)]
    facts = assessment.knowledge.vocabulary.facts
    known = assessment.case.known
    for name, unknown in (("lineage", "lineage not known"), ("age_at_relapse_years", ""), ("sex", "")):
        words = known_words(known[name], facts[name]) if name in known else "unknown"
        old = " old" if name == "age_at_relapse_years" else ""
        parts.append(unknown if words == "unknown" else f"{words}{old}")
    return ", ".join(part for part in parts if part)


def _relapse_number(assessment: Assessment) -> str:
    known = assessment.case.known.get("relapse_number")
    which = known.point if isinstance(known, Interval) else None
    if which is None:
        return "Number of the relapse not known"
    names = {0: "No relapse: refractory disease or first treatment", 1: "First relapse", 2: "Second relapse"}
    return names.get(int(which), f"Relapse number {int(which)}")


def _kind_of_relapse(assessment: Assessment) -> Iterator[tuple[str, str]]:
    known, facts = assessment.case.known, assessment.knowledge.vocabulary.facts

    def said(name: str, tail: str) -> str:
        words = known_words(known[name], facts[name]) if name in known else "unknown"
        return f"{words} {tail}" if words != "unknown" else ""

    derived, tables = assessment.derived, assessment.knowledge.base.tables
    times = [said("months_from_diagnosis", "from diagnosis"), _after_therapy(assessment)]
    yield "Time", _with_answer(derived.get("bfm_time"), tables["bfm_time"], times, "BFM clock")
    sites = [said("marrow_blasts_pct", "blasts in the marrow"), *_elsewhere(assessment)]
    yield "Site", _with_answer(derived.get("site_class"), tables["site_class"], sites)
    if (consensus := derived.get("pdl_2022_marrow_relapse")) is not None:
        yield "Marrow, Ponte di Legno 2022", _short(consensus, tables["pdl_2022_marrow_relapse"])


def _after_therapy(assessment: Assessment) -> str:
    known = assessment.case.known
    on_therapy = known.get("on_primary_therapy_at_relapse")
    months = known.get("months_after_end_of_primary_therapy")
    if isinstance(months, Interval) and (months.point is None or months.point >= 0):
        fact = assessment.knowledge.vocabulary.facts["months_after_end_of_primary_therapy"]
        words = known_words(months, fact)
        return f"{words} after end of therapy" if words != "unknown" else ""
    return "on primary therapy" if isinstance(on_therapy, Choices) and on_therapy.point is True else ""


def _elsewhere(assessment: Assessment) -> Iterator[str]:
    cns = assessment.derived.get("cns_status")
    if cns is not None and cns.value:
        yield cns.value
    facts = assessment.knowledge.vocabulary.facts
    for name, words in (("testis_biopsy_positive", "testis"), ("other_em_involved", "another site")):
        involved = assessment.case.known.get(name)
        if isinstance(involved, Choices) and involved.point is True and name in facts:
            yield f"{words} involved"


def _with_answer(finding: Finding | None, table: Table, details: Sequence[str], of: str = "") -> str:
    answer = "" if finding is None else _short(finding, table)
    said = f"{answer}, {of}" if answer and of else answer
    return "; ".join(part for part in (said, *details) if part)


def _short(finding: Finding, table: Table) -> str:
    """Say the answer in the few words of a table cell; an open answer names what is still possible."""
    if finding.status == "determined" and finding.value is not None:
        return spoken(finding.value)
    if finding.status in {"silent", "not_eligible"}:
        return STATUS_WORDS[finding.status]
    if set(table.values) <= set(finding.possible):
        return STATUS_WORDS[finding.status]
    left = [spoken(o) for o in finding.possible if o in table.values]
    if len(left) < len(finding.possible):
        left.append("no answer" if table.inherits else "no group")
    return f"{joined(left)} ({STATUS_WORDS[finding.status]})"


def _answer(id_: str, finding: Finding, assessment: Assessment) -> Answer:
    knowledge = assessment.knowledge
    table = knowledge.base.tables[id_]
    compiled = knowledge.base.compiled[id_]
    system = knowledge.systems.get(id_)
    rules = tuple(_rule(table, reason, assessment) for reason in finding.because)
    return Answer(
        id=id_.removeprefix("transplant_") if table.inherits else id_,
        title=table.title.removesuffix(_TRANSPLANT_SUFFIX),
        name=short_name(table.title),
        kind=table.kind,
        status=finding.status,
        short=_short(finding, table),
        meaning=_meaning(finding, table, assessment),
        draft=finding.knowledge_status == "draft",
        missing=tuple(label(name, knowledge) for name in finding.missing),
        rules=rules,
        conflicts=_notes(finding.conflicts, compiled.conflicts, assessment),
        cautions=_notes(finding.cautions, compiled.cautions, assessment),
        use=system.use if system else "",
        misuse=system.misuse if system else "",
    )


def _notes(
    shown: Sequence[Remark], conditions: Sequence[tuple[Remark, int]], assessment: Assessment
) -> tuple[Note, ...]:
    diagrams = assessment.knowledge.base.diagrams
    made = [
        Note(
            words=remark.words,
            citations=remark.citations,
            certain=FALSE not in diagrams.reachable(diagram, assessment.masks),
        )
        for remark, diagram in conditions
        if remark in shown
    ]
    return tuple(sorted(made, key=lambda note: not note.certain))


def _meaning(finding: Finding, table: Table, assessment: Assessment) -> str:
    knowledge = assessment.knowledge
    if finding.status == "determined" and finding.value is not None:
        if table.inherits:
            return "; ".join(dict.fromkeys(_grounds(table, reason, assessment) for reason in finding.because))
        words = table.values.get(finding.value, "")
        return "" if words.lower() == spoken(finding.value).lower() else words
    if finding.status == "not_eligible":
        criteria = joined((r.words for r in finding.because if r.words), "and")
        if criteria:
            return f"takes only {criteria}"
        return f"not for this {label(finding.excluded_by or 'child', knowledge)}"
    if finding.status == "silent":
        # A criterion names a fact, a silent row does not.
        said = (f"takes only {r.words}" if r.value else r.words for r in finding.because if r.words)
        return joined(said, "and")
    needs = f"needs {spoken(finding.needs)}" if finding.needs else ""
    first, *more = (label(name, knowledge) for name in finding.missing) if finding.missing else ("",)
    asks = f"missing: {first}{f' and {len(more)} more' if more else ''}" if first else ""
    return needs or asks


def _grounds(table: Table, reason: Reason, assessment: Assessment) -> str:
    """Say what a transplant answer rests on; where MRD decides, the level, the time point and the cut-off."""
    knowledge = assessment.knowledge
    condition = knowledge.base.condition_of(table.id, reason.row)
    if condition is None:
        return reason.words
    facts = knowledge.vocabulary.facts
    for atom in atoms(condition):
        if isinstance(atom, Compare) and (fact := facts[atom.fact]).mrd_timepoint:
            known = assessment.case.known.get(atom.fact)
            level = _level_words(known) if isinstance(known, Interval) else "not known"
            return f"MRD {level}, cut-off {power(atom.constant)}, {spoken(fact.mrd_timepoint)}"
    said = condition_words(condition, knowledge)
    own = f"{label(table.inherits, knowledge)}: "
    return reason.words or (f"in group {said.removeprefix(own)}" if said.startswith(own) else said)


def _level_words(known: Interval) -> str:
    """Write an MRD level as short as a line of a list needs it."""
    if known.point is not None:
        return power(known.point)
    low, high = known.low[0], known.high[0]
    if low <= 0:
        return "not known" if high >= 1 else f"below {power(high)}"
    return f"above {power(low)}" if high >= 1 else f"{power(low)} to {power(high)}"


def _rule(table: Table, reason: Reason, assessment: Assessment) -> Rule:
    knowledge = assessment.knowledge
    owner, row = _row(table, reason, knowledge)
    condition = knowledge.base.condition_of(owner.id, reason.row) if row is not None else None
    said = condition_words(condition, knowledge) if condition is not None else ""
    words = f"{reason.words} ({said})" if reason.words and said else reason.words or said
    return Rule(
        words=words,
        sql=row.when if row else "",
        gives=reason.value if row is not None and row in owner.rules else "",
        facts=tuple((label(name, knowledge), fact_words(name, assessment)) for name in reason.facts),
        citation=reason.citation,
    )


def _row(table: Table, reason: Reason, knowledge: Knowledge) -> tuple[Table, Row | None]:
    """Find the row behind a reason; the criteria of the system count for its transplant rule too."""
    owner: Table | None = table
    while owner is not None and reason.row != STATED:
        for row in (*owner.rules, *owner.applies_to, *owner.silent):
            if row.id == reason.row and row.citation == reason.citation:
                return owner, row
        owner = knowledge.base.tables.get(owner.inherits)
    return table, None


def fact_words(name: str, assessment: Assessment) -> str:
    """Say what is known of a fact that a rule names, the values of tables included."""
    knowledge = assessment.knowledge
    known = assessment.case.known.get(name)
    if known is not None:
        return known_words(known, knowledge.vocabulary.statable.get(name))
    finding = assessment.derived.get(name) or assessment.systems.get(name)
    return _short(finding, knowledge.base.tables[name]) if finding is not None else "unknown"


def _disagreements(
    assessment: Assessment,
) -> Iterator[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]]:
    for about, answers in disagreements(assessment):
        yield (
            about,
            tuple(
                (spoken(value), tuple(short_name(title_of(id_, assessment.knowledge)) for id_ in ids))
                for value, ids in answers.items()
            ),
        )


def _questions(assessment: Assessment) -> Iterator[Question]:
    knowledge = assessment.knowledge
    for fact, settles, narrows in next_questions(assessment):
        yield Question(
            fact=fact,
            question=question(fact, knowledge),
            settles=tuple(title_of(id_, knowledge) for id_ in settles),
            narrows=tuple(title_of(id_, knowledge) for id_ in narrows),
        )
