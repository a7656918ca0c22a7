"""Published outcomes of the child's strata in words; each figure alone."""

from __future__ import annotations

from reall.library.knowledge import PublishedOutcome
from reall.report.outcomes import estimate_words


def outcome_words(row: PublishedOutcome) -> str:
    """Say one figure with n, end point, years, interval with its level, era and where the clock starts."""
    era = f"; {row.era}" if row.era else ""
    clock = f"; clock from {row.clock_start}" if row.clock_start else ""
    return f"{estimate_words(row)}: {row.stratum}, {row.cohort}{era}{clock}"
