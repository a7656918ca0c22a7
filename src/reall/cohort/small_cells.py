"""Hides small counts in tables that are shared, so that they cannot be worked out from what is left.

A count below the limit is hidden; further counts are hidden with it until nobody who sees the rest, margins and grand
total included, can tell that a hidden count is small. That is checked, not hoped: for every small count the largest
value that fits what is shown is found by linear programming, and must reach the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from reall.cohort.columns import Flags
from reall.cohort.survival.counts import Ints


@dataclass(frozen=True)
class Shared:
    """A table of counts for sharing: `shown` says which cells are; likewise for the sums of rows and columns.

    The grand total is always shown.
    """

    counts: Ints
    shown: NDArray[np.bool_]
    rows_shown: NDArray[np.bool_]
    columns_shown: NDArray[np.bool_]


def share(counts: Ints, limit: int, rows_hidden: Flags | None = None, columns_hidden: Flags | None = None) -> Shared:
    """Hide what must not be shown of a table; with a limit of 1 or less nothing is.

    `rows_hidden` and `columns_hidden` are margins that another table already hides.
    """
    full = _with_margins(counts)
    hidden = np.zeros(full.shape, dtype=np.bool_)
    if limit > 1:
        small = (full > 0) & (full < limit)
        hidden |= small
        hidden[:-1, -1] |= False if rows_hidden is None else rows_hidden
        hidden[-1, :-1] |= False if columns_hidden is None else columns_hidden
        hidden[-1, -1] = False
        _complete(full, hidden, small, limit)
    shown = ~hidden
    return Shared(counts, shown[:-1, :-1], shown[:-1, -1], shown[-1, :-1])


def hidden_of(counts: Ints, limit: int) -> Flags:
    """Tell which of some counts with a known sum must be hidden."""
    made: Flags = ~share(counts.reshape(-1, 1), limit).shown[:, 0]
    return made


def tellable(count: int, total: int, limit: int) -> bool:
    """Tell whether a part of a known total may be told: neither it nor the rest is small."""
    return not (0 < count < limit or 0 < total - count < limit)


def rounded(count: int, limit: int) -> int:
    """Round to a multiple of the limit, so that sums of overlapping groups reveal nothing.

    >>> rounded(326, 5), rounded(2, 5), rounded(326, 1)
    (325, 0, 326)
    """
    return count if limit <= 1 else limit * ((count + limit // 2) // limit)


def _with_margins(counts: Ints) -> Ints:
    rows = np.hstack([counts, counts.sum(axis=1, keepdims=True)])
    full: Ints = np.vstack([rows, rows.sum(axis=0, keepdims=True)])
    return full


def _complete(full: Ints, hidden: NDArray[np.bool_], small: NDArray[np.bool_], limit: int) -> None:
    """Hide more until every small count could as well be large."""
    while True:
        _no_line_with_one(full, hidden)
        found = _found_out(full, hidden, small, limit)
        if found is None:
            return
        if not _hide_one_more(full, hidden, *found):
            return


def _no_line_with_one(full: Ints, hidden: NDArray[np.bool_]) -> None:
    """A single hidden count of a line follows from the others: hide the smallest other, again and again."""
    again = True
    while again:
        again = False
        for lines, flags in ((full, hidden), (full.T, hidden.T)):
            for line, flag in zip(lines, flags, strict=True):
                if flag.sum() == 1 and _hide_smallest(line, flag, grand=flags[-1] is flag or line is lines[-1]):
                    again = True
        hidden[-1, -1] = False


def _hide_smallest(line: Ints, flag: NDArray[np.bool_], *, grand: bool) -> bool:
    """Hide the smallest shown count of a line, one that is not nought if there is any; never the grand total."""
    places = [i for i in np.flatnonzero(~flag).tolist() if not (grand and i == len(line) - 1)]
    if not places:
        return False
    flag[min(places, key=lambda i: (line[i] == 0, line[i]))] = True
    return True


def _found_out(full: Ints, hidden: NDArray[np.bool_], small: NDArray[np.bool_], limit: int) -> tuple[int, int] | None:
    """Find a small count whose largest possible value stays below the limit."""
    places = np.argwhere(hidden)
    if not len(places):
        return None
    number = {(int(i), int(j)): n for n, (i, j) in enumerate(places)}
    equations, sums = _equations(full, hidden, number)
    for (i, j), n in number.items():
        if not small[i, j]:
            continue
        aim = np.zeros(len(number))
        aim[n] = -1.0
        best = linprog(aim, A_eq=equations, b_eq=sums, bounds=(0, int(full[-1, -1])), method="highs")
        if not best.success or -best.fun < limit - 0.5:
            return i, j
    return None


def _equations(
    full: Ints, hidden: NDArray[np.bool_], number: dict[tuple[int, int], int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Write down every sum that holds: the cells of a line less its margin are nought."""
    rows, columns = full.shape
    left, right = [], []
    lines = [[(i, j) for j in range(columns)] for i in range(rows)] + [
        [(i, j) for i in range(rows)] for j in range(columns)
    ]
    for line in lines:
        equation, known = np.zeros(len(number)), 0.0
        for place, cell in enumerate(line):
            sign = -1.0 if place == len(line) - 1 else 1.0
            if hidden[cell]:
                equation[number[cell]] += sign
            else:
                known -= sign * float(full[cell])
        if equation.any():
            left.append(equation)
            right.append(known)
    return np.array(left), np.array(right)


def _hide_one_more(full: Ints, hidden: NDArray[np.bool_], row: int, column: int) -> bool:
    """Hide the smallest shown count in a line with one that was found out, or any. False where nothing is left."""
    last = (full.shape[0] - 1, full.shape[1] - 1)
    lines = [(row, j) for j in range(full.shape[1])] + [(i, column) for i in range(full.shape[0])]
    shown = [cell for cell in lines if not hidden[cell] and cell != last]
    if not shown:
        shown = [(int(i), int(j)) for i, j in np.argwhere(~hidden) if (int(i), int(j)) != last]
    if shown:
        hidden[min(shown, key=lambda cell: (full[cell] == 0, full[cell]))] = True
    return bool(shown)
