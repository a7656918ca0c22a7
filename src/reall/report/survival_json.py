"""Survival as the contract `reall.survival/1`, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reall import __version__
from reall.cohort.survival.cox import Cox
from reall.cohort.survival.kaplan_meier import LEVEL, Estimate
from reall.cohort.survival.log_rank import Test
from reall.cohort.survival.reading import Reading
from reall.cohort.survival.result import StratumSurvival, Survival

SCHEMA = "reall.survival/1"


def survival_json(found: Survival, reading: Reading, cox: Cox | None = None) -> dict[str, Any]:
    """Give everything that was found as plain data; shares of 1, times in years."""
    return {
        "schema": SCHEMA,
        "reall_version": __version__,
        **reading_json(reading),
        "endpoint": found.endpoint,
        "clock_start": found.clock_start,
        "by": list(found.by),
        "assumptions": list(reading.assumptions),
        "assumed_rows": dict(reading.assumptions),
        "caveats": list(found.caveats),
        "notes": list(reading.notes),
        "interval_level": LEVEL,
        "strata": [_stratum(each) for each in found.strata],
        "tests": {
            **({"log_rank": test_json(found.log_rank)} if found.log_rank else {}),
            **{f"log_rank_{cause}": test_json(test) for cause, test in found.by_cause.items()},
        },
        "compared": list(found.compared),
        "cox": cox_json(cox) if cox else None,
    }


def reading_json(reading: Reading) -> dict[str, Any]:
    """Say what was read."""
    return {
        "table": reading.name,
        "form": reading.form,
        "knowledge_version": reading.knowledge_version,
        "rows": reading.rows,
        "unusable": reading.unusable,
        "problem_count": reading.problem_count,
        "problems": [
            {"row": p.row, "column": p.column, "reason": p.reason, "repair": p.repair} for p in reading.problems
        ],
    }


def _stratum(each: StratumSurvival) -> dict[str, Any]:
    mean = each.restricted_mean
    return {
        "value": each.stratum.name,
        "status": each.stratum.status,
        "possible": list(each.stratum.possible),
        "rows": each.rows,
        "n": each.n,
        "events": each.events,
        "without_outcome": dict(each.without),
        "before_landmark": dict(each.before_landmark),
        "median_years": each.median_years,
        "median_interval": list(each.median_interval),
        "estimates": [estimate_json(e) for e in each.estimates],
        "restricted_mean": {
            "within_years": mean.within_years,
            "years": mean.years,
            "standard_error": mean.standard_error,
        }
        if mean
        else None,
        "cumulative_incidence": {
            cause: [estimate_json(e) for e in estimates] for cause, estimates in each.incidence.items()
        },
    }


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """Give one estimate; null where follow-up does not reach, or where no interval exists."""
    return {
        "years": estimate.years,
        "estimate": estimate.value,
        "interval": list(estimate.interval) if estimate.interval else None,
        "standard_error": estimate.standard_error,
        "at_risk": estimate.at_risk,
        "events": estimate.events,
        "censored": estimate.censored,
    }


def test_json(test: Test) -> dict[str, Any]:
    """Give one test."""
    return {"chi2": test.chi2, "df": test.df, "p": test.p}


def cox_json(cox: Cox) -> dict[str, Any]:
    """Give one Cox model."""
    return {
        "reference": cox.reference,
        "n": cox.n,
        "events": cox.events,
        "left_out": dict(cox.left_out),
        "notes": list(cox.notes),
        "nonproportional": test_json(cox.nonproportional) if cox.nonproportional else None,
        "terms": [
            {
                "name": term.name,
                "hazard_ratio": term.hazard_ratio,
                "interval": list(term.interval),
                "p": term.p,
                "nonproportional_p": term.nonproportional_p,
            }
            for term in cox.terms
        ],
    }


COLUMNS = (
    "stratum", "status", "rows", "n", "events", "without_outcome", "median_years", "cause", "years", "estimate",
    "low", "high", "standard_error", "at_risk", "events_so_far", "censored_so_far",
)  # fmt: skip


def survival_rows(found: Survival) -> Iterator[Sequence[Any]]:
    """Give one row per stratum, time and curve, under `COLUMNS`; empty where there is nothing to say."""
    for each in found.strata:
        counts = (each.rows, each.n, each.events, sum(each.without.values()))
        head = (each.stratum.name, each.stratum.status, *counts, each.median_years)
        curves = {"": each.estimates, **each.incidence}
        for cause, estimates in curves.items():
            for e in estimates:
                ends = e.interval or (None, None)
                yield (*head, cause, e.years, e.value, *ends, e.standard_error, e.at_risk, e.events, e.censored)
