"""Bands of numbers that no rule can tell apart, so that a band gives the same answers as the number did."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from reall.cohort.columns import Codes, Numbers
from reall.facts.known import AFTER, BEFORE, Edge, Interval
from reall.rules.cells import Axis

_PART = 0.01
"""A band is written as a range with both ends included; an end that is not is moved by this."""


def fine_axis(axis: Axis, step: float, last: float) -> Axis:
    """Cut an axis further, at every multiple of `step` up to `last`."""
    edges: set[Edge] = {(step * i, BEFORE) for i in range(1, int(last / step) + 1)}
    kept = {edge for edge in edges if axis.fact.minimum < edge[0] < axis.fact.maximum}
    return Axis(axis.fact, tuple(sorted({*axis.cuts, *kept})))


def banded(numbers: Numbers, axis: Axis) -> tuple[Codes, pa.Array]:
    """Give the band of every row by number, and the bands as texts; what spans several bands is unknown (the last)."""
    column = numbers.cells(axis)
    texts = [text_of(axis, cell) for cell in range(axis.size)]
    band = np.array([_one_cell(mask, axis.size) for mask in column.masks], dtype=np.int64)
    return band[column.codes], pa.array([*texts, None], pa.string())


def _one_cell(mask: int, size: int) -> int:
    return mask.bit_length() - 1 if mask.bit_count() == 1 else size


def text_of(axis: Axis, cell: int) -> str:
    """Write a band as a table cell that is read again as a range within it."""
    (low, low_side), (high, high_side) = axis.edges(cell)
    if low == high:
        return f"{low:g}"
    first = math.ceil(low / _PART) * _PART + (_PART if low_side == AFTER else 0.0)
    if math.isinf(high) or high == axis.fact.maximum:
        return f">={first:g}"
    end = math.floor(high / _PART) * _PART - (_PART if high_side == BEFORE else 0.0)
    return f"{first:g}..{end:g}" if first < end else f"{low:g}"


def interval_text(known: Interval) -> str:
    """Write an interval as a table cell.

    >>> from reall.facts.known import between
    >>> interval_text(between(0, 1e-4, high_open=True)), interval_text(between(0.1, 0.2))
    ('<0.0001', '0.1..0.2')
    """
    if known.point is not None:
        return repr(known.point)
    (low, low_side), (high, high_side) = known.low, known.high
    if low_side == BEFORE and high_side == AFTER:
        return f"{low!r}..{high!r}"
    return f"<{high:g}" if high_side == BEFORE else f">{low:g}"
