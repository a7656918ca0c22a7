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

Cells = NDArray[np.bool_]


@dataclass(frozen=True)
class Shared:
    """A table of counts for sharing: `shown` says which cells are; likewise for the sums of rows and columns.

    The grand total is always shown.
    """

    counts: Ints
    shown: Cells
    rows_shown: Cells
    columns_shown: Cells


def share(counts: Ints, limit: int, rows_hidden: Flags | None = None, columns_hidden: Flags | None = None) -> Shared:
    """Hide what must not be shown of a table; with a limit of 1 or less nothing is.

    `rows_hidden` and `columns_hidden` say which margins are hidden everywhere; the other margins then stay known,
    since further tables show them.
    """
    full = _with_margins(counts)
    hidden = np.zeros(full.shape, dtype=np.bool_)
    fixed = np.zeros(full.shape, dtype=np.bool_)
    fixed[-1, -1] = True
    if limit > 1:
        small = (full > 0) & (full < limit)
        hidden |= small
        for margin, place in ((rows_hidden, np.s_[:-1, -1]), (columns_hidden, np.s_[-1, :-1])):
            if margin is not None:
                hidden[place], fixed[place] = margin, True
        hidden[-1, -1] = False
        _complete(full, hidden, fixed, small, limit)
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


def _complete(full: Ints, hidden: Cells, fixed: Cells, small: Cells, limit: int) -> None:
    """Hide more, `fixed` margins excepted, until every small count could as well be large."""
    while True:
        _no_line_with_one(full, hidden, fixed)
        found = _found_out(full, hidden, small, limit)
        if found is None or not _hide_one_more(full, hidden, fixed, *found):
            return


def _no_line_with_one(full: Ints, hidden: Cells, fixed: Cells) -> None:
    """A single hidden count of a line follows from the others: hide the smallest other, again and again."""
    again = True
    while again:
        again = False
        for lines, flags, kept in ((full, hidden, fixed), (full.T, hidden.T, fixed.T)):
            for line, flag, keep in zip(lines, flags, kept, strict=True):
                places = np.flatnonzero(~flag & ~keep).tolist()
                if flag.sum() == 1 and places:
                    flag[min(places, key=lambda i: (line[i] == 0, line[i]))] = True
                    again = True


def _found_out(full: Ints, hidden: Cells, small: Cells, limit: int) -> tuple[int, int] | None:
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
    full: Ints, hidden: Cells, number: dict[tuple[int, int], int]
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


def _hide_one_more(full: Ints, hidden: Cells, fixed: Cells, row: int, column: int) -> bool:
    """Hide the smallest shown count in a line with one that was found out, or any. False where nothing is left."""
    lines = [(row, j) for j in range(full.shape[1])] + [(i, column) for i in range(full.shape[0])]
    everywhere = [(int(i), int(j)) for i, j in np.argwhere(~hidden & ~fixed)]
    shown = [cell for cell in lines if cell in everywhere] or everywhere
    if shown:
        hidden[min(shown, key=lambda cell: (full[cell] == 0, full[cell]))] = True
    return bool(shown)
