"""MRD results of a case, and the facts that they give to the rules.

A result below detection is never a bare 0: it is "less than the sensitivity of the assay". Methods are never converted
into each other; which method and tissue a decision rests on is shown with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reall.base.errors import UnusableCase
from reall.facts.known import AFTER, BEFORE, Interval, Known, between, read_interval, within
from reall.facts.known import exactly as exactly_
from reall.facts.reading import is_nothing, read_yes_no
from reall.facts.vocabulary import Timepoint, Vocabulary, nearest

KEYS = (
    "timepoint", "method", "tissue", "detected", "level_fraction", "assay_sensitivity_fraction",
    "target", "purpose", "date", "cells", "note",
)  # fmt: skip
DECISION_TISSUE = "marrow"


@dataclass(frozen=True, kw_only=True)
class MrdSample:
    """One MRD result: the level as an interval (fraction of cells), with what was measured, where and when."""

    timepoint: str
    level: Interval
    method: str = ""
    tissue: str = ""
    detected: bool | None = None
    sensitivity_fraction: float | None = None
    decides_at: Timepoint | None = None


def read_sample(entry: Any, vocabulary: Vocabulary) -> MrdSample:
    """Read one entry of `mrd`. Raises `UnusableCase` without place, which the caller knows."""
    if not isinstance(entry, dict):
        raise UnusableCase("an MRD result is a set of named values", next=f"Use {', '.join(KEYS[:6])}.")
    for key in entry:
        if key not in KEYS:
            raise UnusableCase(f"unknown key {key!r}", next=nearest(key, KEYS))
    timepoint = _text(entry, "timepoint")
    known = vocabulary.timepoint_by_name.get(timepoint.lower())
    if timepoint and known is None and (hint := nearest(timepoint.lower(), vocabulary.timepoint_by_name)):
        raise UnusableCase(f"unknown time point {timepoint!r}", next=hint)
    detected = None if is_nothing(entry.get("detected")) else read_yes_no(entry["detected"])
    sensitivity = _sensitivity(entry.get("assay_sensitivity_fraction"))
    return MrdSample(
        timepoint=timepoint,
        level=mrd_level(entry.get("level_fraction"), detected, sensitivity),
        method=_text(entry, "method"),
        tissue=_text(entry, "tissue"),
        detected=detected,
        sensitivity_fraction=sensitivity,
        decides_at=known,
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if is_nothing(value):
        return ""
    if not isinstance(value, str):
        raise UnusableCase(
            f"{key}: {value!r} is not a name", next="Write a word, in quotes where it looks like a number."
        )
    return value


def _sensitivity(value: Any) -> float | None:
    if is_nothing(value):
        return None
    known = _level(value)
    if known.point is None or known.point <= 0:
        raise UnusableCase(
            f"{value!r} is no assay sensitivity", next="Write a fraction of cells above 0, such as 1e-5."
        )
    return known.point


def _level(value: Any) -> Interval:
    if isinstance(value, Interval):
        return value
    if isinstance(value, str):
        return read_interval(value, minimum=0, maximum=1)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableCase(f"{value!r} is not an MRD level", next="Write a fraction of cells (1e-4 = 0.01 %).")
    return within(exactly_(float(value)), minimum=0, maximum=1)


def mrd_level(value: Any, detected: bool | None, sensitivity: float | None) -> Interval:
    """Give the level as an interval, from what a laboratory reports.

    Not detected, or a bare 0, is `[0, sensitivity)`, and where the sensitivity is unknown `[0, 1)`; detected without a
    level is `(0, 1]`. Raises `UnusableCase` when "not detected" comes with a level above 0, or the reverse.
    """
    given = None if is_nothing(value) else _level(value)
    bare_zero = given is not None and given.point == 0
    if detected is False or (detected is None and bare_zero):
        below = between(0, sensitivity if sensitivity is not None else 1, high_open=True)
        if given is not None and given.low[0] > 0:
            raise UnusableCase(f"not detected, yet a level of {given}", next="Correct whichever is wrong.")
        if given is None or bare_zero:
            return below
        return given.intersect(below) or given
    if detected is True:
        positive = Interval((0.0, AFTER), (1.0, AFTER))
        level = positive if given is None else given.intersect(positive)
        if level is None:
            raise UnusableCase("detected, yet a level of 0", next="Correct whichever is wrong.")
        return level
    return given if given is not None else Interval((0.0, BEFORE), (1.0, AFTER))


def decision_facts(
    samples: tuple[MrdSample, ...], vocabulary: Vocabulary, known: Mapping[str, Known]
) -> Iterator[tuple[str, Known, list[str]]]:
    """Give the MRD facts that marrow samples at decision time points yield, with notes on how.

    Samples of one time point that agree narrow each other; where they disagree, everything between them stays possible.
    """
    by_timepoint = {fact.mrd_timepoint: fact.name for fact in vocabulary.facts.values() if fact.mrd_timepoint}
    found: dict[str, tuple[Interval, list[str]]] = {}
    for sample in samples:
        label = f"MRD {sample.timepoint or 'without time point'} ({sample.method or 'method not stated'})"
        if sample.decides_at is None or sample.decides_at.name not in by_timepoint:
            continue
        fact = by_timepoint[sample.decides_at.name]
        if sample.tissue != DECISION_TISSUE:
            tissue = sample.tissue or "not stated"
            yield (
                fact,
                known.get(fact, vocabulary.facts[fact].everything),
                [f"{label}: tissue {tissue}; decisions need {DECISION_TISSUE}, so it is not used"],
            )
            continue
        before, notes = found.get(fact, (None, []))
        level, more = _combine(before, sample.level, label)
        found[fact] = (level, [*notes, *more])
    for fact, (measured, remarks) in found.items():
        stated = known.get(fact)
        level, more = _combine(stated if isinstance(stated, Interval) else None, measured, fact)
        yield fact, level, [*remarks, *more]


def _combine(before: Interval | None, level: Interval, label: str) -> tuple[Interval, list[str]]:
    if before is None:
        return level, []
    both = before.intersect(level)
    if both is not None:
        return both, []
    hull = Interval(min(before.low, level.low), max(before.high, level.high))
    return hull, [f"{label}: results of the same time point disagree ({before} and {level}); both stay possible"]
