"""Checks of the MRD columns of a registry: levels, detection, sensitivity, tissue, method, at every time point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from reall.cohort.columns import Flags, Floats
from reall.cohort.quality.rows import Rows
from reall.cohort.quality.verdict import Verdict
from reall.facts.mrd import DECISION_TISSUE
from reall.facts.reading import YES_NO
from reall.library.quality import QualityCheck

_YES = tuple(word for word, means in YES_NO.items() if means)
_NO = tuple(word for word, means in YES_NO.items() if not means)


class _Sample:
    """The columns of one time point."""

    def __init__(self, rows: Rows, parts: Mapping[str, str]) -> None:
        self.rows = rows
        self.parts = parts

    @property
    def level(self) -> Floats:
        return self._number("level_fraction")

    @property
    def sensitivity(self) -> Floats:
        return self._number("assay_sensitivity_fraction")

    def says(self, part: str, *words: str) -> Flags:
        if part not in self.parts:
            return np.zeros(self.rows.rows, dtype=np.bool_)
        return self.rows.says(self.parts[part], *words)

    def given(self, part: str) -> Flags:
        if part not in self.parts:
            return np.zeros(self.rows.rows, dtype=np.bool_)
        return self.rows.given(self.parts[part])

    def _number(self, part: str) -> Floats:
        if part not in self.parts:
            return np.full(self.rows.rows, np.nan)
        return self.rows.plain(self.parts[part])


_Found = tuple[Flags, Flags]
_Part = Callable[[_Sample, QualityCheck], _Found]


def samples(rows: Rows) -> Iterator[_Sample]:
    """Give the time points that the table has columns for."""
    for parts in rows.registry.mrd.values():
        yield _Sample(rows, parts)


def _at_each_timepoint(part: _Part) -> Callable[[Rows, QualityCheck], Verdict | None]:
    """Ask every time point; a row is found when one of them is, and the details name the column."""

    def check(rows: Rows, check: QualityCheck) -> Verdict | None:
        found, judged = np.zeros(rows.rows, dtype=np.bool_), np.zeros(rows.rows, dtype=np.bool_)
        details = []
        for sample in samples(rows):
            here, looked_at = part(sample, check)
            found |= here
            judged |= looked_at
            if here.any():
                details.append(f"in {next(iter(sample.parts.values()))}")
        return Verdict(found=found, judged=judged, details=tuple(details)) if rows.registry.mrd else None

    return check


def _above_one(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001 - the form of a check
    level = sample.level
    return level > 1, ~np.isnan(level)


def _below_sensitivity(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    level, limit = sample.level, sample.sensitivity
    return (level > 0) & (level < limit) & ~sample.says("detected", *_NO), ~np.isnan(level + limit)


def _equals_sensitivity(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    level, limit = sample.level, sample.sensitivity
    return (level > 0) & (level == limit), ~np.isnan(level + limit)


def _not_detected_with_level(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    level, limit, absent = sample.level, sample.sensitivity, sample.says("detected", *_NO)
    seen = np.where(np.isnan(limit), level > 0, level >= limit)
    return absent & seen, absent & ~np.isnan(level)


def _detected_at_zero(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    level, present = sample.level, sample.says("detected", *_YES)
    return present & (level == 0), present & ~np.isnan(level)


def _zero_without_sensitivity(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    level = sample.level
    return (level == 0) & np.isnan(sample.sensitivity), ~np.isnan(level)


def _sensitivity_outside(sample: _Sample, check: QualityCheck) -> _Found:
    limit = sample.sensitivity
    return (limit < check.limits["minimum"]) | (limit > check.limits["maximum"]), ~np.isnan(limit)


def _other_tissue(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    said = sample.given("tissue")
    return said & ~sample.says("tissue", DECISION_TISSUE), said


def _without_method(sample: _Sample, check: QualityCheck) -> _Found:  # noqa: ARG001
    measured = sample.given("level_fraction")
    return measured & ~sample.given("method"), measured


MRD_CHECKS = {
    "mrd_level_above_one": _at_each_timepoint(_above_one),
    "mrd_below_sensitivity": _at_each_timepoint(_below_sensitivity),
    "mrd_equals_sensitivity": _at_each_timepoint(_equals_sensitivity),
    "mrd_not_detected_with_level": _at_each_timepoint(_not_detected_with_level),
    "mrd_detected_at_zero": _at_each_timepoint(_detected_at_zero),
    "mrd_zero_without_sensitivity": _at_each_timepoint(_zero_without_sensitivity),
    "mrd_sensitivity_outside": _at_each_timepoint(_sensitivity_outside),
    "mrd_other_tissue": _at_each_timepoint(_other_tissue),
    "mrd_without_method": _at_each_timepoint(_without_method),
}
