"""Survival of a registry by stratum, from file to result, in one pass over the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reall.base.errors import WrongUsage
from reall.cohort import outcome_columns as oc
from reall.cohort.cells_of_text import distinct
from reall.cohort.columns import Flags
from reall.cohort.survival.counts import Ints, Tally
from reall.cohort.survival.landmark import Landmark, from_landmark, read_landmark, transplanted
from reall.cohort.survival.observed import CAUSES, REASONS, Observed, Reader, columns_of, observe
from reall.cohort.survival.reading import Progress, Reading, Rows, Table, silent
from reall.cohort.survival.result import Survival, compared, summarise, tests_of
from reall.cohort.survival.strata import EVERYBODY, By, Strata, Stratum, read_by
from reall.library.knowledge import Knowledge

AT_YEARS = (1.0, 3.0, 5.0)
_EVENT, _CENSORED = "event", "last seen"
_RELAPSE_NUMBER = "relapse_number"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: end point, strata (none: all children), cut-points, years of the estimates, landmark.

    `within` are the years of the restricted mean; None: the last of `at`.
    """

    endpoint: str = "OS"
    by: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()
    at: tuple[float, ...] = AT_YEARS
    within: float | None = None
    landmark: str = ""


@dataclass(frozen=True)
class Taken:
    """What was taken of a batch: each row's stratum, what was seen of it (from the landmark on), whether it counts."""

    strata: Ints
    seen: Observed
    counted: Flags


@dataclass(kw_only=True)
class Gatherer:
    """Gathers the counts that one question needs, batch by batch."""

    question: Question
    by: tuple[By, ...]
    landmark: Landmark | None
    by_transplant: bool = False
    _strata: Strata = field(init=False)
    _tally: Tally = field(init=False)
    _rows: Counter[int] = field(default_factory=Counter)
    _without: dict[int, Counter[str]] = field(default_factory=dict)
    _before: dict[int, Counter[str]] = field(default_factory=dict)
    _relapses: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._strata = Strata(self.by)
        self._tally = Tally(len(CAUSES[self.question.endpoint]))

    def take(self, rows: Rows, seen: Observed, reader: Reader) -> Taken:
        """Take in a batch."""
        self._relapses |= _relapse_numbers(rows)
        ended: Flags = np.zeros(rows.table.num_rows, dtype=np.bool_)
        given: tuple[tuple[Stratum, ...], Ints] | None = None
        cause_before = seen.cause
        if self.landmark is not None:
            seen, ended, day = from_landmark(seen, reader, self.landmark)
            given = transplanted(reader, day) if self.by_transplant else None
        strata = self._strata.of(rows.table, rows.facts, rows.bad, given)
        counted = seen.usable & ~ended
        self._tally.add(strata[counted], seen.days[counted], seen.cause[counted])
        self._rows.update(_counts(strata))
        for reason in range(1, len(REASONS)):
            self._note(self._without, strata, seen.reason == reason, REASONS[reason])
        self._note(self._before, strata, ended & (cause_before > 0), _EVENT)
        self._note(self._before, strata, ended & (cause_before == 0), _CENSORED)
        return Taken(strata, seen, counted)

    def _note(self, into: dict[int, Counter[str]], strata: Ints, rows: Flags, word: str) -> None:
        for number, many in _counts(strata[rows]).items():
            into.setdefault(number, Counter())[word] += many

    def strata(self) -> list[tuple[int, Stratum]]:
        """Give the strata met, with their numbers, in order."""
        return self._strata.in_order()

    def result(self, knowledge: Knowledge, caveats: Sequence[str] = ()) -> Survival:
        """Work the counts out."""
        question = self.question
        strata = tuple(
            summarise(
                stratum,
                self._tally.table([number]),
                endpoint=question.endpoint,
                at=question.at,
                within=question.within or max(question.at),
                rows=self._rows[number],
                without=dict(self._without.get(number, {})),
                before_landmark=dict(self._before.get(number, {})),
            )
            for number, stratum in self.strata()
        )
        test, by_cause = tests_of(strata, question.endpoint)
        return Survival(
            endpoint=question.endpoint,
            clock_start=self._clock_start(),
            by=tuple(by.name for by in self.by),
            at=question.at,
            strata=strata,
            log_rank=test,
            by_cause=by_cause,
            compared=tuple(s.stratum.name for s in compared(strata)),
            caveats=(*caveats, *self._caveats(knowledge)),
        )

    def _clock_start(self) -> str:
        if self.landmark is not None:
            return self.landmark.words
        relapse = "first relapse" if self._relapses == {"1"} else "relapse"
        return f"remission after {relapse}" if self.question.endpoint == "DFS" else relapse

    def _caveats(self, knowledge: Knowledge) -> list[str]:
        found = []
        if len(self._relapses) > 1:
            found.append("several relapses of one child may stand in this table; its rows are then not independent")
        late = [by.name for by in self.by if rests_on_response(by, knowledge)]
        if late and self.landmark is None:
            found.append(
                f"{', '.join(late)} rests on MRD after relapse: its groups hold only children who lived to be sampled, "
                "and the others stay undetermined. --landmark starts the clock at the sample"
            )
        return found


def _relapse_numbers(rows: Rows) -> set[str]:
    """Give the relapses that the rows are of; "unknown" where that is not known."""
    if _RELAPSE_NUMBER not in rows.table.schema.names:
        return {"unknown"}
    values, codes = distinct(rows.table.column(_RELAPSE_NUMBER))
    there = np.flatnonzero(np.bincount(codes, minlength=len(values))).tolist()
    return {
        "unknown" if values[i] is None else f"{values[i]:g}" if isinstance(values[i], float) else str(values[i])
        for i in there
    }


def _counts(numbers: Ints) -> dict[int, int]:
    return {number: many for number, many in enumerate(np.bincount(numbers).tolist()) if many}


def rests_on_response(by: By, knowledge: Knowledge) -> bool:
    """Tell whether a stratum can be known only after treatment of the relapse has begun."""
    facts = knowledge.vocabulary.facts
    if by.kind == "table":
        public = by.name.removeprefix("transplant.")
        table = knowledge.transplant_ids[public] if by.name.startswith("transplant.") else by.name
        asked = knowledge.base.compiled[table].asked
        return any(knowledge.base.space.axes[at].fact.mrd_timepoint for at in asked)
    return by.name in facts and bool(facts[by.name].mrd_timepoint)


def gatherer(question: Question, table: Table) -> Gatherer:
    """Check a question against a table. Raises `WrongUsage` when it cannot be answered from it."""
    landmark = (
        read_landmark(question.landmark, table.columns, table.knowledge.vocabulary) if question.landmark else None
    )
    columns_of(question.endpoint, table.columns)
    if landmark is not None and question.endpoint == "DFS":
        raise WrongUsage("disease-free survival starts at remission, not at a landmark", where="--landmark")
    by_transplant = landmark is not None and question.by == (oc.TRANSPLANT,)
    if by_transplant:
        _need(table.columns, oc.TRANSPLANT, f"{oc.TRANSPLANT_TIME}_days", f"{oc.TRANSPLANT_TIME}_years")
        by: tuple[By, ...] = (By(name=oc.TRANSPLANT, kind="given"),)
    else:
        by = tuple(
            read_by(name, _cuts(name, question, table.knowledge), table.columns, table.knowledge)
            for name in question.by
        )
    return Gatherer(question=question, by=by or (EVERYBODY,), landmark=landmark, by_transplant=by_transplant)


def _need(columns: Sequence[str], answer: str, *one_of: str) -> None:
    if answer not in columns or not any(name in columns for name in one_of):
        raise WrongUsage(
            f"the table lacks {answer!r} or {one_of[0]!r}", next="Name the columns as in docs/how-to/survival.md."
        )


def _cuts(name: str, question: Question, knowledge: Knowledge) -> tuple[float, ...]:
    """Keep cut-points for the numbers among several questions."""
    fact = knowledge.vocabulary.facts.get(name)
    numeric = fact is not None and fact.numeric and name not in knowledge.systems
    return question.cuts if numeric or len(question.by) == 1 else ()


def gather(
    table: Table,
    gatherers: Sequence[Gatherer],
    *,
    facts: bool = False,
    progress: Progress = silent,
) -> Reading:
    """Pass once over the rows for several questions. `facts`: read them even where no question groups by one."""
    by = [each for g in gatherers for each in g.by]
    tables = [each.name for each in by if each.kind == "table"]
    endpoints = {g.question.endpoint for g in gatherers}
    own = {name for endpoint in endpoints for name in columns_of(endpoint, table.columns)}
    own |= {name for name in table.columns if oc.is_outcome(name)} | {b.name for b in by if b.kind == "column"}
    own.add(_RELAPSE_NUMBER)
    facts = facts or any(each.needs_facts for each in by)
    reading = table.read(tables=dict.fromkeys(tables), facts=facts, own=own, progress=progress)
    for rows in reading.batches:
        reader = Reader(rows.table, rows.first_row)
        seen = {endpoint: observe(reader, endpoint) for endpoint in endpoints}
        for each in gatherers:
            each.take(rows, seen[each.question.endpoint], reader)
        reading.note(reader.problems)
    return reading


def survival(table: Table, question: Question, progress: Progress = silent) -> tuple[Survival, Reading]:
    """Answer one question. Raises `WrongUsage` when the table cannot answer it."""
    one = gatherer(question, table)
    reading = gather(table, [one], progress=progress)
    return one.result(table.knowledge, reading.caveats), reading
