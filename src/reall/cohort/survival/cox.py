"""Cox regression of the strata, with a check of proportional hazards; and with a transplant that comes in time.

lifelines fits (Efron's method for ties). It is imported here only, and late: it takes seconds.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reall.base.errors import WrongUsage
from reall.cohort.columns import Flags, Floats
from reall.cohort.survival.counts import Ints
from reall.cohort.survival.log_rank import Test
from reall.cohort.survival.proportional import check

_HALF_A_DAY = 0.5
"""Where an event falls on day 0, in a model of intervals, which must have a length."""
MOST_ROWS = 1_000_000
_CHOSEN = (
    "a child is not transplanted until the day of the transplant, so that no time is counted as immortal; who is "
    "transplanted is still chosen by donor, MRD and doctor"
)


@dataclass(frozen=True, kw_only=True)
class Term:
    """One hazard ratio. `nonproportional_p`: the smaller, the less the ratio is the same at all times."""

    name: str
    hazard_ratio: float
    interval: tuple[float, float]
    p: float
    nonproportional_p: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cox:
    """A fitted model. `left_out` counts children that it cannot use, by reason.

    `nonproportional` tests all terms together: the smaller its p, the less the ratios are the same at all times.
    """

    reference: str
    terms: tuple[Term, ...]
    n: int
    events: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    nonproportional: Test | None = None
    notes: tuple[str, ...] = ()


@dataclass
class CoxRows:
    """The rows of a model, gathered batch by batch: one indicator or number per term, and the strata."""

    strata: list[Ints] = field(default_factory=list)
    days: list[Floats] = field(default_factory=list)
    event: list[Flags] = field(default_factory=list)
    transplant: list[Floats] = field(default_factory=list)
    adjust: list[Mapping[str, Floats]] = field(default_factory=list)

    def add(
        self, strata: Ints, days: Floats, event: Flags, adjust: Mapping[str, Floats], transplant: Floats | None = None
    ) -> None:
        """Take in some children. `transplant`: the day; infinite without one, NaN where that is not known."""
        self.strata.append(strata)
        self.days.append(days)
        self.event.append(event)
        self.adjust.append(adjust)
        self.transplant.append(np.full(len(days), np.inf) if transplant is None else transplant)
        if sum(map(len, self.days)) > MOST_ROWS:
            raise WrongUsage(f"a Cox model takes at most {MOST_ROWS:,} rows", next="Draw a sample of the table.")

    def terms(self) -> dict[str, Floats]:
        """Join the numbers to adjust for; a category that a batch lacks is 0 there, unless that is not known."""
        names = dict.fromkeys(name for part in self.adjust for name in part)
        return {
            name: np.concatenate(
                [part.get(name, np.zeros(len(days))) for part, days in zip(self.adjust, self.days, strict=True)]
            )
            for name in names
        }


def fit(rows: CoxRows, strata: Mapping[int, str], reference: str) -> Cox:
    """Compare strata (number to name) with one of them. Others, and children with an unknown term, are left out."""
    number, days, event = (np.concatenate(part) for part in (rows.strata, rows.days, rows.event))
    terms = {
        name: (number == key).astype(np.float64) for key, name in strata.items() if name != reference
    } | rows.terms()
    of_value = np.isin(number, list(strata))
    known = of_value & ~np.any([np.isnan(column) for column in terms.values()] or [~of_value], axis=0)
    left_out = {
        "the stratum is not determined": int((~of_value).sum()),
        "a fact to adjust for is not known exactly": int((of_value & ~known).sum()),
    }
    frame = _frame({name: column[known] for name, column in terms.items()}, days=days[known], event=event[known])
    _refuse_unfit(frame, list(terms))
    model = importlib.import_module("lifelines").CoxPHFitter(alpha=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about convergence; a model that did not converge raises below
        _fit(model, frame, duration_col="days", event_col="event")
    columns = frame[list(terms)].to_numpy()
    each, whole = check(columns, days[known], event[known], model.params_[list(terms)].to_numpy())
    p_of = {name: test.p for name, test in zip(terms, each, strict=True)}
    return Cox(
        reference=reference,
        terms=_terms(model, p_of),
        nonproportional=whole,
        n=len(frame),
        events=int(frame["event"].sum()),
        left_out={reason: many for reason, many in left_out.items() if many},
    )


def fit_transplant(rows: CoxRows) -> Cox:
    """Compare children from their transplant on with all who have had none so far, at each day."""
    days, day = np.concatenate(rows.days), np.concatenate(rows.transplant)
    event = np.concatenate(rows.event)
    terms = rows.terms()
    unknown = np.any([np.isnan(column) for column in terms.values()] or [np.zeros(len(days), dtype=bool)], axis=0)
    late = np.isfinite(day) & (day > days)
    used = ~np.isnan(day) & ~unknown & ~late
    days = np.maximum(days, _HALF_A_DAY)
    switched = used & (day < days)
    first = used & ~(switched & (day <= 0))
    who, both = np.arange(len(days)), [np.flatnonzero(first), np.flatnonzero(switched)]
    rest = {name: np.concatenate([column[part] for part in both]) for name, column in terms.items()}
    frame = _frame(
        {"transplanted": np.concatenate([np.zeros(len(both[0])), np.ones(len(both[1]))]), **rest},
        id=np.concatenate([who[part] for part in both]),
        start=np.concatenate([np.zeros(len(both[0])), np.maximum(day[both[1]], 0.0)]),
        stop=np.concatenate([np.where(switched, day, days)[both[0]], days[both[1]]]),
        event=np.concatenate([(event & ~switched)[both[0]], event[both[1]]]),
    )
    _refuse_unfit(frame, ["transplanted", *terms])
    model = importlib.import_module("lifelines").CoxTimeVaryingFitter(alpha=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _fit(model, frame, id_col="id", start_col="start", stop_col="stop", event_col="event")
    reasons = {
        "it is not known whether or when the child was transplanted": int(np.isnan(day).sum()),
        "the transplant comes after the last observation": int(late.sum()),
        "a fact to adjust for is not known exactly": int((unknown & ~np.isnan(day) & ~late).sum()),
    }
    return Cox(
        reference="not transplanted so far",
        terms=_terms(model, {}),
        n=int(used.sum()),
        events=int(frame["event"].sum()),
        left_out={reason: many for reason, many in reasons.items() if many},
        notes=(_CHOSEN,),
    )


def _frame(terms: Mapping[str, Any], **columns: Any) -> Any:
    pandas = importlib.import_module("pandas")
    return pandas.DataFrame({**terms, **columns})


def _refuse_unfit(frame: Any, terms: Sequence[str]) -> None:
    """Say what a Cox model cannot be fitted to, before the library says it less clearly."""
    if not len(frame) or not frame["event"].any():
        raise WrongUsage("there is no event to fit a Cox model to", where="--cox")
    for name in terms:
        column = frame[name]
        if column.nunique() <= 1:
            raise WrongUsage(f"{name!r} is the same for all children", where="--cox", next="Leave it out.")
        if set(column.unique()) <= {0.0, 1.0} and not frame["event"][column == 1].any():
            raise WrongUsage(
                f"there is no event where {name!r} holds",
                where="--cox",
                why="Its hazard ratio would be 0, with an interval that means nothing.",
                next="Join small groups before, or choose another --by.",
            )


def _fit(model: Any, frame: Any, **columns: str) -> None:
    exceptions = importlib.import_module("lifelines.exceptions")
    try:
        model.fit(frame, **columns)
    except (exceptions.ConvergenceError, exceptions.ConvergenceWarning) as error:
        raise WrongUsage(
            "the Cox model cannot be fitted to these rows",
            where="--cox",
            why=str(error).splitlines()[0],
            next="Leave out terms that say the same, or groups without events.",
        ) from None


def _terms(model: Any, nonproportional: Mapping[str, float]) -> tuple[Term, ...]:
    table = model.summary
    return tuple(
        Term(
            name=str(name),
            hazard_ratio=math.exp(row["coef"]),
            interval=(math.exp(row["coef lower 95%"]), math.exp(row["coef upper 95%"])),
            p=float(row["p"]),
            nonproportional_p=nonproportional.get(str(name)),
        )
        for name, row in table.iterrows()
    )
