"""What can be given, as typed rows: drugs with their labels, regimens, options, evidence, trials, factor sets.

Nothing here decides. Conditions stay text; `library.knowledge` compiles them with those of the systems, as tables
(options and trials, so that a registry can ask them too) and as single questions (labels, cautions, populations).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reall.rules.table import Citation, Row, Table

ELIGIBLE = "eligible"
NEVER = "none"
"""The condition of a label row that covers no child with ALL: the drug is authorised, but for something else."""


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One condition that a child must fulfil, in words and as SQL, with its citation.

    `fails_with` are the facts that turn the example of the option into a no by this criterion.
    """

    id: str
    must: str
    words: str
    citation: Citation
    genomic: bool = False
    fails_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Note:
    """A caution, or advice on the order of treatments; without `when` it always holds."""

    id: str
    words: str
    citation: Citation
    when: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelRow:
    """What a label said in one country from one day to another.

    `valid_from` is a day, a month or a year as far as it was seen, or `unknown`; then `seen_on` is a day on which the
    text was certainly in force.
    """

    id: str
    country: str
    valid_from: str
    valid_until: str
    seen_on: str
    indication: str
    on_label_when: str
    review: str
    citation: Citation
    valid_from_note: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelEvent:
    """Something else that a regulator required for a time, such as a risk programme."""

    id: str
    country: str
    valid_from: str
    valid_until: str
    words: str
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A published limit of a drug, in its published unit."""

    id: str
    words: str
    value: float
    unit: str
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Whether a drug could be had in a country; a label says nothing about that."""

    country: str
    as_of: str
    words: str
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Agent:
    """One drug."""

    id: str
    name: str
    drug_class: str
    target: str
    codes: Mapping[str, str]
    also: tuple[str, ...] = ()
    codes_note: str = ""
    resistance_genes: tuple[str, ...] = ()
    never_route: tuple[str, ...] = ()
    anthracycline: bool = False
    labels: tuple[LabelRow, ...] = ()
    label_events: tuple[LabelEvent, ...] = ()
    labels_not_seen: str = ""
    limits: tuple[Limit, ...] = ()
    cautions: tuple[Note, ...] = ()
    supply: tuple[Supply, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One line of a regimen, as printed; a dose that was not seen is empty and `dose_note` says so."""

    agent: str
    dose: str = ""
    unit: str = ""
    per: str = ""
    maximum: str = ""
    route: str = ""
    days: str = ""
    frequency: str = ""
    infusion_hours: float | None = None
    only_if: str = ""
    until: str = ""
    note: str = ""
    dose_note: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One course of a regimen."""

    id: str
    phase: str
    words: str
    drugs: tuple[Dose, ...]


@dataclass(frozen=True, kw_only=True)
class AgeTable:
    """Doses by age, as printed; such tables belong to one protocol."""

    id: str
    words: str
    unit: str
    rows: tuple[Mapping[str, str | float], ...]


@dataclass(frozen=True, kw_only=True)
class Regimen:
    """A published regimen, with what was not seen of it."""

    id: str
    title: str
    group: str
    phase: str
    complete: bool
    blocks: tuple[Block, ...]
    age_tables: tuple[AgeTable, ...]
    notes: tuple[str, ...]
    not_seen: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing that can be done, with what makes a child eligible for it."""

    id: str
    title: str
    purpose: str
    words: str
    criteria: tuple[Criterion, ...]
    agents: tuple[str, ...] = ()
    regimens: tuple[str, ...] = ()
    label_agent: str = ""
    cautions: tuple[Note, ...] = ()
    sequencing: tuple[Note, ...] = ()
    evidence: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Population:
    """Whom a trial or series studied."""

    id: str
    words: str
    criteria: tuple[Criterion, ...]
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm of a result. Percent as printed; `level` belongs to the interval (0.95 = 95 %)."""

    arm: str
    n: int | None = None
    events: int | None = None
    estimate_pct: float | None = None
    se_pct: float | None = None
    interval_pct: tuple[float, float] | None = None
    level: float | None = None
    median_months: float | None = None
    median_interval: tuple[float | str, float | str] | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A ratio between two arms. `numerator` is the arm on top: below 1 means fewer events there."""

    measure: str
    numerator: str
    denominator: str
    estimate: float
    interval: tuple[float, float] | None = None
    level: float | None = None
    printed: str = ""


@dataclass(frozen=True, kw_only=True)
class PValue:
    """A printed P value; `sided` where it is known, `status: derived` where it was worked out from the interval."""

    value: float
    sided: int | None = None
    comparison: str = "="
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class EvidenceRow:
    """One printed result."""

    id: str
    trial: str
    design: str
    population: str
    endpoint: str
    denominator: str
    arms: tuple[Arm, ...]
    citation: Citation
    read_in: str
    phase: str = ""
    endpoint_words: str = ""
    time_months: float | None = None
    median_follow_up_months: float | None = None
    effect: Effect | None = None
    p: PValue | None = None
    assay: str = ""
    mrd_threshold_fraction: float | None = None
    data_cutoff: str = ""
    notes: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialArm:
    """One arm of a trial, with the criteria that only it has."""

    id: str
    words: str
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial. `by_hand` is what has to be checked by a person: no rule reads it."""

    id: str
    nct: str
    acronym: str
    title: str
    phase: str
    status: str
    status_as_of: str
    citation: Citation
    criteria: tuple[Criterion, ...]
    arms: tuple[TrialArm, ...] = ()
    by_hand: tuple[str, ...] = ()
    status_note: str = ""
    nct_status: str = ""
    conditions: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Factor:
    """What one milligram per square metre counts as, in doxorubicin equivalents; None: the source gives no factor."""

    agent: str
    low: float | None
    high: float | None
    interval: tuple[float, float] | None = None
    level: float | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class FactorSet:
    """One published set of factors."""

    id: str
    title: str
    words: str
    factors: tuple[Factor, ...]
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class CumulativeLimit:
    """A published threshold of cumulative doxorubicin equivalents, in mg per square metre."""

    id: str
    mg_m2: float
    words: str
    citation: Citation


@dataclass(frozen=True, kw_only=True)
class FamilyPage:
    """A general page for families: own sentences, not about one child."""

    id: str
    title: str
    also: tuple[str, ...]
    paragraphs: tuple[str, ...]
    questions: tuple[str, ...]
    sources: tuple[str, ...]


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
            yield criteria_table(f"option_{option.id}", option.title, option.criteria, "option", option.file)
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
            rows = (*agent.labels, *agent.label_events, *agent.limits, *agent.cautions, *agent.supply)
            yield from ((row.citation, f"agents, {agent.id}") for row in rows)
        yield from ((regimen.citation, f"regimens/{regimen.id}.yaml") for regimen in self.regimens.values())
        for option in self.options.values():
            for row in (*option.criteria, *option.cautions, *option.sequencing):
                yield row.citation, f"options/{option.id}.yaml, {row.id}"
        for population in self.populations.values():
            yield from ((c.citation, f"evidence populations, {population.id}") for c in population.criteria)
        yield from ((row.citation, row.where) for row in self.evidence.values())
        for trial in self.trials.values():
            of_arms = (criterion for arm in trial.arms for criterion in arm.criteria)
            cited = (trial.citation, *(c.citation for c in (*trial.criteria, *of_arms)))
            yield from ((citation, f"trials/{trial.id}.yaml") for citation in cited)
        for row in (*self.factor_sets, *self.cumulative_limits):
            yield row.citation, f"anthracycline, {row.id}"
        for page in self.pages.values():
            yield from ((Citation(source=key, at="page"), f"explain/{page.id}.yaml") for key in page.sources)


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
    rule = Row(id="every_criterion", when=every, value=ELIGIBLE, citation=criteria[0].citation, where=where)
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
