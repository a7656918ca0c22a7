"""What can be given: drugs with their labels, regimens, options, evidence, trials and factor sets as one object.

Nothing here decides. Conditions stay text; `library.knowledge` compiles them with those of the systems, as tables
(options and trials, so that a registry can ask them too) and as single questions (labels, cautions, populations).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from reall.base.written import translatable
from reall.library.therapy_rows import (
    Agent,
    Criterion,
    CumulativeLimit,
    EvidenceRow,
    FactorSet,
    FamilyPage,
    Note,
    Option,
    Population,
    Regimen,
    Trial,
)
from reall.rules.table import Citation, Row, Table

ELIGIBLE = "eligible"
STATUSES = ("draft", "transcribed", "double-checked", "superseded")
"""From the least to the most confirmed; superseded rows are kept for older answers."""
DEFAULT_COUNTRY = "US"
"""Whose labels are shown where nobody asks for another country."""
GENERAL = translatable(
    "This page is general. It is not about one child and gives no advice. Please ask your care team."
)
"""Stands on every page for families."""
NEVER = "none"
"""The condition of a label row that covers no child with ALL: the drug is authorised, but for something else."""


class _Cited(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def citation(self) -> Citation: ...


@dataclass(frozen=True, kw_only=True)
class Therapy:
    """Everything that the options room reads."""

    agents: Mapping[str, Agent]
    regimens: Mapping[str, Regimen]
    options: Mapping[str, Option]
    populations: Mapping[str, Population]
    evidence: Mapping[str, EvidenceRow]
    trials: Mapping[str, Trial]
    factor_sets: tuple[FactorSet, ...]
    cumulative_limits: tuple[CumulativeLimit, ...]
    pages: Mapping[str, FamilyPage]
    ctml: Mapping[str, Mapping[str, str]]

    def tables(self) -> Iterator[Table]:
        """Give options and trials as tables, so that one case and a registry ask them by the same path."""
        for option in self.options.values():
            yield criteria_table(option_table(option.id), option.title, option.criteria, "option", option.file)
        for trial in self.trials.values():
            yield criteria_table(f"trial_{trial.id}", trial.acronym, trial.criteria, "trial", f"trials/{trial.id}.yaml")

    def questions(self) -> dict[str, tuple[str, str]]:
        """Give every single condition (labels, notes, populations, arms): its id, to text and place."""
        asked: dict[str, tuple[str, str]] = {}
        for agent in self.agents.values():
            where = f"agents, {agent.id}"
            for row in agent.labels:
                if row.on_label_when != NEVER:
                    asked[label_question(agent.id, row.id)] = (row.on_label_when, f"{where}, label {row.id}")
            asked |= _note_questions(f"agent {agent.id}", agent.cautions, where)
        for option in self.options.values():
            notes = (*option.cautions, *option.sequencing)
            asked |= _note_questions(f"option {option.id}", notes, f"options/{option.id}.yaml")
        for population in self.populations.values():
            for criterion in population.criteria:
                where = f"options/evidence/populations.yaml, {population.id}, {criterion.id}"
                asked[population_question(population.id, criterion.id)] = (criterion.must, where)
        for trial in self.trials.values():
            for arm in trial.arms:
                for criterion in arm.criteria:
                    where = f"trials/{trial.id}.yaml, arm {arm.id}"
                    asked[arm_question(trial.id, arm.id, criterion.id)] = (criterion.must, where)
        for field_, answers in self.ctml.items():
            for answer, condition in answers.items():
                asked[ctml_question(field_, answer)] = (condition, f"ctml/mapping.yaml, {field_}, {answer}")
        return asked

    def citations(self) -> Iterator[tuple[Citation, str]]:
        """Give every citation with its place, so that its key can be looked up in the bibliography."""
        for agent in self.agents.values():
            rows: list[_Cited] = [*agent.labels, *agent.label_events, *agent.limits, *agent.cautions]
            cited = [row.citation for row in rows] + [row.citation for row in agent.supply]
            yield from ((citation, f"agents, {agent.id}") for citation in cited)
        yield from ((regimen.citation, f"regimens/{regimen.id}.yaml") for regimen in self.regimens.values())
        for option in self.options.values():
            stated: list[_Cited] = [*option.criteria, *option.cautions, *option.sequencing]
            yield from ((row.citation, f"options/{option.id}.yaml, {row.id}") for row in stated)
        for population in self.populations.values():
            yield from ((c.citation, f"evidence populations, {population.id}") for c in population.criteria)
        yield from ((row.citation, row.where) for row in self.evidence.values())
        for trial in self.trials.values():
            of_arms = (criterion for arm in trial.arms for criterion in arm.criteria)
            cited = [trial.citation, *(c.citation for c in (*trial.criteria, *of_arms))]
            yield from ((citation, f"trials/{trial.id}.yaml") for citation in cited)
        numbers: list[_Cited] = [*self.factor_sets, *self.cumulative_limits]
        yield from ((row.citation, f"anthracycline, {row.id}") for row in numbers)
        for page in self.pages.values():
            yield from ((Citation(source=key, at="page"), f"explain/{page.id}.yaml") for key in page.sources)


def option_table(option: str) -> str:
    """Name the table of an option's criteria."""
    return f"option_{option}"


def label_question(agent: str, row: str) -> str:
    """Name the question whether a label row covers the child."""
    return f"label {agent} {row}"


def note_question(owner: str, note: str) -> str:
    """Name the question whether a caution or sequencing note holds; `owner` is "agent ID" or "option ID"."""
    return f"note {owner} {note}"


def population_question(population: str, criterion: str) -> str:
    """Name the question whether a child fulfils one criterion of a trial's population."""
    return f"population {population} {criterion}"


def arm_question(trial: str, arm: str, criterion: str) -> str:
    """Name the question whether a child fulfils one criterion of a trial's arm."""
    return f"arm {trial} {arm} {criterion}"


def ctml_question(field_: str, answer: str) -> str:
    """Name the question whether a child has one answer of a CTML field."""
    return f"ctml {field_} {answer}"


def _note_questions(owner: str, notes: tuple[Note, ...], where: str) -> dict[str, tuple[str, str]]:
    return {note_question(owner, n.id): (n.when, f"{where}, note {n.id}") for n in notes if n.when}


def criteria_table(id_: str, title: str, criteria: tuple[Criterion, ...], kind: str, where: str) -> Table:
    """Make the table of a list of criteria: eligible where all hold, not eligible by the first that does not."""
    rows = tuple(
        Row(id=c.id, when=c.must, value=c.id, citation=c.citation, words=c.words, where=f"{where}, criterion {c.id}")
        for c in criteria
    )
    every = " AND ".join(f"({c.must})" for c in criteria)
    # All criteria together are as confirmed as the least confirmed of them.
    weakest = min((c.citation for c in criteria), key=lambda citation: STATUSES.index(citation.status))
    rule = Row(id="every_criterion", when=every, value=ELIGIBLE, citation=weakest, where=where)
    return Table(
        id=id_,
        title=title,
        question=f"{title}: are all criteria fulfilled?",
        kind=kind,
        values={ELIGIBLE: "every criterion is fulfilled"},
        rules=(rule,),
        applies_to=rows,
        where=where,
    )
