"""Many cases at once: the same diagrams as for one case, walked fact by fact over whole columns.

A row is a word of cell sets, one per fact. Reading it leads from one *state*, the set of nodes still possible, to the
next; a state and a cell set give the next state, whatever the rest of the row says (the subset construction of Rabin
and Scott, 1959, applied to a decision diagram). Each distinct step is worked out once and kept; a million rows are
then a few table look-ups. Rows whose answer stays open are grouped by what still matters to them, and each distinct
pattern is answered once by `rules.evaluate`, so that a registry cannot disagree with a single case.

Cost: rows x facts that vary, plus distinct steps. Memory: a few integers per row of a batch, plus the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reall.rules.diagram import Restrictions
from reall.rules.evaluate import Answer, open_answer, order, ranked_questions, settled
from reall.rules.table import IMPOSSIBLE, KnowledgeBase, Outcome

Codes = NDArray[np.int64]
_KEPT = 50_000
"""Restricted nodes kept from batch to batch; beyond, they are worked out anew, so that memory stays bounded."""
_ROOM = 1 << 62
"""Largest number that the packed key of a pattern may reach before it is renumbered."""


@dataclass(frozen=True)
class Column:
    """One fact in many rows: the distinct cell sets, and which of them each row has."""

    masks: tuple[int, ...]
    codes: Codes

    def mask_of(self, row: int) -> int:
        """Give the cell set of one row."""
        return self.masks[int(self.codes[row])]


@dataclass(frozen=True)
class Answers:
    """A table's distinct answers, and which of them each row has; None where a row's facts contradict each other."""

    distinct: tuple[Answer | None, ...]
    codes: Codes


class Patterns:
    """One table's walk over many rows; what was worked out for one batch serves the next."""

    def __init__(self, base: KnowledgeBase, table: str) -> None:
        """Prepare to walk a table."""
        self.base = base
        self.table = table
        root = base.compiled[table].outcome
        self.asked = base.compiled[table].asked
        self._sets: list[frozenset[int]] = [frozenset([root])]
        self._ids: dict[frozenset[int], int] = {self._sets[0]: 0}
        self._steps: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._ways: dict[tuple[int, int], dict[frozenset[tuple[int, ...]], int]] = {}
        self._numbers: dict[Answer | None, int] = {}
        self._root = root
        self._nodes = base.diagrams.nodes_by_level(root)
        self._asks: set[tuple[int, int]] = set()
        self._reductions: dict[tuple[int, int], int] = {}
        self._restrictions = Restrictions(base.diagrams, base.diagrams.leaf(IMPOSSIBLE))
        self._opened: dict[tuple[int, int], int] = {}

    def answer(self, columns: Mapping[int, Column], rows: int, constant: Sequence[int]) -> Answers:
        """Answer many rows. `columns` are the facts that vary, by position; `constant` the masks of all facts."""
        if self._restrictions.size > _KEPT:
            self._restrictions = Restrictions(self.base.diagrams, self.base.diagrams.leaf(IMPOSSIBLE))
            self._opened = {}
        asked = {at: columns[at] for at in self.asked if at in columns}
        last, states = self._walk(asked, rows, constant)
        numbers = np.array([self._settled(state) for state in states], dtype=np.int64)
        codes = numbers[last]
        open_rows = np.flatnonzero(codes < 0)
        if len(open_rows):
            left = {at: Column(column.masks, column.codes[open_rows]) for at, column in asked.items()}
            codes[open_rows] = self._explain(left, len(open_rows), constant)
        return Answers(tuple(self._numbers), codes)

    def _walk(
        self,
        columns: Mapping[int, Column],
        rows: int,
        constant: Sequence[int],
        tell: Callable[[Codes, list[int], Codes], None] | None = None,
    ) -> tuple[Codes, list[int]]:
        """Read all rows fact by fact; give each row's last state and the states there are.

        `tell` hears of each fact: the row's next state (as an index), the states, and how its questions were answered.
        """
        last: Codes = np.zeros(rows, dtype=np.int64)
        states = [0]
        for at in self.asked:
            column = columns.get(at)
            masks = column.masks if column else (constant[at],)
            pair = last * len(masks) + column.codes if column else last
            following: dict[int, int] = {}
            step = np.zeros(len(states) * len(masks), dtype=np.int64)
            way = np.zeros(len(step), dtype=np.int64)
            for p in np.flatnonzero(np.bincount(pair, minlength=len(step))).tolist():
                own, code = divmod(p, len(masks))
                after, way[p] = self._step(at, states[own], masks[code])
                step[p] = following.setdefault(after, len(following))
            last, states = step[pair], list(following)
            if tell:
                tell(last, states, way[pair])
        return last, states

    def _step(self, at: int, state: int, mask: int) -> tuple[int, int]:
        """Give the next state, and a number for the way in which the state's questions were answered."""
        key = (at, state, mask)
        if key not in self._steps:
            d = self.base.diagrams
            nodes = sorted(self._sets[state])
            asking = [d.children[node] for node in nodes if d.level[node] == at]
            # The children of all asking nodes together: two cells that lead alike everywhere are one answer.
            answers = frozenset(tuple(c[i] for c in asking) for i in range(d.sizes[at]) if mask >> i & 1)
            after = {node for node in nodes if d.level[node] != at} | {child for each in answers for child in each}
            if asking:
                self._asks.add((state, at))
            ways = self._ways.setdefault((at, state), {})
            self._steps[key] = self._id(frozenset(after)), ways.setdefault(answers, len(ways))
        return self._steps[key]

    def _id(self, nodes: frozenset[int]) -> int:
        if nodes not in self._ids:
            self._ids[nodes] = len(self._sets)
            self._sets.append(nodes)
        return self._ids[nodes]

    def _found(self, state: int) -> list[Outcome]:
        d = self.base.diagrams
        reached = (d.outcome[leaf] for leaf in self._sets[state])
        return order(
            self.base.compiled[self.table].table, (o for o in reached if isinstance(o, Outcome) and o != IMPOSSIBLE)
        )

    def _settled(self, state: int) -> int:
        """Number the answer of a last state, -1 where it is open."""
        found = self._found(state)
        if not found:
            return self._number(None)
        answer = settled(found)
        return -1 if answer is None else self._number(answer)

    def _number(self, answer: Answer | None) -> int:
        return self._numbers.setdefault(answer, len(self._numbers))

    def _explain(self, columns: Mapping[int, Column], rows: int, constant: Sequence[int]) -> Codes:
        """Answer one row of each distinct open pattern.

        Once a state is a single node, all that came before is forgotten: every completion passes through that node.
        """
        keys = _Keys(rows, [len(nodes) == 1 for nodes in self._sets])
        self._walk(columns, rows, constant, tell=keys.add)
        first, pattern = keys.distinct()
        numbers = np.empty(len(first), dtype=np.int64)
        for i, row in enumerate(first.tolist()):
            masks = list(constant)
            for at, column in columns.items():
                masks[at] = column.mask_of(row)
            numbers[i] = self._open(masks)
        return numbers[pattern]

    def _open(self, masks: list[int]) -> int:
        """Number the answer of one open row; rows with the same outcomes and open question share it."""
        state = 0
        relevant = [0] * len(masks)
        for at in self.asked:
            if (state, at) in self._asks:
                relevant[at] = self._reduced(at, masks[at])
            state = self._steps[at, state, masks[at]][0]
        root = self._restrictions.cut(self._root, relevant, self.asked)
        if (state, root) not in self._opened:
            compiled, axes = self.base.compiled[self.table], self.base.space.axes
            ranked = ranked_questions(compiled, self._restrictions, relevant)
            missing = tuple(axes[at].fact.name for at, _ in ranked)
            self._opened[state, root] = self._number(open_answer(self.base, compiled, self._found(state), missing))
        return self._opened[state, root]

    def _reduced(self, at: int, mask: int) -> int:
        """Keep one cell of those that this table never tells apart."""
        if (at, mask) not in self._reductions:
            first: dict[tuple[int, ...], int] = {}
            for cell in range(self.base.diagrams.sizes[at]):
                if mask >> cell & 1:
                    alike = tuple(self.base.diagrams.children[node][cell] for node in self._nodes[at])
                    first.setdefault(alike, cell)
            self._reductions[at, mask] = sum(1 << cell for cell in first.values())
        return self._reductions[at, mask]


class _Keys:
    """The distinct histories of rows since their last single node. Exact: nothing is hashed."""

    def __init__(self, rows: int, single: list[bool]) -> None:
        self._single = np.array(single)
        self._anchor: Codes = np.zeros(rows, dtype=np.int64)
        self._packed: Codes = np.zeros(rows, dtype=np.int64)
        self._size = 1

    def add(self, last: Codes, states: list[int], way: Codes) -> None:
        """Take in how one fact was answered."""
        numbers = np.array(states)
        reset = self._single[numbers][last]
        width = int(way.max()) + 1
        if self._size * width > _ROOM:
            self._packed = np.unique(self._packed, return_inverse=True)[1].astype(np.int64)
            self._size = int(self._packed.max()) + 1
        self._packed = np.where(reset, 0, self._packed * width + way)
        self._anchor = np.where(reset, numbers[last], self._anchor)
        self._size *= width

    def distinct(self) -> tuple[Codes, Codes]:
        """Give one row of each distinct history, and the history of each row."""
        packed = np.unique(self._packed, return_inverse=True)[1].astype(np.int64)
        both = self._anchor * (int(packed.max()) + 1) + packed
        _, first, history = np.unique(both, return_index=True, return_inverse=True)
        return first.astype(np.int64), history.astype(np.int64)
