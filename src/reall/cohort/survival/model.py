"""Cox models of a registry: of the strata of a question, or of a transplant in time, adjusted for facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reall.base.errors import WrongUsage
from reall.cohort import outcome_columns as oc
from reall.cohort.columns import Flags, Floats
from reall.cohort.survival.cox import Cox, CoxRows, fit, fit_transplant
from reall.cohort.survival.observed import Observed, Reader
from reall.cohort.survival.reading import Progress, Reading, Rows, Table, silent
from reall.cohort.survival.run import Gatherer, Question, Taken, gather, gatherer
from reall.cohort.survival.strata import DETERMINED, by_fact, strata_of_fact
from reall.facts.vocabulary import Fact


@dataclass(kw_only=True)
class CoxGatherer(Gatherer):
    """Gathers a question's counts, and beside them the rows of a Cox model."""

    adjust: tuple[Fact, ...] = ()
    time_varying: bool = False
    rows: CoxRows = field(default_factory=CoxRows)

    def take(self, rows: Rows, seen: Observed, reader: Reader) -> Taken:
        """Take in a batch."""
        taken = super().take(rows, seen, reader)
        counted = taken.counted
        terms: dict[str, Floats] = {}
        for fact in self.adjust:
            terms |= {name: column[counted] for name, column in _terms(fact, rows).items()}
        day = _transplant_day(reader, counted) if self.time_varying else None
        event: Flags = taken.seen.cause[counted] > 0
        self.rows.add(taken.strata[counted], taken.seen.days[counted], event, terms, day)
        return taken

    def model(self, reference: str) -> Cox:
        """Fit. Raises `WrongUsage` when the reference is none of the strata, or nothing can be fitted."""
        if self.time_varying:
            return fit_transplant(self.rows)
        names = {number: stratum.name for number, stratum in self.strata() if stratum.status == DETERMINED}
        if len(names) <= 1:
            raise WrongUsage("a Cox model needs two strata or more", where="--cox", next="Name them with --by.")
        chosen = reference or next(iter(names.values()))
        if chosen not in names.values():
            raise WrongUsage(
                f"{chosen!r} is no stratum", where="--reference", next=f"There are {', '.join(names.values())}."
            )
        return fit(self.rows, names, chosen)


def cox_gatherer(question: Question, table: Table, *, adjust: Sequence[str], time_varying: bool) -> CoxGatherer:
    """Check a question and the facts to adjust for. Raises `WrongUsage`."""
    plain = gatherer(question, table)
    if time_varying and not {oc.TRANSPLANT_TIME + "_days", oc.TRANSPLANT_TIME + "_years"} & set(table.columns):
        raise WrongUsage(
            f"the table has no column '{oc.TRANSPLANT_TIME}_days'",
            where="--time-varying",
            why="A child counts as transplanted only from the day of the transplant on.",
            next=f"Add it beside {oc.TRANSPLANT}, as in docs/how-to/survival.md.",
        )
    return CoxGatherer(
        question=question,
        by=plain.by,
        landmark=plain.landmark,
        by_transplant=plain.by_transplant,
        adjust=tuple(_fact(name, table) for name in adjust),
        time_varying=time_varying,
    )


def with_model(
    table: Table,
    asked: CoxGatherer,
    progress: Progress = silent,
) -> Reading:
    """Pass once over the table for a question and its model."""
    return gather(table, [asked], facts=bool(asked.adjust), progress=progress)


def _fact(name: str, table: Table) -> Fact:
    fact = table.knowledge.vocabulary.facts.get(name)
    if fact is None:
        raise WrongUsage(f"{name!r} is not a fact", where="--adjust", next="See docs/reference/facts.md.")
    return fact


def _terms(fact: Fact, rows: Rows) -> dict[str, Floats]:
    """Give a number as it is, and an answer as indicators against the first; NaN where it is not known exactly."""
    if rows.facts is None:
        raise TypeError("facts are needed")
    if fact.numeric:
        numbers = rows.facts.numbers.get(fact.name)
        points = np.full(rows.table.num_rows, np.nan) if numbers is None else numbers.points
        return {fact.name: np.where(rows.bad, np.nan, points)}
    strata, codes = strata_of_fact(by_fact(fact, ()), rows.facts)
    codes = np.where(rows.bad, len(strata), codes)
    known = np.array([*(s.status == DETERMINED for s in strata), False])[codes]
    values = np.array([*(s.value for s in strata), ""])[codes]
    answers = by_fact(fact, ()).values
    return {
        f"{fact.name}: {answer}": np.where(known, (values == answer).astype(np.float64), np.nan)
        for answer in answers[1:]
        if fact.kind == "yes_no" or answer in values
    }


def _transplant_day(reader: Reader, counted: Flags) -> Floats:
    """Give the day of the transplant; infinite where there was none, NaN where that is not known."""
    answer, day = reader.answer(oc.TRANSPLANT), reader.days(oc.TRANSPLANT_TIME)
    made: Floats = np.where(answer == 0, np.inf, day)
    return made[counted]
