"""The MRD results of a case in their order, on a log scale, against the cut-offs at which systems decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from reall.plots.shapes import dot, drawing, finished, line, shape, text

_WIDTH, _LEFT, _TOP, _DECADE = 620.0, 52.0, 12.0, 26.0
_ROOM = 210.0
"""Room for the words of the cut-offs, at the right."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """One result: the levels still possible as fractions of cells, the sensitivity of its assay, and its words.

    `point` is the level where one was measured. `words` are written under the sample, one line each.
    """

    words: tuple[str, ...]
    low: float
    high: float
    point: float | None = None
    sensitivity: float | None = None


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A level at which systems decide, with their names."""

    fraction: float
    words: str


def mrd_samples(levels: Sequence[Level], cut_offs: Sequence[CutOff]) -> str:
    """Draw each result as a point or as the span of levels still possible; empty where there is none.

    A span that reaches the lower edge with an arrow has no lower end; the short bar is the assay's sensitivity.
    """
    if not levels:
        return ""
    floor = _floor(levels, cut_offs)
    foot = _TOP + _DECADE * -floor
    rows = max(len(one.words) for one in levels)
    said = "; ".join(" ".join(one.words) for one in levels)
    svg = drawing("MRD results of the case", width=_WIDTH, height=foot + 12 + 13 * rows, words=said)
    for power in range(floor, 1):
        y = _y(10.0**power)
        line(svg, _LEFT, y, _WIDTH - _ROOM, y, "grid", width=0.6)
        text(svg, _LEFT - 6, y + 4, f"1e{power}" if power else "1", "soft", anchor="end")
    for cut in cut_offs:
        y = _y(cut.fraction)
        line(svg, _LEFT, y, _WIDTH - _ROOM + 6, y, "cut", width=1.2, dash="5 3")
        text(svg, _WIDTH - _ROOM + 10, y + 4, cut.words, "cut-words")
    step = (_WIDTH - _ROOM - _LEFT) / len(levels)
    for i, one in enumerate(levels):
        _level(svg, one, _LEFT + step * (i + 0.5), foot)
        for row, words in enumerate(one.words):
            text(svg, _LEFT + step * (i + 0.5), foot + 15 + 13 * row, words, "soft" if row else "ink", anchor="middle")
    return finished(svg)


def _floor(levels: Sequence[Level], cut_offs: Sequence[CutOff]) -> int:
    """The power of ten at the lower edge: a decade below the smallest number shown."""
    shown = [n for one in levels for n in (one.low, one.point, one.sensitivity, one.high) if n]
    shown += [cut.fraction for cut in cut_offs]
    return math.floor(math.log10(min(shown, default=1e-4)) - 0.5)


def _y(fraction: float) -> float:
    return _TOP - _DECADE * math.log10(fraction)


def _level(svg: Element, one: Level, x: float, foot: float) -> None:
    if one.sensitivity:
        y = _y(one.sensitivity)
        line(svg, x - 12, y, x + 12, y, "mark", width=1.5)
    if one.point:
        dot(svg, x, _y(one.point), 5, "mark")
        return
    top = _y(one.high) if one.high else foot
    bottom = _y(one.low) if one.low else foot
    line(svg, x, top, x, bottom, "band", width=6)
    if not one.low:
        shape(svg, f"M{x - 6:.1f} {bottom - 8:.1f}h12l-6 9z", "band")
