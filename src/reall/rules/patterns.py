"""Many cases at once: the same diagrams as for one case, read fact by fact over whole columns.

Rows share what they have in common: the residual of a diagram (`rules.residual`) forgets everything about a row that
no longer matters, so that each distinct open question is ranked once and each distinct answer made once.

Cost: rows x facts that still matter to them, plus the distinct residuals. Memory: a few integers per row of a batch,
plus a bounded store per table, which is emptied when it is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reall.rules.evaluate import Answer, open_answer, order, settled
from reall.rules.residual_store import FRESH, FULL, ROOM, forget, store_for
from reall.rules.residual_walk import Reading, walk
from reall.rules.table import IMPOSSIBLE, KnowledgeBase, Outcome

Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Column:
    """One fact in many rows: the distinct cell sets, and which of them each row has."""

    masks: tuple[int, ...]
    codes: Codes

    def mask_of(self, row: int) -> int:
        """Give the cell set of one row."""
        return self.masks[int(self.codes[row])]


@dataclass(frozen=True)
class Rows:
    """What many rows know, side by side: the cell sets of every fact by position, and each row's code into them.

    Line `line[at]` of `codes` belongs to the fact at a position; -1 to a fact that is the same in every row.
    """

    masks: Sequence[tuple[int, ...]]
    line: Sequence[int]
    codes: Codes

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.codes.shape[1])

    @staticmethod
    def of(columns: Mapping[int, Column], count: int, constant: Sequence[int]) -> Rows:
        """Put columns side by side. `constant` holds the cell set of every fact where no column varies it."""
        largest = max((len(column.masks) for column in columns.values()), default=1)
        codes = np.zeros((len(columns), count), dtype=np.uint16 if largest <= 1 << 16 else np.uint32)
        line = [-1] * len(constant)
        masks: list[tuple[int, ...]] = [(mask,) for mask in constant]
        for number, (at, column) in enumerate(columns.items()):
            codes[number] = column.codes
            line[at] = number
            masks[at] = column.masks
        return Rows(masks, line, codes)


@dataclass(frozen=True)
class Answers:
    """A table's distinct answers, and which of them each row has; None where a row's facts contradict each other."""

    distinct: tuple[Answer | None, ...]
    codes: Codes


class Patterns:
    """One table's walk over many rows; what was worked out for one batch serves the next."""

    def __init__(self, base: KnowledgeBase, table: str, *, room: int = ROOM) -> None:
        """Prepare to walk a table, keeping at most `room` residuals from row to row, or as many as one row needs."""
        self.base = base
        self.compiled = base.compiled[table]
        d, root = base.diagrams, self.compiled.outcome
        self._nodes = d.nodes_by_level(root)
        self._leaves = d.leaves_below(root)
        self._asked = self.compiled.asked
        self._room = room
        self._store = store_for(base, self.compiled, room)
        self._sets: dict[int, dict[int, int]] = {}
        self._kept: tuple[bytes, ...] = ()
        self._reductions: dict[tuple[int, int], int] = {}
        self._numbers: dict[Answer | None, int] = {}
        self._known: dict[tuple[int, bytes], int] = {}

    def answer(self, rows: Rows) -> Answers:
        """Answer many rows."""
        reading = self._reading(rows)
        last = np.zeros(rows.count, dtype=np.int32)
        codes = np.zeros(rows.count, dtype=np.int32)
        done, emptied = 0, -1
        while done < rows.count:
            stopped = walk(self._store, reading, done, last)
            self._number_fresh()
            codes[done:stopped] = self._store.number[last[done:stopped]]
            if self._store.used[FULL]:
                self._make_room(larger=emptied == stopped)
                emptied = stopped
            done = stopped
        return Answers(tuple(self._numbers), codes)

    def _make_room(self, *, larger: bool) -> None:
        """Start anew; `larger` where an empty store was too small for one row."""
        if larger:
            self._room *= 2
            self._store = store_for(self.base, self.compiled, self._room)
        else:
            forget(self._store)

    def _reading(self, rows: Rows) -> Reading:
        """Say what each code of each fact means to this table."""
        meanings = [[self._meaning(at, mask) for mask in rows.masks[at]] for at in self._asked]
        sets = [list(self._sets[at]) for at in self._asked]
        every = [mask for own in sets for mask in own]
        reading = Reading(
            columns=rows.codes,
            column=np.array([rows.line[at] for at in self._asked], dtype=np.int64),
            first_code=_starts(meanings),
            meaning=np.array([number for own in meanings for number in own], dtype=np.int64),
            first_set=_starts(sets),
            cell=np.array([-1 if mask & (mask - 1) else mask.bit_length() - 1 for mask in every], dtype=np.int64),
            cells=np.array(every, dtype=np.uint64),
            room=np.array([1 << len(own).bit_length() for own in sets], dtype=np.int64),
            known=np.zeros(len(self._asked), dtype=np.int64),
        )
        self._forget_other_facts(reading)
        return reading

    def _meaning(self, at: int, mask: int) -> int:
        """Number the cell sets of a fact that this table tells apart."""
        sets = self._sets.setdefault(at, {})
        return sets.setdefault(self._reduced(at, mask), len(sets))

    def _forget_other_facts(self, reading: Reading) -> None:
        """Start anew where other facts than before are the same in all rows, or new cell sets need more room."""
        constant = reading.meaning[reading.first_code[reading.column < 0]]
        kept = reading.column.__lt__(0).tobytes(), constant.tobytes(), reading.room.tobytes()
        if self._kept and kept != self._kept:
            forget(self._store)
        self._kept = kept

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

    def _number_fresh(self) -> None:
        """Number the answers of the open questions that are new."""
        store = self._store
        count = int(store.used[FRESH])
        roots = store.fresh[:count]
        facts = zip(store.bits[roots].tolist(), store.order[:count], store.missing[:count].tolist(), strict=True)
        store.number[roots] = [self._number(bits, asked[:missing].tobytes()) for bits, asked, missing in facts]
        store.used[FRESH] = 0

    def _number(self, bits: int, missing: bytes) -> int:
        """Number the answer with these outcomes, as bits, and missing facts."""
        key = bits, missing
        if key not in self._known:
            answer = self._answer(bits, np.frombuffer(missing, dtype=self._store.order.dtype).tolist())
            self._known[key] = self._numbers.setdefault(answer, len(self._numbers))
        return self._known[key]

    def _answer(self, bits: int, missing: Sequence[int]) -> Answer | None:
        reached = (self.base.diagrams.outcome[leaf] for i, leaf in enumerate(self._leaves) if bits >> i & 1)
        found = order(self.compiled.table, (o for o in reached if isinstance(o, Outcome) and o != IMPOSSIBLE))
        if not found:
            return None
        names = tuple(self.base.space.axes[self._asked[place]].fact.name for place in missing)
        return settled(found) or open_answer(self.base, self.compiled, found, names)


def _starts(lists: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Give where each list begins once all stand in a row."""
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)[:-1]
