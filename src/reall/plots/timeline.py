"""Diagnosis, treatment, remission, relapse and samples on one line of time, in months from the first event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from reall.plots.shapes import box, dot, drawing, finished, line, text

_WIDTH, _LEFT, _RIGHT = 620.0, 10.0, 12.0
_LANE, _LETTER = 15.0, 5.9
_STEPS = (1, 2, 3, 6, 12, 24, 48, 60, 120)
_TICKS = 9


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Something that lasted, such as treatment, in months from the start of the line."""

    words: str
    begin: float
    end: float
    kind: str = "band"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened at one time, in months from the start of the line; `main` ones stand out."""

    words: str
    at: float
    main: bool = False


def timeline(stretches: Sequence[Stretch], moments: Sequence[Moment]) -> str:
    """Draw the line of time; empty where nothing on it has a time."""
    times = [t for s in stretches for t in (s.begin, s.end)] + [m.at for m in moments]
    if not times:
        return ""
    first, last = min(0.0, *times), max(*times, min(times) + 1)
    lanes = _lanes(moments, first, last)
    top = 8 + _LANE * (max(lanes, default=-1) + 1)
    height = top + 20 * len(stretches) + 34
    said = "; ".join(
        [*(f"{s.words} {s.begin:.1f} to {s.end:.1f}" for s in stretches), *(f"{m.words} {m.at:.1f}" for m in moments)]
    )
    svg = drawing("Course in months", width=_WIDTH, height=height, words=said)
    _axis(svg, first, last, height - 18)
    for i, one in enumerate(stretches):
        y = top + 20 * i
        begin, end = _x(one.begin, first, last), _x(one.end, first, last)
        box(svg, begin, y, max(end - begin, 2), 14, one.kind, round_=2)
        text(svg, begin + 4 if end - begin > _LETTER * len(one.words) else end + 4, y + 11, one.words)
    for moment, lane in zip(moments, lanes, strict=True):
        _moment(svg, moment, _x(moment.at, first, last), 14 + _LANE * lane, height - 18)
    return finished(svg)


def _x(at: float, first: float, last: float) -> float:
    return _LEFT + (at - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)


def _lanes(moments: Sequence[Moment], first: float, last: float) -> list[int]:
    """Give each moment the lowest lane in which its words touch no others."""
    taken: list[list[tuple[float, float]]] = []
    lanes = []
    for moment in moments:
        left, right = _span(moment, _x(moment.at, first, last))
        lane = next((i for i, spans in enumerate(taken) if all(right < a or left > b for a, b in spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((left, right))
        lanes.append(lane)
    return lanes


def _span(moment: Moment, x: float) -> tuple[float, float]:
    wide = _LETTER * len(moment.words) + 12
    return (x - wide, x) if x + wide > _WIDTH else (x, x + wide)


def _moment(svg: Element, moment: Moment, x: float, y: float, foot: float) -> None:
    line(svg, x, y, x, foot, "grid", dash="2 2")
    dot(svg, x, y - 4, 4 if moment.main else 3, "mark" if moment.main else "band")
    ends = _span(moment, x)[0] < x
    text(svg, x - 7 if ends else x + 7, y, moment.words, anchor="end" if ends else "start", bold=moment.main)


def _axis(svg: Element, first: float, last: float, y: float) -> None:
    line(svg, _LEFT, y, _WIDTH - _RIGHT, y, "grid")
    step = next((s for s in _STEPS if (last - first) / s <= _TICKS), _STEPS[-1])
    tick = int(first // step * step)
    while tick <= last:
        if tick >= first:
            x = _x(tick, first, last)
            line(svg, x, y, x, y + 4, "grid")
            text(svg, x, y + 15, f"{tick}" if tick else "0 months", "soft", anchor="middle" if tick else "start")
        tick += step
