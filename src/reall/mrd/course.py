"""MRD of one patient over time: what fell, what rose and how fast, as intervals, method by method.

A number of one method is never converted into another method's: each method in each tissue is a series of
its own. Where a value is only known as a set (negative, not quantifiable), so is everything derived from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.decision_points import DecisionPoint, Verdict
from reall.mrd.result import NO_RULE_SET, Finding, MrdClass, Severity, significant

Span = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One result at one day; `interval` is the set of levels still possible, None when nothing is known."""

    day: float
    method: str
    tissue: str
    classification: MrdClass
    level: float | None
    interval: tuple[float, float] | None
    sensitivity: float | None
    quantitative_range: tuple[float, float] | None
    timepoint: str | None = None
    target: str | None = None
    purpose: str | None = None
    ruleset: str | None = None
    knowledge_status: str | None = None

    @property
    def usable(self) -> bool:
        """Tell whether the interval may be compared with others."""
        return self.interval is not None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened between two measurements of a series.

    `log_reduction` in powers of ten (negative: growth); `doubling_days` is given only where growth is
    possible, with None for an unbounded end. `kind` is fall, rise or open.
    """

    from_day: float
    to_day: float
    kind: str
    log_reduction: Span
    doubling_days: Span | None

    def to_json(self) -> dict[str, Any]:
        """Give the parts by name; an unbounded end is null."""
        return {
            "from_day": self.from_day,
            "to_day": self.to_day,
            "kind": self.kind,
            "log_reduction": list(self.log_reduction),
            "doubling_days": list(self.doubling_days) if self.doubling_days else None,
        }


@dataclass(frozen=True, kw_only=True)
class Series:
    """All measurements by one method in one tissue, by day."""

    method: str
    tissue: str
    measurements: tuple[Measurement, ...]
    changes: tuple[Change, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Course:
    """The whole course: series side by side."""

    series: tuple[Series, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the course by series."""
        return {
            "schema": "reall.mrd_course/1",
            "series": [
                {
                    "method": one.method,
                    "tissue": one.tissue,
                    "measurements": [_measurement_json(m) for m in one.measurements],
                    "changes": [change.to_json() for change in one.changes],
                    "decision_points": [verdict.to_json() for verdict in one.verdicts],
                }
                for one in self.series
            ],
            "findings": [finding.to_json() for finding in self.findings],
        }


def measurement_from(result: Mapping[str, Any], *, day: float | None = None) -> Measurement:
    """Take one result of schema `reall.mrd/1` into a course.

    A sample that was not evaluable contributes its interval only if nothing but a rule set was missing.

    Raises:
        UnusableLaboratoryData: the day is unknown.
    """
    when = day if day is not None else result.get("day")
    if when is None:
        raise UnusableLaboratoryData(
            f"The day of this {result['method']} result is unknown.",
            where=f"result of {result.get('sample') or result.get('timepoint') or 'a sample'}, field day",
            why="A course needs the order and the distance of its samples.",
            next="Quantify with --day, or put FILE@DAY on the command line.",
        )
    classification = MrdClass(result["class"])
    blocked = [finding["rule"] for finding in result.get("findings", []) if finding.get("severity") == "blocking"]
    told = classification is not MrdClass.NOT_EVALUABLE or set(blocked) <= {NO_RULE_SET}
    interval, span = result.get("interval"), result.get("quantitative_range")
    return Measurement(
        day=float(when),
        method=result["method"],
        tissue=result.get("tissue") or "tissue not given",
        classification=classification,
        level=result.get("level_fraction") if told else None,
        interval=(interval[0], interval[1]) if interval and told else None,
        sensitivity=result.get("sensitivity_fraction"),
        quantitative_range=(span[0], span[1]) if span else None,
        timepoint=result.get("timepoint"),
        target=result.get("target"),
        purpose=result.get("purpose"),
        ruleset=result.get("ruleset"),
        knowledge_status=result.get("knowledge_status"),
    )


def follow(measurements: Iterable[Measurement], decision_points: Sequence[DecisionPoint] = ()) -> Course:
    """Order measurements into series and describe the changes and decision points of each."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for measurement in sorted(measurements, key=lambda m: m.day):
        groups.setdefault((measurement.method, measurement.tissue), []).append(measurement)
    series = tuple(
        Series(
            method=method,
            tissue=tissue,
            measurements=tuple(members),
            changes=tuple(_changes(members)),
            verdicts=tuple(
                point.judge(
                    timepoint=m.timepoint,
                    method=m.method,
                    tissue=m.tissue,
                    level=m.level,
                    interval=m.interval,
                )
                for m in members
                for point in decision_points
                if point.at_timepoint(m.timepoint)
            ),
        )
        for (method, tissue), members in groups.items()
    )
    return Course(series=series, findings=tuple(_findings(series)))


def log_reduction(before: tuple[float, float], after: tuple[float, float]) -> Span:
    """Powers of ten lost between two sets of levels; None where the end is unbounded.

    >>> log_reduction((1e-2, 1e-2), (0.0, 1e-4))
    (2.0, None)
    """
    least = math.log10(before[0] / after[1]) if before[0] > 0 else None
    most = math.log10(before[1] / after[0]) if after[0] > 0 else None
    return _tidy(least), _tidy(most)


def doubling_days(before: tuple[float, float], after: tuple[float, float], days: float) -> Span | None:
    """The doubling times still possible; None when growth is excluded.

    The shortest belongs to the fastest growth the sets allow. An unbounded shortest end (from a level that
    may have been almost nothing) is 0; an unbounded longest end, where no growth is possible too, is None.

    >>> doubling_days((1e-4, 1e-4), (4e-4, 4e-4), 10)
    (5.0, 5.0)
    """
    if not days > 0:
        raise ValueError(f"days must be above 0, not {days!r}")
    fastest = math.log2(after[1] / before[0]) if before[0] > 0 else math.inf
    slowest = math.log2(after[0] / before[1]) if after[0] > 0 else -math.inf
    if fastest <= 0:
        return None
    shortest = 0.0 if fastest == math.inf else significant(days / fastest)
    return shortest, significant(days / slowest) if slowest > 0 else None


def _changes(members: Sequence[Measurement]) -> Iterable[Change]:
    for first, second in pairwise([m for m in members if m.usable]):
        if first.interval is None or second.interval is None or second.day <= first.day:
            continue
        reduction = log_reduction(first.interval, second.interval)
        kind = "open"
        if reduction[0] is not None and reduction[0] > 0:
            kind = "fall"
        elif reduction[1] is not None and reduction[1] < 0:
            kind = "rise"
        doubling = doubling_days(first.interval, second.interval, second.day - first.day)
        yield Change(from_day=first.day, to_day=second.day, kind=kind, log_reduction=reduction, doubling_days=doubling)


def _findings(series: Sequence[Series]) -> Iterable[Finding]:
    if len(series) > 1:
        names = "; ".join(f"{one.method} in {one.tissue}" for one in series)
        yield Finding(
            rule="methods are not converted",
            severity=Severity.NOTE,
            text=f"{len(series)} series stand side by side: {names}.",
        )
    measured = [m for one in series for m in one.measurements]
    drafts = sorted({m.ruleset for m in measured if m.ruleset and m.knowledge_status == "draft"})
    if drafts:
        text = f"Results rest on unconfirmed values (rule set {', '.join(drafts)})."
        yield Finding(rule="rule set confirmed", severity=Severity.WARNING, text=text)
    for one in series:
        yield from _reappearance(one)
        for change in one.changes:
            if change.kind == "rise":
                yield Finding(
                    rule="level rises",
                    severity=Severity.WARNING,
                    text=f"{one.method} in {one.tissue} rose, day {change.from_day:g} to {change.to_day:g}.",
                    look_at="Confirm with a second sample.",
                )
        for left_out in (m for m in one.measurements if not m.usable):
            yield Finding(
                rule="not evaluable",
                severity=Severity.NOTE,
                text=f"Day {left_out.day:g} ({one.method}) is shown without a level: it was not evaluable.",
            )


def _reappearance(one: Series) -> Iterable[Finding]:
    for first, second in pairwise([m for m in one.measurements if m.classification is not MrdClass.NOT_EVALUABLE]):
        if first.classification is MrdClass.NEGATIVE and second.classification is not MrdClass.NEGATIVE:
            days = f"negative on day {first.day:g}, positive on day {second.day:g}"
            yield Finding(
                rule="positive after negative",
                severity=Severity.WARNING,
                text=f"{one.method} in {one.tissue}: {days}.",
                look_at="Compare the sensitivities of both samples.",
            )


def _tidy(value: float | None) -> float | None:
    return None if value is None else significant(value)


def _measurement_json(m: Measurement) -> dict[str, Any]:
    return {
        "day": m.day,
        "timepoint": m.timepoint,
        "class": str(m.classification),
        "level_fraction": m.level,
        "interval": list(m.interval) if m.interval else None,
        "sensitivity_fraction": m.sensitivity,
        "quantitative_range": list(m.quantitative_range) if m.quantitative_range else None,
        "target": m.target,
        "purpose": m.purpose,
        "ruleset": m.ruleset,
        "knowledge_status": m.knowledge_status,
    }
