"""Pictures of a comparison: forest of differences or hazard ratios, calibration against published, alluvial flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from reall.cohort.compare.published import Beside, printed_error
from reall.cohort.survival.kaplan_meier import standard_errors
from reall.plots.registry_style import COLOURS, HATCHES, MARKERS, MOST_DRAWN, SMALL, caption, clean

_PERCENT = 100
_BELOW = 34


@dataclass(frozen=True, kw_only=True)
class ForestRow:
    """One line of a forest: a value with its interval; hollow where there is none. `right` is written beside it."""

    label: str
    value: float
    interval: tuple[float, float] | None
    right: str = ""


def plot_forest(
    ax: Axes, rows: Sequence[ForestRow], *, none_at: float, axis: str, log: bool = False, remarks: Sequence[str] = ()
) -> Axes:
    """Draw values with intervals under each other; the line at `none_at` means no difference. Returns the Axes."""
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for place, row in enumerate(rows):
        if row.interval:
            ax.plot(row.interval, [place, place], "-", color="0.25", lw=1.4)
        ax.plot([row.value], [place], "s", color="black", mfc="black" if row.interval else "white", ms=5)
        ax.annotate(row.right, xy=(1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=SMALL)
    ax.axvline(none_at, color="0.4", lw=0.9, ls=(0, (4, 2)))
    ax.set_yticks(range(len(rows)), [row.label for row in rows], fontsize=SMALL)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(axis, fontsize=9)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(axis="x", color="0.9", lw=0.6)
    ax.set_axisbelow(True)
    clean(ax)
    caption(ax, remarks, below=_BELOW)
    return ax


def plot_calibration(ax: Axes, rows: Sequence[Beside], *, remarks: Sequence[str] = ()) -> Axes:
    """Draw the registry's own figure against each published one, in percent, with both intervals. Returns the Axes.

    On the diagonal both are alike. Marker and shade say the study; a number beside it, the line of the list.
    """
    shown = [row for row in rows if row.own.value is not None and row.published.estimate_pct is not None]
    studies = list(dict.fromkeys(row.published.citation.source for row in shown))
    ax.plot([0, _PERCENT], [0, _PERCENT], color="0.4", lw=0.9, ls=(0, (4, 2)))
    for number, row in enumerate(shown, start=1):
        _point(ax, row, studies.index(row.published.citation.source), number)
    for place, name in enumerate(studies):
        ax.plot([], [], MARKERS[place % MOST_DRAWN], color=COLOURS[place % MOST_DRAWN], ls="", ms=5, label=name)
    ax.set_xlim(0, _PERCENT)
    ax.set_ylim(0, _PERCENT)
    ax.set_aspect("equal")
    ax.set_xlabel("published, percent", fontsize=9)
    ax.set_ylabel("this registry, percent", fontsize=9)
    ax.tick_params(labelsize=8)
    ax.legend(fontsize=SMALL, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    clean(ax)
    caption(ax, remarks, below=_BELOW)
    return ax


def _point(ax: Axes, row: Beside, study: int, number: int) -> None:
    x, y = row.published.estimate_pct or 0.0, _PERCENT * (row.own.value or 0.0)
    colour = COLOURS[study % MOST_DRAWN]
    if row.own.interval:
        ax.plot([x, x], [_PERCENT * end for end in row.own.interval], "-", color=colour, lw=0.7, alpha=0.6)
    error = printed_error(row.published)
    if error is not None:
        half = _PERCENT * standard_errors() * error
        ax.plot([max(0.0, x - half), min(float(_PERCENT), x + half)], [y, y], "-", color=colour, lw=0.7, alpha=0.6)
    ax.plot([x], [y], MARKERS[study % MOST_DRAWN], color=colour, ms=5, clip_on=False)
    ax.annotate(str(number), xy=(x, y), xytext=(3, 3), textcoords="offset points", fontsize=6)


def plot_alluvial(
    ax: Axes,
    systems: Sequence[str],
    flows: Mapping[tuple[str, ...], int],
    order: Mapping[str, Sequence[str]],
    *,
    remarks: Sequence[str] = (),
) -> Axes:
    """Draw how children move between the groups of neighbouring systems; a band's height is their number.

    `flows` counts children by their groups, one per system; `order` gives the groups of a system from top to bottom.
    Bands keep the shade and hatch of the first system's group. Returns the Axes.
    """
    total = sum(flows.values()) or 1
    groups = [_groups(place, system, flows, order) for place, system in enumerate(systems)]
    tops = [_tops(own, total) for own in groups]
    for place in range(len(systems) - 1):
        _bands(ax, place, groups, tops, flows)
    for place, own in enumerate(groups):
        for name, many in own.items():
            low = tops[place][name] - many / total
            ax.add_patch(Rectangle((place - 0.06, low), 0.12, many / total, fc="white", ec="black", lw=0.8))
            ax.annotate(
                f"{name} ({many:,})",
                xy=(place, low + many / total / 2),
                ha="center",
                va="center",
                fontsize=SMALL,
                bbox={"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85},
            )
    ax.set_xlim(-0.35, len(systems) - 0.65)
    ax.set_xticks(range(len(systems)), systems, fontsize=8)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    lowest = min(tops[place][name] - many / total for place, own in enumerate(groups) for name, many in own.items())
    ax.set_ylim(lowest - 0.02, 1.02)
    caption(ax, remarks, below=8)
    return ax


_GAP = 0.03


def _groups(
    place: int, system: str, flows: Mapping[tuple[str, ...], int], order: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Count one system's groups, in order."""
    counts: dict[str, int] = {}
    for key, many in flows.items():
        counts[key[place]] = counts.get(key[place], 0) + many
    known = [name for name in order.get(system, ()) if name in counts]
    return {name: counts[name] for name in (*known, *sorted(set(counts) - set(known)))}


def _tops(groups: Mapping[str, int], total: int) -> dict[str, float]:
    """Give the upper edge of each group's box, from 1 downward, with gaps between."""
    edge, tops = 1.0, {}
    for name, many in groups.items():
        tops[name] = edge
        edge -= many / total + _GAP
    return tops


def _bands(
    ax: Axes,
    place: int,
    groups: Sequence[Mapping[str, int]],
    tops: Sequence[Mapping[str, float]],
    flows: Mapping[tuple[str, ...], int],
) -> None:
    """Draw the bands between one system and the next, each first group in its own shade."""
    pairs: dict[tuple[str, str, str], int] = {}
    for key, many in flows.items():
        pair = (key[place], key[place + 1], key[0])
        pairs[pair] = pairs.get(pair, 0) + many
    total = sum(flows.values()) or 1
    rank = [list(own) for own in groups]

    def by_place(item: tuple[str, str, str]) -> tuple[int, int, int]:
        return rank[place].index(item[0]), rank[place + 1].index(item[1]), rank[0].index(item[2])

    left, right = dict(tops[place]), dict(tops[place + 1])
    for key in sorted(pairs, key=by_place):
        height = pairs[key] / total
        shade = rank[0].index(key[2]) % MOST_DRAWN
        patch = PathPatch(
            _band(place, left[key[0]], right[key[1]], height),
            fc=COLOURS[shade], alpha=0.35, hatch=HATCHES[shade], ec="white", lw=0.3,
        )  # fmt: skip
        ax.add_patch(patch)
        left[key[0]] -= height
        right[key[1]] -= height


def _band(place: int, left: float, right: float, height: float) -> Path:
    """Give the outline of a band that bends between two boxes."""
    start, end, middle = place + 0.06, place + 0.94, place + 0.5
    points = [
        (start, left), (middle, left), (middle, right), (end, right),
        (end, right - height), (middle, right - height), (middle, left - height), (start, left - height), (start, left),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path(np.array(points), codes)
