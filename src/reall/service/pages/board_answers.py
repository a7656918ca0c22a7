"""Everything that the board page answers to a sheet, put together for its templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from reall.library.knowledge import Knowledge, Source
from reall.library.therapy import ELIGIBLE
from reall.options.board import Board, board
from reall.options.eligibility import NOT_ELIGIBLE, PURPOSES, UNDETERMINED, OptionAnswer
from reall.report.view import Answer, Question, View, fact_words, view
from reall.report.words import label, question
from reall.service.pages.board_pictures import Course, MrdPicture, Outcomes, course, mrd_picture, outcomes
from reall.service.pages.board_reading import Reading
from reall.service.pages.board_what_if import WhatIf, what_if
from reall.service.pages.forms import Field, field_of


@dataclass
class Bibliography:
    """Numbers the sources in the order in which a page cites them; filled while the page is written."""

    knowledge: Knowledge
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, key: str) -> int | None:
        """Give the number of a source; None for what is no source, such as the case itself."""
        if key not in self.knowledge.sources:
            return None
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    @property
    def entries(self) -> list[tuple[int, Source]]:
        """The sources cited so far, by number."""
        return [(number, self.knowledge.sources[key]) for key, number in self.numbers.items()]


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """The options of one purpose by status, in alphabetical order; nothing is ranked."""

    id: str
    eligible: tuple[OptionAnswer, ...]
    open: tuple[OptionAnswer, ...]
    no: tuple[OptionAnswer, ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The open question that decides most: its field, and what it settles and narrows."""

    field: Field
    question: Question


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer, what a changed fact would make of it, and what it was when the page last showed it."""

    answer: Answer
    other: Answer | None
    before: str

    @property
    def differs(self) -> bool:
        """Whether the changed facts change the answer."""
        return self.other is not None and (self.other.short, self.other.status) != (
            self.answer.short,
            self.answer.status,
        )

    @property
    def changed(self) -> bool:
        """Whether the answer is another one than the page showed before."""
        return bool(self.before) and self.before != self.answer.short


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers to a sheet whose fields do not contradict each other.

    `changes` are the facts of the what-if: name, what the case gives, and what it is changed to.
    """

    view: View
    board: Board
    groups: tuple[Row, ...]
    others: tuple[Row, ...]
    definitions: tuple[Row, ...]
    transplant: tuple[Row, ...]
    purposes: tuple[Purpose, ...]
    asked: Asked | None
    course: Course
    mrd: MrdPicture | None
    outcomes: Outcomes
    what_if: WhatIf | None
    changes: tuple[tuple[str, str, str], ...]
    options_that_differ: tuple[tuple[OptionAnswer, OptionAnswer], ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every answer of definitions, systems and transplant rules."""
        return (*self.definitions, *self.groups, *self.others, *self.transplant)

    @property
    def shown(self) -> str:
        """All answers in one line, which the form carries so that the next request can say what changed."""
        return "\n".join(f"{key(row.answer)}={row.answer.short}" for row in self.rows)


def key(answer: Answer) -> str:
    """Name an answer; a system and its transplant rule may share an id."""
    return f"{answer.kind}:{answer.id}"


def answers(
    reading: Reading, knowledge: Knowledge, *, changes: Mapping[str, str], shown: str, on: dt.date, country: str
) -> Answers | None:
    """Answer a sheet; None where its fields contradict each other, or where nothing is known yet.

    `changes` are the facts of the what-if, `shown` the answers that the page showed before.
    """
    assessment = reading.assessment
    if assessment is None or reading.used.empty:
        return None
    found = view(assessment)
    options = board(assessment.case, assessment.masks, knowledge, on=on, country=country)
    changed = what_if(assessment.case, changes, knowledge)
    other = view(changed.assessment) if changed and changed.assessment else None
    others = {key(answer): answer for answer in other.answers} if other else {}
    before = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def rows(listed: tuple[Answer, ...]) -> tuple[Row, ...]:
        return tuple(Row(answer=a, other=others.get(key(a)), before=before.get(key(a), "")) for a in listed)

    return Answers(
        view=found,
        board=options,
        groups=rows(found.groups),
        others=rows(found.others),
        definitions=rows(found.definitions),
        transplant=rows(found.transplant),
        purposes=tuple(_purpose(options, id_) for id_ in PURPOSES),
        asked=_asked(found, options, knowledge),
        course=course(assessment.case, reading.used, knowledge),
        mrd=mrd_picture(assessment.case, knowledge),
        outcomes=outcomes(found.outcomes),
        what_if=changed,
        changes=tuple((label(n, knowledge), fact_words(n, assessment), text) for n, text in changes.items()),
        options_that_differ=_different_options(options, changed, knowledge),
    )


def _purpose(options: Board, id_: str) -> Purpose:
    def of(status: str) -> tuple[OptionAnswer, ...]:
        return tuple(a for a in options.options if a.option.purpose == id_ and a.status == status)

    return Purpose(id=id_, eligible=of(ELIGIBLE), open=of(UNDETERMINED), no=of(NOT_ELIGIBLE))


def _asked(found: View, options: Board, knowledge: Knowledge) -> Asked | None:
    """Give the question that decides most among the systems; where they are all answered, among the options."""
    statable = knowledge.vocabulary.statable
    open_ones = list(found.questions)
    titles = {answer.option.id: answer.option.title for answer in options.options}
    open_ones += [
        Question(
            fact=fact,
            question=question(fact, knowledge),
            settles=tuple(titles[id_] for id_ in settles),
            narrows=tuple(titles[id_] for id_ in narrows),
        )
        for fact, settles, narrows in options.next_facts
    ]
    first = next((one for one in open_ones if one.fact in statable), None)
    return None if first is None else Asked(field=field_of(first.fact, knowledge.vocabulary), question=first)


def _different_options(
    options: Board, changed: WhatIf | None, knowledge: Knowledge
) -> tuple[tuple[OptionAnswer, OptionAnswer], ...]:
    if changed is None or changed.assessment is None:
        return ()
    case, masks = changed.assessment.case, changed.assessment.masks
    other = board(case, masks, knowledge, on=options.on, country=options.country)
    pairs = zip(options.options, other.options, strict=True)
    return tuple((one, two) for one, two in pairs if one.status != two.status)
