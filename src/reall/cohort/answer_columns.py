"""One table's answers as columns: each distinct answer is written once and then referred to; no text is made per row.

The types of the columns are the same in every batch, because a file has one type per column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from reall.cohort.columns import Codes, Flags
from reall.library.knowledge import Knowledge
from reall.options.eligibility import as_option
from reall.rules.evaluate import Answer
from reall.rules.patterns import Patterns, Rows
from reall.stratify.assess import sharper_assays

PARTS = ("status", "value", "possible", "missing")
UNUSABLE = "unusable"

Blunt = Sequence[tuple[frozenset[str], Flags]]
"""Time points at which nothing was detected, and the rows of which that is true; other rows have none."""


class AnswerColumns:
    """Answers one table for many rows and writes the answers as columns."""

    def __init__(self, knowledge: Knowledge, table: str, *, option: bool = False) -> None:
        """Prepare. An `option` answers in the words of `reall options`."""
        self._knowledge = knowledge
        self._option = option
        self._patterns = Patterns(knowledge.base, table)
        self._answers: tuple[Answer | None, ...] = ()
        self._texts: dict[tuple[tuple[str, ...], frozenset[str]], str] = {}

    @property
    def nobody(self) -> int | None:
        """The code of rows whose facts no child can fulfil."""
        return self._answers.index(None) if None in self._answers else None

    def answer(self, rows: Rows) -> Codes:
        """Give the number of every row's answer."""
        answers = self._patterns.answer(rows)
        new = answers.distinct[len(self._answers) :]
        self._answers += tuple(as_option(a) if self._option and a is not None else a for a in new)
        return answers.codes

    def count(self, codes: Codes, bad: Flags) -> Counter[str]:
        """Count the answers: groups by name, everything else by status."""
        counts: Counter[str] = Counter()
        used = codes[~bad] if bad.any() else codes
        for number, rows in enumerate(np.bincount(used, minlength=len(self._answers)).tolist()):
            answer = self._answers[number]
            if rows and answer is not None:
                counts[answer.value if answer.value is not None else answer.status] += rows
        if bad.any():
            counts[UNUSABLE] += int(bad.sum())
        return counts

    def columns(self, codes: Codes, bad: Flags, blunt: Blunt) -> list[pa.Array]:
        """Write status, value, possible and missing of every row."""
        if bad.any():
            codes = np.where(bad, len(self._answers), codes)
        used, codes = _in_use(codes)
        answers = [self._answers[i] if i < len(self._answers) else None for i in used]
        status = [UNUSABLE if a is None else a.status for a in answers]
        value = [None if a is None else a.value for a in answers]
        possible = ["" if a is None else "|".join(a.possible) for a in answers]
        return [
            _refer(status, codes, np.int8),
            _refer(value, codes, np.int8),
            _refer(possible, codes, np.int32),
            self._missing(answers, codes, () if self._option else blunt),
        ]

    def _missing(self, answers: Sequence[Answer | None], codes: Codes, blunt: Blunt) -> pa.Array:
        groups = [frozenset[str](), *(timepoints for timepoints, _ in blunt)]
        shifted = codes
        for number, (_, rows) in enumerate(blunt, start=1):
            shifted = np.where(rows, codes + number * len(answers), shifted)
        used, shifted = _in_use(shifted)
        texts = [self._missing_text(answers[i % len(answers)], groups[i // len(answers)]) for i in used]
        return _refer(texts, shifted, np.int32)

    def _missing_text(self, answer: Answer | None, timepoints: frozenset[str]) -> str:
        missing = () if answer is None else answer.missing
        key = missing, timepoints
        if key not in self._texts:
            self._texts[key] = "|".join((*missing, *sharper_assays(missing, timepoints, self._knowledge)))
        return self._texts[key]


def _in_use(codes: Codes) -> tuple[list[int], Codes]:
    """List the codes that some row has, and number the rows by their places in that list."""
    used = np.flatnonzero(np.bincount(codes))
    place = np.zeros(int(used[-1]) + 1 if len(used) else 0, dtype=np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used.tolist(), place[codes]


def _refer(texts: Sequence[str | None], codes: Codes, kind: type[np.integer[Any]]) -> pa.Array:
    """Make a column that refers to a few texts; equal texts share one entry."""
    place: dict[str, int] = {}
    number = [-1 if text is None else place.setdefault(text, len(place)) for text in texts]
    indices = np.array(number, dtype=kind).take(codes)
    mask = indices < 0 if None in texts else None
    # Every index comes from `place`, so Arrow need not check them.
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=mask), pa.array(list(place), pa.string()), safe=False)
