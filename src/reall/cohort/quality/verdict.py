"""What one check says of some rows, and what all checks say of a registry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reall.cohort.columns import Codes, Flags
from reall.library.quality import SEVERITIES, QualityCheck

FIRST_ROWS = 20
"""How many row numbers a report quotes per check."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The rows that a check found, and those in which enough was known to judge.

    `details` say more about whole columns.
    """

    found: Flags
    judged: Flags
    details: tuple[str, ...] = ()


def of_column(rows: int, judged: Flags, *details: str) -> Verdict:
    """Say something of a whole column and of no row in particular."""
    return Verdict(found=np.zeros(rows, dtype=np.bool_), judged=judged, details=details)


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What became of one check.

    `status` is `found`, `clean`, or `not judged` (nothing that it needs is in the table). `rows` were found, the first
    of them in `first_rows` (counted from 1, without the header); in `judged` rows enough was known.
    """

    check: QualityCheck
    status: str
    rows: int
    judged: int
    first_rows: tuple[int, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """Every check of a registry, in the order of the knowledge; nothing is removed from the table."""

    table: str
    form: str
    rows: int
    knowledge_version: str
    results: tuple[CheckResult, ...]
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[CheckResult, ...]:
        """The checks that found something, the gravest first."""
        found = [result for result in self.results if result.status == "found"]
        return tuple(sorted(found, key=lambda result: (SEVERITIES.index(result.check.severity), -result.rows)))

    def count(self, severity: str) -> int:
        """Count the checks of one severity that found something."""
        return sum(result.check.severity == severity for result in self.found)


class Tally:
    """Counts what one check says, batch after batch; the verdicts themselves are not kept."""

    def __init__(self, check: QualityCheck) -> None:
        self.check = check
        self._rows = self._judged = 0
        self._first: list[int] = []
        self._details: dict[str, None] = {}

    def add(self, first_row: int, verdict: Verdict) -> Codes:
        """Count a verdict on rows of which the first has this number. Gives the numbers of the rows found."""
        found: Codes = np.flatnonzero(verdict.found) + first_row
        self._rows += len(found)
        self._judged += int(verdict.judged.sum())
        self._first += found[: FIRST_ROWS - len(self._first)].tolist()
        self._details |= dict.fromkeys(verdict.details)
        return found

    @property
    def result(self) -> CheckResult:
        """What became of the check."""
        status = "found" if self._rows or self._details else "clean" if self._judged else "not judged"
        return CheckResult(
            check=self.check,
            status=status,
            rows=self._rows,
            judged=self._judged,
            first_rows=tuple(self._first),
            details=tuple(self._details),
        )
