"""How far the systems agree on the same children: cross tables, kappa, how well each orders survival, who differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from reall.cohort.answer_columns import UNUSABLE
from reall.cohort.cells_of_text import distinct
from reall.cohort.columns import Flags
from reall.cohort.compare.kappa import Kappa, cohen
from reall.cohort.survival.concordance import Concordance, harrell
from reall.cohort.survival.counts import Ints, Tally
from reall.cohort.survival.observed import CAUSES, Observed
from reall.library.knowledge import Knowledge
from reall.library.risk_order import RiskOrder

MOST_LISTED = 100_000
"""Children listed at most; all of them are counted."""


@dataclass(frozen=True, kw_only=True)
class CrossTable:
    """Two systems on the same children: counts by group or, without one, by status.

    `kappa_of` says between what kappa was worked out, or why there is none.
    """

    systems: tuple[str, str]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    counts: Ints
    kappa: Kappa | None
    kappa_of: str


@dataclass(frozen=True, kw_only=True)
class Discrimination:
    """How well one system orders survival: over all children it groups, and over those whom every system groups."""

    system: str
    order: tuple[str, ...]
    order_status: str
    own_rows: Concordance | None
    same_rows: Concordance | None
    not_ordered: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One child on whom systems differ: row of the table, name, and each system's group or status."""

    row: int
    case: str
    answers: Mapping[str, str]
    about: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Everything about the agreement of systems. `flows` counts the children by their groups in all systems."""

    systems: tuple[str, ...]
    tables: tuple[CrossTable, ...]
    discrimination: tuple[Discrimination, ...]
    flows: Mapping[tuple[str, ...], int]
    disagreements: tuple[Disagreement, ...]
    disagreeing: int
    rows: int


class Comparer:
    """Gathers the answers of some systems, batch by batch."""

    def __init__(
        self, systems: Sequence[str], knowledge: Knowledge, orders: Mapping[str, RiskOrder], endpoint: str
    ) -> None:
        """Prepare. `systems` are prefixes of answer columns."""
        self.systems = tuple(systems)
        self._values = {id_: tuple(knowledge.base.tables[_table(id_, knowledge)].values) for id_ in systems}
        self._orders = {id_: orders[id_] for id_ in systems if id_ in orders}
        self._patterns: dict[tuple[str, ...], int] = {}
        self._rows: Counter[int] = Counter()
        self._tally = Tally(len(CAUSES[endpoint]))
        self._listed: list[Disagreement] = []

    def take(self, rows: pa.RecordBatch, first_row: int, seen: Observed) -> None:
        """Take in a batch."""
        pattern = self._pattern_of(rows)
        self._rows.update({n: many for n, many in enumerate(np.bincount(pattern).tolist()) if many})
        usable = seen.usable
        self._tally.add(pattern[usable], seen.days[usable], seen.cause[usable])
        self._list(rows, first_row, pattern)

    def _pattern_of(self, rows: pa.RecordBatch) -> Ints:
        """Number each row's answers of all systems together."""
        together, found = np.zeros(rows.num_rows, dtype=np.int64), [()]
        for id_ in self.systems:
            names, codes = _said(rows, id_)
            pair = together * len(names) + codes
            present, together = np.unique(pair, return_inverse=True)
            found = [(*found[p // len(names)], names[p % len(names)]) for p in present.tolist()]
        numbers = [self._patterns.setdefault(key, len(self._patterns)) for key in found]
        return np.array(numbers, dtype=np.int64)[together]

    def _list(self, rows: pa.RecordBatch, first_row: int, pattern: Ints) -> None:
        about = {number: self._about(key) for key, number in self._patterns.items()}
        differ = np.array([bool(about[number]) for number in range(len(about))])
        place: Flags = differ[pattern]
        names = rows.column("case") if "case" in rows.schema.names else None
        keys = list(self._patterns)
        for row in np.flatnonzero(place)[: MOST_LISTED - len(self._listed)].tolist():
            answers = dict(zip(self.systems, keys[int(pattern[row])], strict=True))
            case = str(names[row].as_py() or "") if names is not None else ""
            self._listed.append(
                Disagreement(row=first_row + row, case=case, answers=answers, about=about[int(pattern[row])])
            )

    def _about(self, answers: tuple[str, ...]) -> tuple[str, ...]:
        """Say what systems differ in for a child: transplant yes or no, or the highest risk against a lower one."""
        said = dict(zip(self.systems, answers, strict=True))
        transplant = {said[id_] for id_ in self.systems if id_.startswith("transplant.")} & {"yes", "no"}
        highest = {
            said[id_] == o.rising[-1] for id_, o in self._orders.items() if said[id_] in o.rising and not o.among
        }
        found = ["transplant"] if len(transplant) > 1 else []
        return (*found, "highest risk") if len(highest) > 1 else tuple(found)

    def result(self) -> Agreement:
        """Work it out."""
        flows = {key: self._rows[number] for key, number in self._patterns.items()}
        everywhere = self._ordered_everywhere()
        return Agreement(
            systems=self.systems,
            tables=tuple(self._cross(a, b, flows) for a, b in combinations(range(len(self.systems)), 2)),
            discrimination=tuple(self._discriminate(id_, everywhere) for id_ in self._orders),
            flows=flows,
            disagreements=tuple(self._listed),
            disagreeing=sum(many for key, many in flows.items() if self._about(key)),
            rows=sum(flows.values()),
        )

    def _cross(self, a: int, b: int, flows: Mapping[tuple[str, ...], int]) -> CrossTable:
        names = [self._names(i, flows) for i in (a, b)]
        counts = np.zeros((len(names[0]), len(names[1])), dtype=np.int64)
        for key, many in flows.items():
            counts[names[0].index(key[a]), names[1].index(key[b])] += many
        pair = (self.systems[a], self.systems[b])
        kappa, words = self._kappa(pair, names, counts)
        return CrossTable(
            systems=pair, names=(tuple(names[0]), tuple(names[1])), counts=counts, kappa=kappa, kappa_of=words
        )

    def _names(self, place: int, flows: Iterable[tuple[str, ...]]) -> list[str]:
        """Give the groups met, in the order of the system, then what is no group."""
        met = {key[place] for key in flows}
        values = self._values[self.systems[place]]
        return [value for value in values if value in met] + sorted(met - set(values))

    def _kappa(self, pair: tuple[str, str], names: Sequence[Sequence[str]], counts: Ints) -> tuple[Kappa | None, str]:
        """Work kappa out over the children whom both systems group, where their groups can be paired."""
        if all(id_.startswith("transplant.") for id_ in pair):
            scales: list[tuple[str, ...]] = [("no", "yes")] * 2
            words = "transplant yes or no"
        elif all(id_ in self._orders for id_ in pair):
            scales = [self._orders[id_].rising for id_ in pair]
            words = "groups in the order of risk"
            if any(self._orders[id_].among for id_ in pair):
                return None, "one of the two divides only some children"
            if len(scales[0]) != len(scales[1]):
                words = "the highest risk group against all others"
        else:
            return None, "the groups have no order in common"
        split = len(scales[0]) != len(scales[1])
        table = np.zeros((2, 2) if split else (len(scales[0]),) * 2, dtype=np.int64)
        for i, own in enumerate(names[0]):
            for j, other in enumerate(names[1]):
                if own in scales[0] and other in scales[1]:
                    highest = int(own == scales[0][-1]), int(other == scales[1][-1])
                    table[highest if split else (scales[0].index(own), scales[1].index(other))] += counts[i, j]
        kappa = cohen(table)
        return kappa, words if kappa else f"{words}: one of the two groups nobody, or puts all children into one group"

    def _discriminate(self, id_: str, everywhere: Collection[tuple[str, ...]]) -> Discrimination:
        order = self._orders[id_].rising
        place = self.systems.index(id_)
        left: Counter[str] = Counter()
        for key, number in self._patterns.items():
            if key[place] not in order:
                left[key[place]] += self._rows[number]
        return Discrimination(
            system=id_,
            order=order,
            order_status=self._orders[id_].citation.status,
            own_rows=self._concordance(place, order, self._patterns),
            same_rows=self._concordance(place, order, everywhere),
            not_ordered=dict(left),
        )

    def _ordered_everywhere(self) -> list[tuple[str, ...]]:
        """Give the answers of children whom every ordered system groups; a system that groups nobody does not count."""
        scales = [(self.systems.index(id_), order.rising) for id_, order in self._orders.items()]
        scales = [(at, rising) for at, rising in scales if any(key[at] in rising for key in self._patterns)]
        return [key for key in self._patterns if all(key[at] in rising for at, rising in scales)]

    def _concordance(self, place: int, order: Sequence[str], keys: Collection[tuple[str, ...]]) -> Concordance | None:
        """Work C out; None where fewer than two groups hold children."""
        groups = [[self._patterns[key] for key in keys if key[place] == group] for group in order]
        tables = [table for group in groups if group and (table := self._tally.table(group)).size]
        return harrell(tables) if len(tables) > 1 else None


def _table(id_: str, knowledge: Knowledge) -> str:
    public = id_.removeprefix("transplant.")
    return knowledge.transplant_ids[public] if id_.startswith("transplant.") else id_


def _said(rows: pa.RecordBatch, id_: str) -> tuple[list[str], Ints]:
    """Give each row's group or, without one, its status in words."""
    statuses, status = distinct(rows.column(f"{id_}.status"))
    values, value = distinct(rows.column(f"{id_}.value"))
    pair = status.astype(np.int64) * len(values) + value
    present, codes = np.unique(pair, return_inverse=True)
    names = []
    for p in present.tolist():
        named = values[p % len(values)]
        names.append(str(named) if named is not None else str(statuses[p // len(values)] or UNUSABLE).replace("_", " "))
    return names, codes.astype(np.int64)
