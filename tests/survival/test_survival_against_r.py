"""EBMT ALL (2,279 transplants) and Kersey 1987 (91 children and adults) against R survival and cmprsk.

The expected figures were printed by r/ebmt_and_kersey.R. Estimates agree to 9 decimals. Standard errors of cumulative
incidence agree to 2 in 1,000: R survival uses the infinitesimal jackknife, cmprsk another form of the delta method.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.survival.concordance import harrell
from reall.cohort.survival.counts import LifeTable, Tally
from reall.cohort.survival.cox import CoxRows, fit, fit_transplant
from reall.cohort.survival.incidence import aalen_johansen, incidence_at
from reall.cohort.survival.kaplan_meier import at_years, kaplan_meier, median, restricted_mean
from reall.cohort.survival.log_rank import log_rank

AGES = ("<=20", "20-40", ">40")
YEARS = (1, 3, 5)


def read(path: Path, name: str) -> Any:
    rdata = pytest.importorskip("rdata", reason="rdata reads R's files")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.read_rda(path)[name]


@pytest.fixture(scope="module")
def ebmt(ebmt_folder: Path) -> Any:
    return read(ebmt_folder / "dynpred_ALL.RData", "ALL")


def one(days: Any, cause: Any, causes: int = 1) -> LifeTable:
    tally = Tally(causes)
    cause = np.asarray(cause, dtype=np.int64)
    tally.add(np.zeros(len(cause), dtype=np.int64), np.asarray(days, dtype=np.float64), cause)
    return tally.table([0])


def first_event(data: Any) -> LifeTable:
    relapsed = data["rel.s"] == 1
    days = np.where(relapsed, data["rel"], data["srv"])
    return one(days, np.where(relapsed, 1, np.where(data["srv.s"] == 1, 2, 0)), causes=2)


def by_age(data: Any) -> list[Any]:
    return [data[data["agecl"] == age] for age in AGES]


@pytest.mark.parametrize(
    ("age", "relapse", "relapse_error", "death", "death_error"),
    [
        (
            "all",
            (0.1136837678, 0.1552694943, 0.1639212133),
            (0.006718143506, 0.007728747359, 0.007966487055),
            (0.1891564512, 0.2176502056, 0.2272492596),
            (0.008248257687, 0.008740860288, 0.008939268651),
        ),
        (
            "<=20",
            (0.129231079, 0.1690766287, 0.1785560324),
            (0.01452565642, 0.01636949876, 0.01685604733),
            (0.1177977449, 0.1338589072, 0.1386369024),
            (0.01383906694, 0.01470745299, 0.01500920222),
        ),
        (
            ">40",
            (0.1108731557, 0.14645777, 0.1525717582),
            (0.01397506512, 0.01585879586, 0.01632454267),
            (0.2339445194, 0.274283795, 0.2950870235),
            (0.01878819507, 0.01995068837, 0.02069483542),
        ),
    ],
)
def test_relapse_against_death_without_relapse(  # noqa: PLR0917 - one line of a table
    age: str,
    relapse: tuple[float, ...],
    relapse_error: tuple[float, ...],
    death: tuple[float, ...],
    death_error: tuple[float, ...],
    ebmt: Any,
) -> None:
    table = first_event(ebmt if age == "all" else ebmt[ebmt["agecl"] == age])
    found = aalen_johansen(table)
    for cause, shares, errors in ((0, relapse, relapse_error), (1, death, death_error)):
        estimates = [incidence_at(table, found, cause, years, DAYS_PER_YEAR) for years in YEARS]
        assert [e.value for e in estimates] == pytest.approx(list(shares), abs=1e-9)
        assert [e.standard_error for e in estimates] == pytest.approx(list(errors), rel=2e-3)


@pytest.mark.parametrize(
    ("age", "n", "events", "survival", "low", "high", "at_risk"),
    [
        (
            "<=20", 551, 174, (0.752971176, 0.6970644641, 0.6828070652), (0.714214889, 0.6558750503, 0.6408494093),
            (0.7872717127, 0.7343532405, 0.7209657109), (392, 324, 261),
        ),
        (
            "20-40", 1213, 493, (0.6896242875, 0.6156563985, 0.5989456933), (0.6625960359, 0.5872460909, 0.570136775),
            (0.7149728803, 0.6427403595, 0.6264950471), (807, 642, 500),
        ),
        (
            ">40", 515, 236, (0.6551823249, 0.579258435, 0.5523412182), (0.6119977597, 0.5345227094, 0.5066349741),
            (0.6948042799, 0.6212974323, 0.5955998652), (324, 245, 156),
        ),
    ],
)  # fmt: skip
def test_relapse_free_survival(  # noqa: PLR0917 - one line of a table
    age: str,
    n: int,
    events: int,
    survival: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
    at_risk: tuple[int, ...],
    ebmt: Any,
) -> None:
    table = first_event(ebmt[ebmt["agecl"] == age])
    assert (table.size, int(table.events.sum())) == (n, events)
    found = [at_years(table, kaplan_meier(table), years, DAYS_PER_YEAR) for years in YEARS]
    assert [e.value for e in found] == pytest.approx(list(survival), abs=1e-9)
    assert [e.interval[0] for e in found if e.interval] == pytest.approx(list(low), abs=1e-9)
    assert [e.interval[1] for e in found if e.interval] == pytest.approx(list(high), abs=1e-9)
    assert tuple(e.at_risk for e in found) == at_risk


def test_log_rank_by_age(ebmt: Any) -> None:
    parts = [first_event(part) for part in by_age(ebmt)]
    found = [log_rank(parts), log_rank(parts, 0), log_rank(parts, 1)]
    assert [t.chi2 for t in found if t] == pytest.approx([24.92676956, 0.001635414885, 42.04688653], abs=1e-8)


def test_median_survival(ebmt: Any) -> None:
    old = ebmt[ebmt["agecl"] == ">40"]
    assert median(kaplan_meier(one(old["srv"], old["srv.s"])))[0] == 3497


def test_cox_of_age(ebmt: Any) -> None:
    """R: 1.488165 (1.238989-1.787454) and 1.775282 (1.444303-2.182108); lifelines stops a little earlier."""
    rows = CoxRows()
    number = np.array([AGES.index(age) for age in ebmt["agecl"]])
    rows.add(number, ebmt["srv"].to_numpy(float), (ebmt["srv.s"] == 1).to_numpy(), {})
    found = fit(rows, dict(enumerate(AGES)), "<=20")
    assert [(t.hazard_ratio, *t.interval) for t in found.terms] == [
        pytest.approx((1.488165, 1.238989, 1.787454), abs=2e-4),
        pytest.approx((1.775282, 1.444303, 2.182108), abs=2e-4),
    ]
    assert (found.n, found.events, found.left_out) == (2279, 838, {})
    # Printed by cox.zph without joining terms:
    assert [t.nonproportional_p for t in found.terms] == pytest.approx([0.052723, 0.081482], abs=1e-4)
    assert found.nonproportional is not None
    assert (found.nonproportional.chi2, found.nonproportional.df) == (pytest.approx(4.12550, abs=1e-3), 2)


def test_cox_with_an_event_in_time(ebmt: Any) -> None:
    """The adverse event of the data stands in for a transplant: R's tmerge and coxph give 1.5530 (1.3510-1.7853)."""
    rows = CoxRows()
    day = np.where(ebmt["ae.s"] == 1, ebmt["ae"], np.inf)
    days = ebmt["srv"].to_numpy(float)
    rows.add(np.zeros(len(days), dtype=np.int64), days, (ebmt["srv.s"] == 1).to_numpy(), {}, day)
    (term,) = fit_transplant(rows).terms
    assert (term.hazard_ratio, *term.interval) == pytest.approx((1.552998, 1.350957, 1.785255), abs=1e-3)


def test_kersey_1987(ebmt_folder: Path) -> None:
    data = read(ebmt_folder / "mixcure_leukaemia_Kersey1987.rda", "leukaemia")
    parts = [data[data["transplant"] == kind] for kind in ("Allogeneic", "Autologous")]
    allogeneic, autologous = (one(part["time"], part["cens"]) for part in parts)
    days = (100, 365.25, 730.5)
    for table, survival, at_risk in (
        (allogeneic, (0.673913, 0.434783, 0.326087), (32, 20, 13)),
        (autologous, (0.577778, 0.222222, 0.222222), (26, 10, 8)),
    ):
        found = [at_years(table, kaplan_meier(table), day, 1.0) for day in days]
        assert [e.value for e in found] == pytest.approx(list(survival), abs=1e-6)
        assert tuple(e.at_risk for e in found) == at_risk
    means = [restricted_mean(t, kaplan_meier(t), 730.5) for t in (allogeneic, autologous)]
    assert [m for pair in means if pair for m in pair] == pytest.approx([366.207, 42.1120, 252.156, 39.0179], abs=1e-3)
    test = log_rank([allogeneic, autologous])
    assert test is not None
    assert test.chi2 == pytest.approx(2.607253659, abs=1e-9)
    order = harrell([allogeneic, autologous])
    assert order is not None
    assert (order.c, order.standard_error) == pytest.approx((0.55128872689, 0.03259290482), abs=1e-9)
