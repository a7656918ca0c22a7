"""What can this child be given, what forbids it, and which missing fact decides?

Options are listed by purpose and never ranked. An unknown fact never makes a child eligible and never drops an option.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reall.facts.case import Case, nobody_fits
from reall.facts.known import Known
from reall.library.knowledge import Knowledge
from reall.library.therapy import ELIGIBLE, STATUSES, note_question, option_table
from reall.library.therapy_rows import Criterion, Note, Option
from reall.options.conditions import all_of, changes
from reall.options.evidence import Applies, Evidence, applies
from reall.options.labels import LabelAnswer, label_answer
from reall.options.lookup import NO, UNKNOWN, YES, Lookup
from reall.options.memory import OptionMemory
from reall.rules.condition import Condition
from reall.rules.evaluate import Answer, Finding, evaluate
from reall.rules.settle import smallest_sets
from reall.rules.table import Compiled, Outcome

NOT_ELIGIBLE, UNDETERMINED = "not_eligible", "undetermined"
PURPOSES = (
    "reinduction", "consolidation", "maintenance", "cns_therapy", "radiation", "transplant", "targeted",
    "immunotherapy", "trial", "supportive",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One criterion and what it says of this child: yes, no or unknown, with the facts it read."""

    criterion: Criterion
    verdict: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A caution, or a word on sequencing. `holds` is yes, or unknown where `missing` facts leave it open."""

    note: Note
    holds: str
    kind: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OptionAnswer:
    """One option for one child.

    `settling_sets` are the smallest sets of missing facts that, with the answers given there, make the child eligible.
    `settles` says what each answer to each missing fact would leave. `would_change_if` names what would have to be
    different for a no to fall away.
    """

    option: Option
    status: str
    because: tuple[Judged, ...]
    missing: tuple[str, ...] = ()
    settling_sets: tuple[Mapping[str, Known], ...] = ()
    settles: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    would_change_if: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    label: LabelAnswer | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def knowledge_status(self) -> str:
        """The least confirmed status among the criteria that decide."""
        statuses = [judged.criterion.citation.status for judged in self.deciding]
        return min(statuses, key=STATUSES.index)

    @property
    def deciding(self) -> tuple[Judged, ...]:
        """The criteria that decide: those that fail; else those that are open; else all."""
        for verdict in (NO, UNKNOWN):
            found = tuple(judged for judged in self.because if judged.verdict == verdict)
            if found:
                return found
        return self.because


def answer_options(
    case: Case,
    masks: Sequence[int],
    knowledge: Knowledge,
    *,
    on: dt.date,
    country: str,
    only: Collection[str] = (),
    memory: OptionMemory | None = None,
) -> tuple[OptionAnswer, ...]:
    """Answer every option for one case (or only those named), in the order of purposes and then of titles.

    `masks` are the cells of the case (`stratify.case_masks`); `memory` saves what was answered before.
    Raises `UnusableCase` when its facts contradict each other.
    """
    look = Lookup(knowledge, case, tuple(masks))
    therapy = knowledge.therapy
    chosen = [option for option in therapy.options.values() if not only or option.id in only]
    chosen.sort(key=lambda o: (PURPOSES.index(o.purpose), o.title))
    population = functools.cache(lambda id_: applies(look, therapy.populations[id_]))

    def one(option: Option) -> OptionAnswer:
        return _answer(look, option, population, on=on, country=country)

    if memory is None:
        return tuple(map(one, chosen))

    def remembered(memory: OptionMemory, option: Option) -> OptionAnswer:
        return memory.answer(
            look, option, (on, country), lambda: one(option), lambda answer: _printed(look, option, answer)
        )

    return tuple(remembered(memory, option) for option in chosen)


def _answer(
    look: Lookup, option: Option, population: Callable[[str], Applies], *, on: dt.date, country: str
) -> OptionAnswer:
    finding = evaluate(look.knowledge.base, option_table(option.id), look.walk)
    if finding is None:
        raise nobody_fits(look.case, option.id)
    compiled = look.knowledge.base.compiled[option_table(option.id)]
    because = _judge(look, option, compiled)
    status = _status(finding)
    therapy = look.knowledge.therapy
    agent = therapy.agents.get(option.label_agent)
    return OptionAnswer(
        option=option,
        status=status,
        because=because,
        missing=finding.missing if status == UNDETERMINED else (),
        settles=finding.settles if status == UNDETERMINED else {},
        settling_sets=_settling(look, compiled) if status == UNDETERMINED else (),
        would_change_if=_changes(look, option, because) if status == NOT_ELIGIBLE else (),
        cautions=tuple(_cautions(look, option)),
        label=None if agent is None else label_answer(look, agent, on=on, country=country),
        evidence=tuple(
            Evidence(row=therapy.evidence[id_], applies=population(therapy.evidence[id_].population))
            for id_ in option.evidence
        ),
    )


def _printed(look: Lookup, option: Option, answer: OptionAnswer) -> OptionAnswer:
    """Give an answer with what this case says of the facts that its criteria name."""
    lines = {line.row.id: line for line in look.knowledge.base.compiled[f"option_{option.id}"].criteria}
    because = tuple(replace(j, facts=look.facts(lines[j.criterion.id].facts)) for j in answer.because)
    return replace(answer, because=because)


def _status(finding: Finding) -> str:
    status = as_option(finding.answer).status
    return ELIGIBLE if status == "determined" else status


def as_option(answer: Answer) -> Answer:
    """Give the answer of an option's table in the words of options: open for whatever reason is undetermined."""
    return answer if answer.status in {"determined", NOT_ELIGIBLE} else replace(answer, status=UNDETERMINED)


def _judge(look: Lookup, option: Option, compiled: Compiled) -> tuple[Judged, ...]:
    lines = {line.row.id: line for line in compiled.criteria}
    return tuple(
        Judged(criterion=c, verdict=look.line(lines[c.id]), facts=look.facts(lines[c.id].facts))
        for c in option.criteria
    )


def _is_eligible(outcome: object) -> bool:
    return isinstance(outcome, Outcome) and outcome.kind == "value"


def _settling(look: Lookup, compiled: Compiled) -> tuple[Mapping[str, Known], ...]:
    return tuple(smallest_sets(look.knowledge.base, compiled.outcome, look.masks, _is_eligible))


def _changes(look: Lookup, option: Option, because: tuple[Judged, ...]) -> tuple[str, ...]:
    base = look.knowledge.base

    def holds(part: Condition) -> bool:
        return look.verdict(base.build(part)) == YES

    failed = [judged.criterion.id for judged in because if judged.verdict == NO]
    if not failed:
        # Each criterion alone could hold, all together cannot; then the open ones are what would have to change.
        failed = [judged.criterion.id for judged in because if judged.verdict == UNKNOWN]
    table = option_table(option.id)
    conditions = [condition for id_ in failed if (condition := base.condition_of(table, id_)) is not None]
    return tuple(all_of([changes(condition, holds) for condition in conditions]))


def _cautions(look: Lookup, option: Option) -> Iterable[Caution]:
    owned: list[tuple[str, str, Note]] = [(f"option {option.id}", "caution", note) for note in option.cautions]
    owned += [(f"option {option.id}", "sequencing", note) for note in option.sequencing]
    for id_ in option.agents:
        owned += [(f"agent {id_}", "caution", note) for note in look.knowledge.therapy.agents[id_].cautions]
    seen: set[str] = set()
    for owner, kind, note in owned:
        question = note_question(owner, note.id)
        verdict = look.ask(question) if note.when else YES
        if verdict == NO or note.words in seen:
            continue
        seen.add(note.words)
        missing = look.missing_for(question, note.when) if verdict == UNKNOWN else ()
        yield Caution(note=note, holds=verdict, kind=kind, missing=missing)


def ranked_missing(answers: Iterable[OptionAnswer]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Rank the missing facts by how many options they settle.

    Each entry: the fact, the options that some single answer to it settles, and those it only narrows. "CD22 would
    settle 4 options" means that for four options one answer to that question alone leaves no doubt.
    """
    settling: dict[str, list[str]] = {}
    narrowing: dict[str, list[str]] = {}
    for answer in answers:
        for fact in answer.missing:
            left = answer.settles.get(fact, {})
            settles_it = any(len({_kind(outcome) for outcome in outcomes}) == 1 for outcomes in left.values())
            (settling if settles_it else narrowing).setdefault(fact, []).append(answer.option.id)
    facts = sorted({*settling, *narrowing}, key=lambda f: (-len(settling.get(f, ())), -len(narrowing.get(f, ())), f))
    return [(f, tuple(settling.get(f, ())), tuple(narrowing.get(f, ()))) for f in facts]


def _kind(outcome: str) -> str:
    return NOT_ELIGIBLE if outcome.startswith(NOT_ELIGIBLE) else outcome
