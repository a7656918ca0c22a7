"""Collects, for one batch of rows, which of them cannot be used, and why."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reall.base.errors import UnusableCase
from reall.exchange.tables import Problem


class Faults:
    """The rows of a batch that cannot be used; a row may have several faults."""

    def __init__(self, rows: int, first_row: int) -> None:
        """Start with no fault in `rows` rows, the first of which is number `first_row` of the table."""
        self.bad: NDArray[np.bool_] = np.zeros(rows, dtype=np.bool_)
        self.first_row = first_row
        self._problems: list[Problem] = []

    def add(self, row: int, column: str, error: UnusableCase) -> None:
        """Note why a row (by position in the batch) cannot be used."""
        self.bad[row] = True
        reason = str(UnusableCase(error.what, why=error.why))
        self._problems.append(Problem(row=self.first_row + row, column=column, reason=reason, repair=error.next))

    def take(self, problems: Iterable[Problem]) -> None:
        """Note what the reader of the file found."""
        for problem in problems:
            self.bad[problem.row - self.first_row] = True
            self._problems.append(problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All faults, by row."""
        return tuple(sorted(self._problems, key=lambda problem: problem.row))
