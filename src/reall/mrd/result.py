"""One audited result for every MRD method.

A result is written so that it cannot be misread: a level is always an interval, "negative" always carries
the sensitivity it was reached with, and every rule that was used or broken is listed. Serialised as
`reall.mrd/1`. Interval arithmetic shared by all methods is in `reall.mrd.intervals`, rule sets are in
`reall.mrd.ruleset`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = "reall.mrd/1"
NO_RULE_SET = "no rule set chosen"


class MrdClass(StrEnum):
    """The four readings of a sample. There is no fifth, and none of them means zero."""

    NEGATIVE = "negative"
    POSITIVE_NOT_QUANTIFIABLE = "positive_not_quantifiable"
    QUANTIFIED = "quantified"
    NOT_EVALUABLE = "not_evaluable"


class Purpose(StrEnum):
    """What the result decides. One sample may legitimately read differently under the two.

    Therapy reduction must avoid false negatives, therapy intensification must avoid false positives.
    """

    THERAPY_REDUCTION = "therapy_reduction"
    THERAPY_INTENSIFICATION = "therapy_intensification"


class Severity(StrEnum):
    """How far a finding reaches."""

    NOTE = "note"  # for information
    WARNING = "warning"  # the result stands, somebody should look
    REJECTED = "rejected"  # a well, point or curve was left out because of it
    BLOCKING = "blocking"  # the sample cannot be classified because of it


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A quality finding: which rule, how serious, what was seen and what to look at."""

    rule: str
    severity: Severity
    text: str
    look_at: str = ""

    def to_json(self) -> dict[str, str]:
        """Give the parts by name; `look_at` only when there is something to look at."""
        parts = {"rule": self.rule, "severity": str(self.severity), "text": self.text}
        return parts | {"look_at": self.look_at} if self.look_at else parts


@dataclass(frozen=True, kw_only=True)
class CurveSummary:
    """The numbers of a standard curve Cq = intercept + slope * log10(quantity).

    `efficiency` is 10^(-1/slope) - 1 (1.0 doubles in each cycle). `r` keeps its sign, because laboratories
    differ in quoting r or R².
    """

    slope: float
    intercept: float
    r_squared: float
    r: float
    efficiency: float

    def to_json(self) -> dict[str, float]:
        """Give the parts by name."""
        return {
            "slope": self.slope,
            "intercept": self.intercept,
            "r_squared": self.r_squared,
            "r": self.r,
            "efficiency": self.efficiency,
        }


def no_rule_set_finding() -> Finding:
    """Say that levels and intervals are given, but no positive or negative call."""
    return Finding(
        rule=NO_RULE_SET,
        severity=Severity.BLOCKING,
        text="No rule set chosen: curve, level and interval are given, but no positive or negative call.",
        look_at="Choose the rule set your laboratory has signed (--rules FILE), or --rules draft.",
    )


@dataclass(frozen=True, kw_only=True)
class MrdResult:
    """What one sample says about measurable residual disease, by one method.

    Fractions are leukaemic cells per cell of `denominator` (1e-4 = 0.01 %). `interval` is the set in which
    the true level lies: the confidence interval when quantified or when no call was made, [0, sensitivity]
    when negative, [0, lower end of the quantitative range] when positive but not quantifiable; None when
    nothing can be said. `level_fraction` is a number only where the sample was measured, and never 0.
    `cells` counts the cell equivalents that were looked at. `ruleset` is "name version", `knowledge_status`
    the weakest status among the limits that were used. `details` holds what one method adds (wells,
    droplets, clonotypes, alerts, gates); its keys become top-level keys of the JSON.
    """

    method: str
    classification: MrdClass
    timepoint: str | None = None
    tissue: str | None = None
    purpose: Purpose | None = None
    target: str | None = None
    level_fraction: float | None = None
    interval: tuple[float, float] | None = None
    interval_meaning: str = "95 % interval"
    sensitivity_fraction: float | None = None
    quantitative_range: tuple[float, float] | None = None
    cells: float | None = None
    denominator: str | None = None
    findings: tuple[Finding, ...] = ()
    curve: CurveSummary | None = None
    ruleset: str | None = None
    knowledge_status: str | None = None
    sample: str | None = None
    day: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would be misread: a level of 0, NaN, or a negative without its sensitivity."""
        if self.level_fraction is not None and not (math.isfinite(self.level_fraction) and self.level_fraction > 0):
            raise ValueError(f"level_fraction must be a positive number or None, not {self.level_fraction!r}")
        if self.interval is not None:
            low, high = self.interval
            if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= high and high > 0):
                raise ValueError(f"interval must be finite, ordered and not just zero, not {self.interval!r}")
        if self.classification is MrdClass.NEGATIVE and self.sensitivity_fraction is None:
            raise ValueError("a negative result needs the sensitivity it was reached with")
        if self.classification is MrdClass.QUANTIFIED and (self.level_fraction is None or self.interval is None):
            raise ValueError("a quantified result needs its level and interval")

    @property
    def detected(self) -> bool | None:
        """Tell whether leukaemia was detected; None when the sample could not be judged."""
        match self.classification:
            case MrdClass.NEGATIVE:
                return False
            case MrdClass.POSITIVE_NOT_QUANTIFIABLE | MrdClass.QUANTIFIED:
                return True
            case _:
                return None

    def to_json(self) -> dict[str, Any]:
        """Give the result in the form of `reall.mrd/1`; unknown values are null, never a number."""
        return {
            "schema": SCHEMA,
            "method": self.method,
            "sample": self.sample,
            "timepoint": self.timepoint,
            "day": self.day,
            "tissue": self.tissue,
            "purpose": str(self.purpose) if self.purpose else None,
            "target": self.target,
            "class": str(self.classification),
            "level_fraction": self.level_fraction,
            "interval": list(self.interval) if self.interval else None,
            "interval_meaning": self.interval_meaning if self.interval else None,
            "sensitivity_fraction": self.sensitivity_fraction,
            "quantitative_range": list(self.quantitative_range) if self.quantitative_range else None,
            "cells": self.cells,
            "denominator": self.denominator,
            "findings": [finding.to_json() for finding in self.findings],
            "curve": self.curve.to_json() if self.curve else None,
            "ruleset": self.ruleset,
            "knowledge_status": self.knowledge_status,
            **self.details,
        }


def above_all_cells(level: float) -> list[Finding]:
    """Say so when more leukaemic copies than cells were measured; the level is then given as 1."""
    if level <= 1:
        return []
    text = f"{level:.3g} target copies per cell were measured: more than one, so the level is given as 1."
    look_at = "Cell count by the control gene; several copies per cell."
    return [Finding(rule="not more leukaemic cells than cells", severity=Severity.WARNING, text=text, look_at=look_at)]


def significant(value: float, digits: int = 9) -> float:
    """Drop the noise of binary arithmetic, so that 1e-4 computed equals 1e-4 written.

    >>> significant(9.99999999999998e-05)
    0.0001
    """
    return float(f"{value:.{digits}g}")


_STATUS_ORDER = ("draft", "superseded", "transcribed", "double-checked")


def weakest_status(statuses: Sequence[str]) -> str | None:
    """Give the least trustworthy of the statuses; None for an empty sequence.

    >>> weakest_status(["transcribed", "draft", "double-checked"])
    'draft'
    """
    return min(statuses, key=_STATUS_ORDER.index, default=None)
