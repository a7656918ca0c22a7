"""Survival of every stratum of a registry, as one named thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.survival.counts import LifeTable
from reall.cohort.survival.incidence import aalen_johansen, incidence_at
from reall.cohort.survival.kaplan_meier import Curve, Estimate, at_years, kaplan_meier, median, restricted_mean
from reall.cohort.survival.log_rank import Test, log_rank
from reall.cohort.survival.observed import CAUSES
from reall.cohort.survival.strata import DETERMINED, Stratum

Ends = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class RestrictedMean:
    """The mean time lived within some years, with its standard error, both in years."""

    within_years: float
    years: float
    standard_error: float


@dataclass(frozen=True, kw_only=True)
class StratumSurvival:
    """One stratum. `rows` is all of its children; `n` those whose outcome can be used; `without` counts the others.

    `before_landmark` counts the children who had the event, or were last seen, before a landmark.
    """

    stratum: Stratum
    rows: int
    table: LifeTable
    curve: Curve
    estimates: tuple[Estimate, ...]
    median_years: float | None
    median_interval: Ends
    restricted_mean: RestrictedMean | None
    incidence: Mapping[str, tuple[Estimate, ...]] = field(default_factory=dict)
    without: Mapping[str, int] = field(default_factory=dict)
    before_landmark: Mapping[str, int] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Children whose outcome counts."""
        return self.table.size

    @property
    def events(self) -> int:
        """Events of any cause."""
        return int(self.table.events.sum())


@dataclass(frozen=True, kw_only=True)
class Survival:
    """Survival by stratum, what it rests on, and the tests between the strata that are determined."""

    endpoint: str
    clock_start: str
    by: tuple[str, ...]
    at: tuple[float, ...]
    strata: tuple[StratumSurvival, ...]
    log_rank: Test | None
    by_cause: Mapping[str, Test]
    compared: tuple[str, ...]
    caveats: tuple[str, ...]


def summarise(
    stratum: Stratum,
    table: LifeTable,
    *,
    endpoint: str,
    at: Sequence[float],
    within: float,
    rows: int,
    without: Mapping[str, int],
    before_landmark: Mapping[str, int],
) -> StratumSurvival:
    """Work out everything that is said about one stratum."""
    curve = kaplan_meier(table)
    middle, ends = median(curve)
    mean = restricted_mean(table, curve, within * DAYS_PER_YEAR)
    return StratumSurvival(
        stratum=stratum,
        rows=rows,
        table=table,
        curve=curve,
        estimates=tuple(at_years(table, curve, years, DAYS_PER_YEAR) for years in at),
        median_years=_years(middle),
        median_interval=(_years(ends[0]), _years(ends[1])),
        restricted_mean=RestrictedMean(
            within_years=within, years=mean[0] / DAYS_PER_YEAR, standard_error=mean[1] / DAYS_PER_YEAR
        )
        if mean
        else None,
        incidence=_incidence(table, endpoint, at),
        without=without,
        before_landmark=before_landmark,
    )


def _incidence(table: LifeTable, endpoint: str, at: Sequence[float]) -> dict[str, tuple[Estimate, ...]]:
    causes = CAUSES[endpoint]
    if len(causes) == 1:
        return {}
    found = aalen_johansen(table)
    return {
        cause: tuple(incidence_at(table, found, number, years, DAYS_PER_YEAR) for years in at)
        for number, cause in enumerate(causes)
    }


def compared(strata: Sequence[StratumSurvival]) -> list[StratumSurvival]:
    """Give the strata that are tested against each other: those with a value. What is not determined is a mixture."""
    return [s for s in strata if s.stratum.status == DETERMINED and s.n]


def tests_of(strata: Sequence[StratumSurvival], endpoint: str) -> tuple[Test | None, dict[str, Test]]:
    """Give the log-rank test, and under competing risks the one of each cause (comparing its rate, not its share)."""
    tables = [s.table for s in compared(strata)]
    causes = CAUSES[endpoint] if len(CAUSES[endpoint]) > 1 else ()
    by_cause = {cause: log_rank(tables, number) for number, cause in enumerate(causes)}
    return log_rank(tables), {cause: test for cause, test in by_cause.items() if test is not None}


def _years(days: float | None) -> float | None:
    return None if days is None else days / DAYS_PER_YEAR
