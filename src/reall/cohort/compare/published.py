"""The registry's own figures beside published ones of the same stratum, end point, clock and year.

A published figure is compared only where its end point and the start of its clock are those of the registry's; others
are listed apart, with the reason. Children whose membership of the stratum is not certain are counted, not guessed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reall.cohort.columns import Flags
from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.survival.counts import Ints, Tally
from reall.cohort.survival.kaplan_meier import Estimate, Interval, at_years, kaplan_meier, standard_errors
from reall.cohort.survival.observed import CAUSES, Observed
from reall.cohort.survival.reading import Rows
from reall.facts.known import one_of
from reall.facts.vocabulary import NOT_STATED
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.rules.diagram import FALSE, TRUE, Walk

_SAME = {"OS": {"OS"}, "EFS": {"EFS", "EFS2"}, "DFS": {"DFS"}}
"""How sources name the end points; EFS2 is event-free survival after the first relapse."""
_CLOCK = {"OS": "relapse", "EFS": "relapse", "DFS": "second remission"}
_SURVIVAL = ("OS", "EFS", "EFS2", "DFS", "PFS", "LFS")
_PERCENT = 100.0


@dataclass(frozen=True, kw_only=True)
class Beside:
    """One published figure and the registry's own. `difference` is own less published, in shares of 1.

    `interval_of` says what the interval rests on: both uncertainties, or the registry's alone where none was printed.
    `uncertain` counts children who may or may not belong to the stratum.
    """

    published: PublishedOutcome
    n: int
    own: Estimate
    difference: float | None
    interval: Interval | None
    interval_of: str
    uncertain: int


@dataclass(frozen=True, kw_only=True)
class Apart:
    """A published figure that cannot stand beside the registry's, with the reason."""

    published: PublishedOutcome
    reason: str


@dataclass(frozen=True, kw_only=True)
class PublishedComparison:
    """All published figures of survival: those beside the registry's own, and those apart."""

    endpoint: str
    beside: tuple[Beside, ...]
    apart: tuple[Apart, ...]


def why_apart(row: PublishedOutcome, endpoint: str) -> str:
    """Say why a published figure cannot stand beside the registry's; empty where it can."""
    if row.endpoint not in _SAME[endpoint]:
        return f"its end point is {row.endpoint}, not {endpoint}"
    if row.clock_start != _CLOCK[endpoint]:
        said = f"from {row.clock_start}" if row.clock_start != "not stated" else "not stated in what was read"
        return f"the start of its clock is {said}; here it is {_CLOCK[endpoint]}"
    if row.estimate_pct is None or row.years is None:
        return "no figure at a time point was printed"
    if row.arm:
        return f"it belongs to one treatment ({row.arm})"
    return "" if row.applies_when else "our facts cannot say who belongs to its stratum"


class PublishedComparer:
    """Gathers the children of every published stratum, batch by batch. One child may belong to several."""

    def __init__(self, knowledge: Knowledge, endpoint: str) -> None:
        self._knowledge = knowledge
        self._endpoint = endpoint
        rows = [row for row in knowledge.outcomes if row.endpoint in _SURVIVAL]
        self._apart = [Apart(published=row, reason=why) for row in rows if (why := why_apart(row, endpoint))]
        self._beside = [row for row in rows if not why_apart(row, endpoint)]
        self._diagrams = {row.id: knowledge.base.questions[f"outcome {row.id}"] for row in self._beside}
        self._numbers = {diagram: number for number, diagram in enumerate(dict.fromkeys(self._diagrams.values()))}
        self._tally = Tally(len(CAUSES[endpoint]))
        self._uncertain: Counter[int] = Counter()
        self._constant = tuple(knowledge.base.space.masks({i: one_of(NOT_STATED) for i in knowledge.derived_ids}))

    def take(self, rows: Rows, seen: Observed) -> None:
        """Take in a batch; a row that cannot be used belongs to no stratum with certainty."""
        for diagram, number in self._numbers.items():
            inside, maybe = self._members(diagram, rows)
            maybe |= rows.bad
            inside &= ~rows.bad & seen.usable
            where = np.full(int(inside.sum()), number, dtype=np.int64)
            self._tally.add(where, seen.days[inside], seen.cause[inside])
            self._uncertain[number] += int(maybe.sum())

    def _members(self, diagram: int, rows: Rows) -> tuple[Flags, Flags]:
        """Tell who belongs to a stratum for certain, and who may; each distinct pattern of facts is asked once."""
        diagrams = self._knowledge.base.diagrams
        asked = [at for at in diagrams.support(diagram) if at in rows.cells]
        pattern: Ints = np.zeros(rows.table.num_rows, dtype=np.int64)
        for at in asked:
            pattern = np.unique(pattern * len(rows.cells[at].masks) + rows.cells[at].codes, return_inverse=True)[1]
        _, first, code = np.unique(pattern, return_index=True, return_inverse=True)
        certain, possible = np.zeros(len(first), dtype=np.bool_), np.zeros(len(first), dtype=np.bool_)
        for i, row in enumerate(first.tolist()):
            masks = list(self._constant)
            for at in asked:
                masks[at] = rows.cells[at].mask_of(row)
            leaves = Walk(diagrams, masks).leaves(diagram)
            certain[i] = TRUE in leaves and FALSE not in leaves
            possible[i] = TRUE in leaves and FALSE in leaves
        return certain[code], possible[code]

    def result(self) -> PublishedComparison:
        """Work it out."""
        beside = []
        for row in self._beside:
            number = self._numbers[self._diagrams[row.id]]
            table = self._tally.table([number])
            own = at_years(table, kaplan_meier(table), row.years or 0.0, DAYS_PER_YEAR)
            difference, interval, words = _difference(own, row, table.size)
            beside.append(
                Beside(
                    published=row,
                    n=table.size,
                    own=own,
                    difference=difference,
                    interval=interval,
                    interval_of=words,
                    uncertain=self._uncertain[number],
                )
            )
        return PublishedComparison(endpoint=self._endpoint, beside=tuple(beside), apart=tuple(self._apart))


def _difference(own: Estimate, row: PublishedOutcome, n: int) -> tuple[float | None, Interval | None, str]:
    """Subtract, with a 95 % interval; both groups count as independent, which overlapping cohorts are not."""
    if own.value is None or row.estimate_pct is None:
        return (
            None,
            None,
            "the registry's follow-up does not reach the year" if n else "no child certainly belongs to it",
        )
    difference = own.value - row.estimate_pct / _PERCENT
    if own.standard_error is None or not 0 < own.value < 1:
        return difference, None, "no interval exists while nobody, or everybody, had the event"
    printed = printed_error(row)
    words = "both uncertainties" if printed is not None else "the registry's uncertainty alone: none was printed"
    half = standard_errors() * math.hypot(own.standard_error, printed or 0.0)
    return difference, (difference - half, difference + half), words


def printed_error(row: PublishedOutcome) -> float | None:
    """Give the printed standard error as a share of 1, or the one that a printed 95 % interval stands for."""
    if row.se_pct is not None:
        return row.se_pct / _PERCENT
    if row.ci_low_pct is None or row.ci_high_pct is None:
        return None
    return (row.ci_high_pct - row.ci_low_pct) / (2 * standard_errors() * _PERCENT)


def systems_with_groups(knowledge: Knowledge) -> Sequence[str]:
    """Name the systems that are compared unless others are named: all risk groups."""
    return [id_ for id_ in knowledge.system_ids if knowledge.base.tables[id_].kind == "risk_group"]
