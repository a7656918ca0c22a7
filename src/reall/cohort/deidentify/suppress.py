"""k-anonymity over children: coarser and coarser, until at least k children look alike in all their rows.

What a child shows is the sequence of its rows (first relapse, second relapse, ...), because the rows of one child are
linked. Every child is settled at the finest level at which k children of those not yet settled show the same; what is
published of it is then shared by at least k children. Cost: one grouping of all rows per level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from reall.cohort.columns import Codes


def codes_of(columns: Sequence[pa.ChunkedArray], rows: int) -> Codes:
    """Number the distinct rows of some columns; an empty cell is a value of its own."""
    made: Codes = np.zeros(rows, dtype=np.int64)
    for column in columns:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        array = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        made = _paired(made, array.indices.to_numpy().astype(np.int64))
    return made


def _paired(one: Codes, other: Codes) -> Codes:
    """Number the pairs. Hashing them is several times faster than sorting."""
    pairs = pa.array(one * (int(other.max(initial=0)) + 1) + other).dictionary_encode()
    made: Codes = pairs.indices.to_numpy().astype(np.int64)
    return made


def settled(levels: Sequence[Codes], child: Codes, number: Codes, k: int) -> Codes:
    """Give the level of every row; `len(levels)` where even the last leaves fewer than k alike.

    `levels` number what the rows show, finest first; `child` numbers the children, `number` orders the rows of one.
    """
    children = int(child.max(initial=-1)) + 1
    level = np.full(children, len(levels), dtype=np.int64)
    for place, shown in enumerate(levels):
        together = _sequences(shown, child, number, children)
        left = level == len(levels)
        alike = np.bincount(together[left], minlength=children + 1)
        level[left & (alike[together] >= k)] = place
    return level[child]


def _sequences(shown: Codes, child: Codes, number: Codes, children: int) -> Codes:
    """Number what children show in all their rows, in order."""
    order = np.lexsort((shown, number, child))
    of_child = child[order]
    start = np.searchsorted(of_child, np.arange(children))
    count = np.bincount(child, minlength=children)
    together: Codes = np.zeros(children, dtype=np.int64)
    for place in range(int(count.max(initial=0))):
        has = count > place
        here = np.zeros(children, dtype=np.int64)
        here[has] = shown[order[start[has] + place]] + 1
        together = _paired(together, here)
    return together


def smallest_class(shown: Iterable[str], child: Iterable[str]) -> int:
    """Prove it on what was written: how few children show the same rows. Shares nothing with `settled`."""
    shows: dict[str, list[str]] = {}
    for who, row in zip(child, shown, strict=True):
        shows.setdefault(who, []).append(row)
    return min(Counter(tuple(sorted(rows)) for rows in shows.values()).values(), default=0)
