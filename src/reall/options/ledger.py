"""The anthracycline ledger: what was given, in doxorubicin equivalents, under every published set of factors.

The sets disagree, and none is chosen. Where a set has no factor for a drug, its total is not computable; it is never a
total without that drug.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reall.facts.case import Exposure
from reall.library.therapy import Therapy
from reall.library.therapy_rows import CumulativeLimit, Factor, FactorSet, Regimen

REACHED, NOT_REACHED, OPEN = "reached", "not reached", "depends on the factor"
_DAYS_OF_RANGE = 2


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One drug under one set: dose given (mg/m²), and the range of its doxorubicin equivalents."""

    agent: str
    dose_mg_m2: float
    factor: Factor | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Total:
    """One set's answer: a total (a range where the set prints a range), or the drugs that make it not computable."""

    factor_set: FactorSet
    counted: tuple[Counted, ...]
    not_computable: tuple[str, ...]
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """The total as it is shown, rounded to whole mg/m²."""
        if self.low is None or self.high is None:
            return f"not computable (no factor for {', '.join(self.not_computable)})"
        low, high = round(self.low), round(self.high)
        return f"{low} mg/m²" if low == high else f"{low} to {high} mg/m²"

    def against(self, limit: CumulativeLimit) -> str:
        """Say whether a published threshold is reached; what cannot be computed reaches it only if the rest does."""
        if self.low is not None and self.high is not None:
            if self.low >= limit.mg_m2:
                return REACHED
            return NOT_REACHED if self.high < limit.mg_m2 else OPEN
        known = sum(c.low for c in self.counted if c.low is not None)
        return REACHED if known >= limit.mg_m2 else "not computable"


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All totals for one child. `not_recognised` names exposures that are no drug of the knowledge."""

    totals: tuple[Total, ...]
    limits: tuple[CumulativeLimit, ...]
    exposures: tuple[Exposure, ...]
    other_drugs: tuple[str, ...]
    not_recognised: tuple[str, ...]


def ledger(exposures: Iterable[Exposure], therapy: Therapy) -> Ledger | None:
    """Add up what was given, under every set. None where no exposure is recorded: unknown, not zero."""
    given = tuple(exposures)
    if not given:
        return None
    names = _anthracyclines(therapy)
    known = {spelling for a in therapy.agents.values() for spelling in _spellings(a.id, a.name, a.also)}
    doses: dict[str, float] = {}
    others: list[str] = []
    strange: list[str] = []
    for exposure in given:
        name = exposure.agent.strip().lower()
        if name in names:
            doses[names[name]] = doses.get(names[name], 0.0) + exposure.cumulative_mg_m2
        else:
            (others if name in known else strange).append(exposure.agent)
    return Ledger(
        totals=tuple(_total(doses, factors) for factors in therapy.factor_sets),
        limits=therapy.cumulative_limits,
        exposures=given,
        other_drugs=tuple(others),
        not_recognised=tuple(strange),
    )


def _spellings(*names: str | tuple[str, ...]) -> set[str]:
    flat = [n for name in names for n in (name if isinstance(name, tuple) else (name,))]
    return {n.lower() for n in flat} | {n.lower().replace("_", " ") for n in flat}


def _anthracyclines(therapy: Therapy) -> dict[str, str]:
    """Every spelling of a drug that some set names, to its id."""
    named = {factor.agent for factors in therapy.factor_sets for factor in factors.factors}
    found: dict[str, str] = {}
    for id_ in named:
        agent = therapy.agents.get(id_)
        spellings = _spellings(id_) if agent is None else _spellings(id_, agent.name, agent.also)
        found |= dict.fromkeys(spellings, id_)
    return found


def _total(doses: Mapping[str, float], factors: FactorSet) -> Total:
    by_agent = {factor.agent: factor for factor in factors.factors}
    counted = tuple(_count(agent, dose, by_agent.get(agent)) for agent, dose in doses.items())
    lacking = tuple(c.agent for c in counted if c.low is None and c.dose_mg_m2 > 0)
    return Total(
        factor_set=factors,
        counted=counted,
        not_computable=lacking,
        low=None if lacking else sum(c.low or 0.0 for c in counted),
        high=None if lacking else sum(c.high or 0.0 for c in counted),
    )


def _count(agent: str, dose: float, factor: Factor | None) -> Counted:
    low, high = (None, None) if factor is None else (factor.low, factor.high)
    return Counted(
        agent=agent,
        dose_mg_m2=dose,
        factor=factor,
        low=None if low is None else dose * low,
        high=None if high is None else dose * high,
    )


def course_exposures(regimen: Regimen, therapy: Therapy) -> tuple[Exposure, ...]:
    """Give the anthracyclines that one pass through a regimen adds, where dose (mg/m²) and days were seen.

    >>> from reall.library.knowledge import open_knowledge
    >>> therapy = open_knowledge().therapy
    >>> course_exposures(therapy.regimens["ida_flag"], therapy)
    (Exposure(agent='idarubicin', cumulative_mg_m2=36.0),)
    """
    names = set(_anthracyclines(therapy).values())
    added: dict[str, float] = {}
    for block in regimen.blocks:
        for drug in block.drugs:
            days = _days(drug.days)
            if drug.agent in names and drug.unit == "mg" and drug.per == "m2" and days:
                added[drug.agent] = added.get(drug.agent, 0.0) + float(drug.dose) * days
    return tuple(Exposure(agent=agent, cumulative_mg_m2=dose) for agent, dose in added.items())


def _days(text: str) -> int:
    """Count the days of a printed list such as `1, 2` or `2-4`; 0 where it is no such list."""
    count = 0
    for part in text.split(","):
        ends = part.strip().split("-")
        if not all(end.isdigit() for end in ends) or len(ends) > _DAYS_OF_RANGE:
            return 0
        count += int(ends[-1]) - int(ends[0]) + 1
    return count
