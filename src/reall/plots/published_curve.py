"""Published survival figures over the years: points with their printed intervals, numbered as in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from reall.plots.shapes import dot, drawing, finished, line, text

_WIDTH, _HEIGHT = 620.0, 210.0
_LEFT, _RIGHT, _TOP, _FOOT = 44.0, 14.0, 14.0, 34.0
_PERCENT, _GRID = 100, 20
_APART = 13.0
"""Figures of the same year stand this far beside each other."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One printed figure: percent at some years, with the ends of its interval where printed."""

    number: int
    words: str
    years: float
    percent: float
    low: float | None = None
    high: float | None = None


def published_curve(figures: Sequence[Figure]) -> str:
    """Draw the figures, and nothing between them, for nothing between them was published. Empty without any."""
    if not figures:
        return ""
    said = "; ".join(f"{f.number}: {f.words}" for f in figures)
    svg = drawing("Published figures over the years", width=_WIDTH, height=_HEIGHT, words=said)
    longest = max(5.0, *(f.years for f in figures)) + 0.5
    for percent in range(0, _PERCENT + 1, _GRID):
        line(svg, _LEFT, _y(percent), _WIDTH - _RIGHT, _y(percent), "grid", width=0.6)
        text(svg, _LEFT - 6, _y(percent) + 4, f"{percent} %", "soft", anchor="end")
    step = 1 if longest < _GRID / 2 else 2
    for year in range(0, int(longest) + 1, step):
        text(svg, _x(year, longest), _HEIGHT - _FOOT + 15, str(year), "soft", anchor="middle")
    text(svg, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 5, "years", "soft", anchor="middle")
    for figure in figures:
        same = [f.number for f in figures if f.years == figure.years]
        beside = (same.index(figure.number) - (len(same) - 1) / 2) * _APART
        _figure(svg, figure, _x(figure.years, longest) + beside)
    return finished(svg)


def _x(years: float, longest: float) -> float:
    return _LEFT + years / longest * (_WIDTH - _LEFT - _RIGHT)


def _y(percent: float) -> float:
    return _TOP + (_PERCENT - percent) / _PERCENT * (_HEIGHT - _TOP - _FOOT)


def _figure(svg: Element, figure: Figure, x: float) -> None:
    top = figure.percent
    if figure.low is not None and figure.high is not None:
        line(svg, x, _y(figure.low), x, _y(figure.high), "mark", width=1.5)
        top = figure.high
    dot(svg, x, _y(figure.percent), 4, "mark")
    text(svg, x, max(_y(top) - 4, 10), str(figure.number), anchor="middle", bold=True)
