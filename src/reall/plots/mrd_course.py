"""MRD over time on a log scale, with what each sample could have shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import nan
from typing import Any

from matplotlib.axes import Axes

_COLOURS = ("#1b4965", "#c1121f", "#2a9d8f", "#e09f3e", "#6a4c93")
_TOP = 1.0
_BESIDE = 0.012  # share of the time axis by which methods stand beside each other


def plot_mrd_course(ax: Axes, course: Mapping[str, Any]) -> Axes:
    """Draw a course of schema `reall.mrd_course/1`.

    Filled: quantified, with its interval. Open triangle at the upper end of what is possible: detected but
    not quantifiable. Arrow down from the sensitivity: negative. Bars at the foot of each point show
    sensitivity and quantitative range. Lines connect neighbouring levels of one method only. Returns the
    Axes.
    """
    series = course["series"]
    floor = _floor(series)
    days = [m["day"] for one in series for m in one["measurements"]]
    beside = _BESIDE * (max(days) - min(days)) if days else 0.0
    for index, one in enumerate(series):
        colour, shift = _COLOURS[index % len(_COLOURS)], index * beside
        # A gap in the line: what lies between two levels is not known when a sample between them has none.
        levels = [m["level_fraction"] or nan for m in one["measurements"]]
        ax.plot([m["day"] + shift for m in one["measurements"]], levels, "-", color=colour, lw=1, alpha=0.6)
        ax.plot([], [], "-o", color=colour, label=f"{one['method']}, {one['tissue']}")
        for m in one["measurements"]:
            _draw(ax, m, m["day"] + shift, colour, floor)
    for cut, name in _cuts(series):
        ax.axhline(cut, color="#444444", lw=0.8, ls=":")
        ax.annotate(name, (1, cut), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
    ax.set_yscale("log")
    ax.set_ylim(floor, _TOP * 1.5)
    ax.margins(x=0.08)
    ax.set_xlabel("day")
    ax.set_ylabel("leukaemic cells per cell")
    ax.set_title("MRD course", loc="left", fontsize=10)
    _legend(ax)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _draw(ax: Axes, m: Mapping[str, Any], day: float, colour: str, floor: float) -> None:
    interval = m["interval"]
    if m["quantitative_range"]:
        low, high = m["quantitative_range"]
        ax.plot([day, day], [low, high], "-", color=colour, lw=7, alpha=0.12, solid_capstyle="butt")
    if m["sensitivity_fraction"]:
        ax.plot(day, m["sensitivity_fraction"], "_", color=colour, ms=12, mew=1.2)
    if m["level_fraction"] and interval:
        known = m["class"] == "quantified"
        low, high = max(interval[0], floor), interval[1]
        ax.plot([day, day], [low, high], "-", color=colour, lw=1.4)
        ax.plot(day, m["level_fraction"], "o", color=colour, mfc=colour if known else "white", ms=6)
    elif interval and m["class"] == "negative":
        ax.annotate(
            "",
            (day, floor * 1.3),
            (day, interval[1]),
            arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.4},
        )
        ax.plot(day, interval[1], "_", color=colour, ms=12, mew=2)
    elif interval:
        ax.plot([day, day], [max(interval[0], floor), interval[1]], "--", color=colour, lw=1.2)
        ax.plot(day, interval[1], "v", color=colour, mfc="white", ms=7)
    else:
        ax.plot(day, floor * 1.6, "x", color=colour, ms=6)


def _legend(ax: Axes) -> None:
    grey = "#555555"
    ax.plot([], [], "o", color=grey, label="quantified, with interval")
    ax.plot([], [], "o", color=grey, mfc="white", label="level without a call")
    ax.plot([], [], "v", color=grey, mfc="white", label="detected, not quantifiable")
    ax.plot([], [], marker=r"$\downarrow$", ls="", color=grey, label="negative: below this sample's sensitivity")
    ax.plot([], [], "-", color=grey, lw=7, alpha=0.25, label="quantitative range")
    ax.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _floor(series: Iterable[Mapping[str, Any]]) -> float:
    """One decade below the smallest number that is shown."""
    shown = [
        value
        for one in series
        for m in one["measurements"]
        for value in (m["level_fraction"], m["sensitivity_fraction"], *(m["interval"] or ()))
        if value
    ]
    return min(shown, default=1e-5) / 10


def _cuts(series: Iterable[Mapping[str, Any]]) -> list[tuple[float, str]]:
    """Cut-offs that a sample may be compared with, each once; those of other methods are not drawn."""
    names: dict[float, list[str]] = {}
    for one in series:
        for verdict in one["decision_points"]:
            if verdict["answer"] != "not_comparable":
                names.setdefault(verdict["cut_off_fraction"], []).append(verdict["decision_point"].split(":")[0])
    return [(cut, f"{', '.join(dict.fromkeys(found))}: {cut:g}") for cut, found in sorted(names.items())]
