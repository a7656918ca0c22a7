"""Published outcomes side by side: one line per printed figure, never pooled."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reall.library.knowledge import PublishedOutcome

WIDTH_INCHES, ROW_INCHES, MARGIN_INCHES = 7.0, 0.2, 0.5
DRAWN = 12
"""Figures in the small picture; the list beside it is complete."""
PERCENT = 100
_NORMAL_95 = 1.96
"""Standard errors to each side of an estimate in a 95 % interval of a normal distribution."""


def draw_published(ax: Axes, rows: Sequence[PublishedOutcome]) -> None:
    """Draw each figure as a point with its printed interval, or with 1.96 printed standard errors (dashed).

    Percent on the horizontal axis. A figure without any printed uncertainty is a hollow point.
    """
    shown = [row for row in rows if row.estimate_pct is not None]
    for i, row in enumerate(shown):
        low, high, printed = span(row)
        estimate = row.estimate_pct or 0.0
        if low is not None and high is not None:
            ax.plot([low, high], [i, i], color="0.35", linewidth=1.4, linestyle="-" if printed else (0, (3, 2)))
        filled = "black" if low is not None else "white"
        ax.plot([estimate], [i], marker="o", color="black", markerfacecolor=filled, markersize=4)
    ax.set_yticks(range(len(shown)), [label(row) for row in shown], fontsize=6)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlim(0, PERCENT)
    ax.set_xlabel("percent (line: printed interval; dashed: ±1.96 printed standard errors)", fontsize=6)
    ax.tick_params(axis="x", labelsize=6)
    ax.grid(axis="x", color="0.88", linewidth=0.6)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def picture(rows: Sequence[PublishedOutcome]) -> str:
    """Give the small picture as the address of an image inside a page; empty where nothing can be drawn."""
    drawn = [row for row in rows if row.estimate_pct is not None][:DRAWN]
    if not drawn:
        return ""
    figure = Figure(figsize=(WIDTH_INCHES, MARGIN_INCHES + ROW_INCHES * len(drawn)), layout="constrained")
    draw_published(figure.add_subplot(), drawn)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


def span(row: PublishedOutcome) -> tuple[float | None, float | None, bool]:
    """Give the ends of the interval in percent, and whether it is printed; else it is ±1.96 printed standard errors."""
    if row.ci_low_pct is not None and row.ci_high_pct is not None:
        return row.ci_low_pct, row.ci_high_pct, True
    if row.se_pct is not None and row.estimate_pct is not None:
        half = _NORMAL_95 * row.se_pct
        return max(0.0, row.estimate_pct - half), min(float(PERCENT), row.estimate_pct + half), False
    return None, None, False


def label(row: PublishedOutcome) -> str:
    """Name a figure: end point and time, stratum, cohort, n and era."""
    when = f" {row.years:g} y" if row.years is not None else ""
    n = f", n = {row.n}" if row.n is not None else ""
    era = f", {row.era}" if row.era else ""
    return f"{row.endpoint}{when}: {row.stratum} ({row.cohort}{n}{era})"
