"""Facts that follow from others by the derivations that the vocabulary declares: dates, days, ratios, first-given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from reall.base.dates import DAYS_PER_MONTH, months_between, months_from_days
from reall.base.errors import UnusableCase
from reall.facts.known import Interval, Known, between, exactly, one_of, within
from reall.facts.vocabulary import Fact, Vocabulary

MONTHS_PER_YEAR = 12
AGREEMENT_MONTHS = 1.0
"""A stated count of months may be rounded or cut to whole months; a whole month apart, it contradicts the dates."""
AGREEMENT_YEARS = 1.0
PERCENT = 100

FROM_DATES: dict[str, tuple[str, str]] = {
    "months_from_diagnosis": ("diagnosis_date", "relapse_date"),
    "months_after_end_of_primary_therapy": ("treatment_end_date", "relapse_date"),
    "months_of_first_cr": ("first_cr_date", "relapse_date"),
}
FROM_DAYS = {
    "months_from_diagnosis": "days_from_diagnosis",
    "months_after_end_of_primary_therapy": "days_after_end_of_primary_therapy",
}
AGES = {
    "age_at_diagnosis_years": ("birth_date", "diagnosis_date"),
    "age_at_relapse_years": ("birth_date", "relapse_date"),
}
DATES_IN_ORDER = ("birth_date", "diagnosis_date", "first_cr_date", "relapse_date")


def derive(
    known: Mapping[str, Known], inputs: Mapping[str, Any], where: str, vocabulary: Vocabulary
) -> tuple[dict[str, Known], list[str]]:
    """Add what follows from dates, day counts and cell counts. Returns the facts and notes on how they were reached.

    Raises `UnusableCase` when dates run backwards or contradict a stated count by a month (an age by a year) or more.
    """
    made = dict(known)
    notes: list[str] = []
    _check_order(inputs, where)
    for name, (start, end) in FROM_DATES.items():
        if start in inputs and end in inputs:
            months = months_between(inputs[start], inputs[end])
            _agree(made, vocabulary.facts[name], months, tolerance=AGREEMENT_MONTHS, where=where, notes=notes)
    for name, days in FROM_DAYS.items():
        if days in inputs and name not in made:
            made[name] = _scaled(inputs[days], months_from_days, vocabulary.facts[name])
            notes.append(f"{name}: {inputs[days]} days / {DAYS_PER_MONTH} = {made[name]} months")
    for name, (start, end) in AGES.items():
        if start in inputs and end in inputs:
            years = months_between(inputs[start], inputs[end]) / MONTHS_PER_YEAR
            _agree(made, vocabulary.facts[name], years, tolerance=AGREEMENT_YEARS, where=where, notes=notes)
    notes += take_conventions(made, vocabulary)
    _first_marrow(made, inputs, vocabulary.facts["bm1_level_fraction"])
    _csf_ratio(made, inputs, vocabulary.facts["csf_to_blood_wbc_rbc_ratio"])
    return made, notes


def _check_order(inputs: Mapping[str, Any], where: str) -> None:
    dated = [(name, inputs[name]) for name in DATES_IN_ORDER if isinstance(inputs.get(name), dt.date)]
    for (earlier, first), (later, second) in pairwise(dated):
        if second < first:
            raise UnusableCase(
                f"{later} ({second}) comes before {earlier} ({first})",
                where=where,
                why="Time from diagnosis would be negative.",
                next="Correct the dates.",
            )


def _agree(
    made: dict[str, Known], fact: Fact, computed: float, *, tolerance: float, where: str, notes: list[str]
) -> None:
    """Take the value from the dates; a stated value must agree with it."""
    value = within(exactly(computed), minimum=fact.minimum, maximum=fact.maximum)
    stated = made.get(fact.name)
    if isinstance(stated, Interval) and stated.intersect(value) is None:
        apart = max(stated.low[0] - computed, computed - stated.high[0])
        if apart >= tolerance:
            raise UnusableCase(
                f"{fact.name} is stated as {stated}, but the dates give {computed:.2f}",
                where=where,
                why="The risk group depends on it.",
                next="Correct the dates or leave the count out.",
            )
        notes.append(f"{fact.name}: {computed:.2f} from the dates is used; {stated} was stated")
    made[fact.name] = value


def _scaled(known: Interval, scale: Callable[[float], float], fact: Fact) -> Interval:
    return within(
        Interval((scale(known.low[0]), known.low[1]), (scale(known.high[0]), known.high[1])),
        minimum=fact.minimum,
        maximum=fact.maximum,
    )


def _first_marrow(made: dict[str, Known], inputs: Mapping[str, Any], fact: Fact) -> None:
    blasts = made.get("marrow_blasts_pct")
    if fact.name in made:
        return
    if isinstance(inputs.get("bm1_mrd_fraction"), Interval):
        made[fact.name] = inputs["bm1_mrd_fraction"]
    elif isinstance(blasts, Interval):
        made[fact.name] = _scaled(blasts, lambda pct: pct / PERCENT, fact)


def _csf_ratio(made: dict[str, Known], inputs: Mapping[str, Any], fact: Fact) -> None:
    """Divide the white/red ratio of the cerebrospinal fluid by that of blood, once all four counts are above 0."""
    four = [
        made.get("csf_wbc_per_ul"), inputs.get("blood_rbc_per_ul"),
        made.get("csf_rbc_per_ul"), inputs.get("blood_wbc_per_ul"),
    ]  # fmt: skip
    counts = [known for known in four if isinstance(known, Interval)]
    if fact.name in made or len(counts) < len(four) or counts[2].low[0] <= 0 or counts[3].low[0] <= 0:
        return
    csf_white, blood_red, csf_red, blood_white = counts
    low = csf_white.low[0] * blood_red.low[0] / (csf_red.high[0] * blood_white.high[0])
    high = csf_white.high[0] * blood_red.high[0] / (csf_red.low[0] * blood_white.low[0])
    made[fact.name] = within(between(low, high), minimum=fact.minimum, maximum=fact.maximum)


def take_conventions(made: dict[str, Known], vocabulary: Vocabulary) -> list[str]:
    """Add the facts that a convention of the vocabulary settles where the case does not state them; say which."""
    notes = []
    for fact in vocabulary.facts.values():
        convention = fact.unless_stated
        if convention is None or fact.name in made:
            continue
        reached = made.get(convention.fact)
        if isinstance(reached, Interval) and reached.low[0] >= convention.at_least:
            made[fact.name] = one_of(convention.answer)
            notes.append(f"{fact.question} Not stated, taken as {made[fact.name]}: {convention.words}")
    return notes
