"""Evidence rows as they bear on one child, and the linter that refuses rows which contradict themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reall.library.knowledge import Knowledge
from reall.library.therapy import population_question
from reall.library.therapy_rows import Arm, Effect, EvidenceRow, Population
from reall.options.lookup import NO, UNKNOWN, YES, Lookup
from reall.rules import proofs

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True, kw_only=True)
class Applies:
    """Whether a child belongs to a trial's population: inside, outside or unknown, and by which criteria."""

    population: Population
    status: str
    by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One printed result and whether this child is like the children it came from."""

    row: EvidenceRow
    applies: Applies


def applies(look: Lookup, population: Population) -> Applies:
    """Ask every criterion of a population; criteria that no rule can read are listed in `population.by_hand`."""
    verdicts = {c.words: look.ask(population_question(population.id, c.id)) for c in population.criteria}
    failed = tuple(words for words, verdict in verdicts.items() if verdict == NO)
    if failed:
        return Applies(population=population, status=OUTSIDE, by=failed)
    if all(verdict == YES for verdict in verdicts.values()) and not population.by_hand:
        return Applies(population=population, status=INSIDE)
    facts = dict.fromkeys(
        fact
        for c in population.criteria
        if verdicts[c.words] == UNKNOWN
        for fact in look.missing_for(population_question(population.id, c.id), c.must)
    )
    open_ones = tuple(words for words, verdict in verdicts.items() if verdict == UNKNOWN)
    return Applies(population=population, status=UNKNOWN, by=(*open_ones, *population.by_hand), missing=tuple(facts))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row that the linter refuses, why, and what to do."""

    row: str
    rule: str
    words: str
    where: str


def lint(rows: Iterable[EvidenceRow]) -> list[Fault]:
    """List every fault of the rows. Nothing is corrected; a person reads the source again."""
    return [
        Fault(row=row.id, rule=rule, words=words, where=row.where)
        for row in rows
        for check in (_arms, _effect, _p_value, _mrd, _pooled)
        for rule, words in check(row)
    ]


def faulty_evidence(root: Path, knowledge: Knowledge) -> Iterator[proofs.Fault]:  # noqa: ARG001 - the form of a check
    """Lint all evidence rows, as one of the checks of `reall knowledge check`."""
    for fault in lint(knowledge.therapy.evidence.values()):
        yield proofs.Fault(kind=fault.rule, where=fault.where, what=f"{fault.row}: {fault.words.rstrip('.')}")


_PERCENT = 100.0
_SIGNIFICANT = 0.05
_ROUNDING_PCT = 0.5001
"""Printed whole percentages may be half a point off the counts."""
_TENTH_PCT = 0.0501
"""Percentages printed with a decimal may be half a tenth off."""

Found = Iterator[tuple[str, str]]


def _arms(row: EvidenceRow) -> Found:
    for arm in row.arms:
        yield from _arm(arm)
        if arm.median_interval is not None and arm.level is None:
            yield "level", f"{arm.arm}: the interval has no level"


def _arm(arm: Arm) -> Found:
    estimate, interval = arm.estimate_pct, arm.interval_pct
    if estimate is not None and not 0 <= estimate <= _PERCENT:
        yield "range", f"{arm.arm}: {estimate} is no percentage"
    if interval is not None:
        if arm.level is None:
            yield "level", f"{arm.arm}: the interval {interval} has no level"
        if estimate is None or not interval[0] <= estimate <= interval[1]:
            yield "interval", f"{arm.arm}: the interval {interval} does not contain the estimate {estimate}"
        if not 0 <= interval[0] <= interval[1] <= _PERCENT:
            yield "range", f"{arm.arm}: {interval} is no interval of percentages"
    if estimate is not None and arm.n and arm.events is not None:
        counted = _PERCENT * arm.events / arm.n
        if abs(counted - estimate) > (_ROUNDING_PCT if estimate == int(estimate) else _TENTH_PCT):
            yield "counts", f"{arm.arm}: {arm.events} of {arm.n} is {counted:.1f} %, not {estimate} %"


def _effect(row: EvidenceRow) -> Found:
    effect = row.effect
    if effect is None:
        return
    arms = {arm.arm: arm for arm in row.arms}
    for name in (effect.numerator, effect.denominator):
        if name not in arms:
            yield "arm", f"the effect names {name!r}, which is no arm of the row"
    if effect.interval is not None:
        if effect.level is None:
            yield "level", f"the interval {effect.interval} of the {effect.measure} has no level"
        if not effect.interval[0] <= effect.estimate <= effect.interval[1]:
            yield "interval", f"the interval {effect.interval} does not contain the {effect.measure} {effect.estimate}"
    if effect.numerator in arms and effect.denominator in arms:
        yield from _direction(row, effect, arms[effect.numerator], arms[effect.denominator])


_SURVIVAL = frozenset({"OS", "EFS", "DFS", "PFS", "RFS"})


def _direction(row: EvidenceRow, effect: Effect, top: Arm, bottom: Arm) -> Found:
    """A ratio of hazards below 1 means fewer events on top; a ratio of odds above 1 means more of what was counted."""
    if top.estimate_pct is None or bottom.estimate_pct is None or top.estimate_pct == bottom.estimate_pct:
        return
    more_on_top = top.estimate_pct > bottom.estimate_pct
    counts_events = effect.measure == "HR" and row.endpoint in _SURVIVAL
    above_one_expected = not more_on_top if counts_events else more_on_top
    if effect.estimate != 1 and (effect.estimate > 1) != above_one_expected:
        turned = 1 / effect.estimate
        words = (
            f"{effect.measure} {effect.estimate} for {effect.numerator} over {effect.denominator} contradicts the arms "
            f"({top.estimate_pct} and {bottom.estimate_pct} %); 1/x = {turned:.2f} fits them"
        )
        yield "inverted", words


_SAYS_SIGNIFICANT = re.compile(r"(?<!not )\bsignificant(ly)?\b", re.IGNORECASE)


def _p_value(row: EvidenceRow) -> Found:
    interval = row.effect.interval if row.effect is not None else None
    crosses = interval is not None and interval[0] <= 1 <= interval[1]
    if crosses and row.p is not None and row.p.value < _SIGNIFICANT and row.p.sided != 1:
        yield "significance", f"P {row.p.value} with an interval {interval} that includes 1: is the test one-sided?"
    if crosses and _SAYS_SIGNIFICANT.search(row.endpoint_words):
        yield "significance", f'"significant" with an interval {interval} that includes 1'


def _mrd(row: EvidenceRow) -> Found:
    if row.endpoint.startswith("MRD") and not (row.assay and row.mrd_threshold_fraction):
        yield "assay", "an MRD rate needs its assay and its threshold"


def _pooled(row: EvidenceRow) -> Found:
    """EFS, DFS, PFS and RFS count different events and start different clocks; a row holds one of them."""
    text = " ".join((row.endpoint_words, *(arm.arm for arm in row.arms)))
    others = sorted((_SURVIVAL - {"OS", row.endpoint}) & set(re.findall(r"[A-Z]{3}", text)))
    if others and row.endpoint in _SURVIVAL:
        yield "pooled", f"a row of {row.endpoint} that also speaks of {', '.join(others)}"
