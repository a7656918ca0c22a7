"""The rows of the therapy knowledge, as typed objects: drugs, labels, regimens, options, evidence, trials, factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reall.rules.table import Citation


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
class FamilyText:
    """The words of a family page in one language; `status` is draft until a clinician has read them."""

    title: str
    paragraphs: tuple[str, ...]
    questions: tuple[str, ...]
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class FamilyPage(FamilyText):
    """A general page for families: own sentences, not about one child. `translations` rest on the same sources."""

    id: str
    also: tuple[str, ...]
    sources: tuple[str, ...]
    translations: Mapping[str, FamilyText] = field(default_factory=dict)

    def in_language(self, language: str) -> FamilyText:
        """Give the words in a language; English where nobody has translated them."""
        return self.translations.get(language, self)
