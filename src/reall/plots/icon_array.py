"""A published share as a picture of 100 children: the printed figure, nothing computed from it."""

from __future__ import annotations

from dataclasses import dataclass

from reall.plots.shapes import box, drawing, finished, shape

CHILDREN, ROW = 100, 20
_CELL, _HEAD, _MARGIN = 13.0, 2.6, 2.0


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of 100 (percent as printed), with the ends of the printed interval where there is one."""

    words: str
    of_100: float
    low: float | None = None
    high: float | None = None


def icon_array(share: Share) -> str:
    """Draw 100 children in rows of 20, as many of them filled as the figure says; a fraction fills a child in part.

    Where an interval is printed, a bar under the children spans it.
    """
    width = ROW * _CELL + 2 * _MARGIN
    height = CHILDREN / ROW * (_CELL + 4) + 2 * _MARGIN
    svg = drawing("Picture of 100 children", width=width, height=height, words=share.words)
    paths: dict[str, list[str]] = {"pale": [], "mark": [], "band": []}
    for child in range(CHILDREN):
        row, place = divmod(child, ROW)
        x, y = _MARGIN + place * _CELL, _MARGIN + row * (_CELL + 4)
        doubt = _doubt(child, share)
        filled = min(max(share.of_100 - child, 0.0), 1.0)
        kind = "pale" if filled < 1 else "band" if doubt else "mark"
        paths[kind].append(_outline(x + _CELL / 2, y))
        if 0 < filled < 1:
            box(svg, x + 3, y + 15 - 12 * filled, _CELL - 6, 12 * filled, "band" if doubt else "mark")
        if doubt:
            box(svg, x + 2, y + 15.2, _CELL - 4, 1.2, "mark")
    for kind, outlines in paths.items():
        if outlines:
            shape(svg, "".join(outlines), kind)
    return finished(svg)


def _doubt(child: int, share: Share) -> bool:
    """Say whether the printed interval leaves this child open."""
    return share.low is not None and share.high is not None and share.low < child + 1 and child < share.high


def _outline(middle: float, top: float) -> str:
    """A head over a body, as one path."""
    head = (
        f"M{middle - _HEAD:.1f} {top + 3:.1f}a{_HEAD} {_HEAD} 0 1 0 {2 * _HEAD} 0a{_HEAD} {_HEAD} 0 1 0 {-2 * _HEAD} 0z"
    )
    return f"{head}m{_HEAD - 4:.1f} 11.5v-4a4 3.6 0 0 1 8 0v4z"
