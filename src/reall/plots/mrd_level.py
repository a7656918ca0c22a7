"""One result on one line: where the level lies, what the sample could show, where numbers may be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

_INK, _RANGE, _LIMIT = "#1b4965", "#cfe8ef", "#c1121f"


def plot_level(ax: Axes, result: Mapping[str, Any]) -> Axes:
    """Draw interval, level, sensitivity and quantitative range of a `reall.mrd/1` result; return the Axes."""
    interval, span = result.get("interval"), result.get("quantitative_range")
    sensitivity, level = result.get("sensitivity_fraction"), result.get("level_fraction")
    shown = [value for value in (level, sensitivity, *(interval or ()), *(span or ())) if value]
    floor = min(shown, default=1e-5) / 10
    ax.set_xscale("log")
    ax.set_xlim(floor, 1.5)
    ax.set_ylim(-1, 1)
    if span:
        ax.axvspan(span[0], span[1], color=_RANGE, lw=0, label="quantitative range")
    if sensitivity:
        ax.axvline(sensitivity, color=_LIMIT, ls="--", lw=1, label="sensitivity of this sample")
    if interval:
        ax.plot([max(interval[0], floor), interval[1]], [0, 0], "-", color=_INK, lw=4, label="level lies here")
    if level:
        ax.plot(level, 0, "o", color=_INK, ms=8)
    ax.set_yticks([])
    ax.set_xlabel(f"share of {result.get('denominator') or 'cells'}")
    ax.spines[["top", "right", "left"]].set_visible(False)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=7, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
