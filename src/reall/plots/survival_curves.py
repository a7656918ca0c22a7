"""Kaplan-Meier curves with their table of children at risk, and curves of cumulative incidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from reall.cohort.outcome_columns import DAYS_PER_YEAR
from reall.cohort.survival.incidence import aalen_johansen
from reall.cohort.survival.observed import CAUSES
from reall.cohort.survival.result import StratumSurvival, Survival
from reall.plots.registry_style import MOST_DRAWN, SMALL, caption, clean, style

_AXIS_POINTS, _ROW_POINTS = 34, 10.5
_MOST_TICKS = 6
_CURVES = 3000
"""Steps of one curve beyond which a picture cannot show them."""


def drawn(found: Survival) -> list[StratumSurvival]:
    """Choose the strata that are drawn: those with children, determined ones first, as many as can be told apart."""
    return [each for each in found.strata if each.n][:MOST_DRAWN]


def not_drawn(found: Survival) -> str:
    """Say which strata are left out of the picture; empty when none are."""
    shown = drawn(found)
    left = [each.stratum.name for each in found.strata if each not in shown]
    return f"Not drawn: {', '.join(left)}." if left else ""


def plot_kaplan_meier(
    ax: Axes, found: Survival, *, horizon: float | None = None, detailed: bool = True, remarks: Sequence[str] = ()
) -> Axes:
    """Draw the curves of a survival result, ticks where children were last seen, and the numbers at risk below.

    `horizon` is in years (default: the longest follow-up). The caveats of the result stand below the picture; so do
    `remarks`. Shaded: log-log intervals, for up to three strata. Without `detailed`, only the curves are drawn: ticks,
    numbers at risk and intervals are of single children. Returns the Axes.
    """
    shown = drawn(found)
    end = horizon or max((each.table.last for each in shown), default=0.0) / DAYS_PER_YEAR or 1.0
    for number, each in enumerate(shown):
        _curve(ax, each, number, end, shaded=len(shown) <= 3, detailed=detailed)  # noqa: PLR2004 - more would overlap
    _axes(ax, end, "share alive" if found.endpoint == "OS" else "share without an event", found)
    below = _risk_table(ax, shown, end) if detailed else _AXIS_POINTS
    caption(ax, [*found.caveats, *remarks, *filter(None, [not_drawn(found)])], below=below)
    return ax


def _curve(ax: Axes, each: StratumSurvival, number: int, end: float, *, shaded: bool, detailed: bool) -> None:
    colour, dash = style(number)
    curve = each.curve
    times, survival = _steps(curve.times / DAYS_PER_YEAR, curve.survival, 1.0, min(curve.last / DAYS_PER_YEAR, end))
    ax.plot(times, survival, drawstyle="steps-post", color=colour, ls=dash, lw=1.5, label=_label(each, detailed))
    if not detailed:
        return
    if shaded and len(curve.times):
        ends = [np.where(np.isnan(e), curve.survival, e) for e in (curve.low, curve.high)]
        last = min(curve.last / DAYS_PER_YEAR, end)
        (at, low), (_, high) = (_steps(curve.times / DAYS_PER_YEAR, e, 1.0, last) for e in ends)
        ax.fill_between(at, low, high, step="post", color=colour, alpha=0.12, lw=0)
    censored = each.table.times[each.table.censored > 0]
    place = np.searchsorted(curve.times, censored, side="right") - 1
    height = np.where(place >= 0, np.r_[curve.survival, 1.0][place], 1.0)
    inside = censored / DAYS_PER_YEAR <= end
    if inside.sum() <= _CURVES:
        ax.plot(censored[inside] / DAYS_PER_YEAR, height[inside], "|", color=colour, ms=4, mew=0.7)


def _steps(
    times: np.ndarray[tuple[int], np.dtype[np.float64]],
    heights: np.ndarray[tuple[int], np.dtype[np.float64]],
    start: float,
    last: float,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Give a step function from 0 to the last observation, thinned where there are more steps than can be seen."""
    kept = times <= last
    times, heights = times[kept], heights[kept]
    if len(times) > _CURVES:
        chosen = np.unique(np.linspace(0, len(times) - 1, _CURVES).astype(np.int64))
        times, heights = times[chosen], heights[chosen]
    final = heights[-1] if len(heights) else start
    return np.r_[0.0, times, last], np.r_[start, heights, final]


def _label(each: StratumSurvival, detailed: bool) -> str:
    events = f", events {each.events:,}" if detailed else ""
    return f"{each.stratum.name}  (n = {each.n:,}{events})"


def _axes(ax: Axes, end: float, meaning: str, found: Survival) -> None:
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1.02)
    ax.set_ylabel(meaning, fontsize=9)
    ax.set_xlabel(f"years from {found.clock_start}", fontsize=9)
    ax.legend(fontsize=SMALL, frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, handlelength=4)
    ax.tick_params(labelsize=8)
    clean(ax)


def _risk_table(ax: Axes, shown: Sequence[StratumSurvival], end: float, *, coloured: bool = True) -> float:
    """Write the children at risk under the axis, one line per stratum. Gives the points used, from the axis down.

    `coloured`: names are in the colours of the curves.
    """
    ticks = _ticks(end)
    ax.set_xticks(ticks)
    _beside(ax, "at risk", _AXIS_POINTS, "#333333")
    for number, each in enumerate(shown):
        down = _AXIS_POINTS + _ROW_POINTS * (number + 1)
        _beside(ax, _short(each.stratum.name), down, style(number)[0] if coloured else "#333333")
        for tick in ticks:
            ax.annotate(
                f"{each.table.at_risk_at(tick * DAYS_PER_YEAR):,}",
                xy=(tick, 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, -down),
                textcoords="offset points",
                va="top",
                ha="center",
                fontsize=SMALL,
            )
    return _AXIS_POINTS + _ROW_POINTS * (len(shown) + 1) + 8


def _beside(ax: Axes, text: str, down: float, colour: str) -> None:
    """Write left of the axis, some points below it."""
    ax.annotate(
        text,
        xy=(0, 0),
        xytext=(-14, -down),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        ha="right",
        fontsize=SMALL,
        color=colour,
    )


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _ticks(end: float) -> list[float]:
    """Choose whole years, or parts of one where follow-up is short.

    >>> _ticks(11.3), _ticks(1.2)
    ([0, 2, 4, 6, 8, 10], [0.0, 0.25, 0.5, 0.75, 1.0])
    """
    for step in (1 / 12, 0.25, 1, 2, 5, 10):
        if end / step < _MOST_TICKS:
            return [step * i for i in range(int(end / step) + 1)]
    return [0.0, end]


def plot_incidence(ax: Axes, found: Survival, *, horizon: float | None = None, remarks: Sequence[str] = ()) -> Axes:
    """Draw the cumulative incidence of every cause that happened; a dash per stratum, a colour per cause.

    For an end point with one cause, its incidence is 1 minus survival. Returns the Axes.
    """
    shown = drawn(found)
    end = horizon or max((each.table.last for each in shown), default=0.0) / DAYS_PER_YEAR or 1.0
    causes = [c for c in range(len(CAUSES[found.endpoint])) if any(each.table.events[c].sum() for each in shown)]
    for number, each in enumerate(shown):
        incidence = aalen_johansen(each.table)
        for place, cause in enumerate(causes):
            line = number if len(causes) == 1 else place
            times, share = _steps(
                incidence.times / DAYS_PER_YEAR, incidence.share[cause], 0.0, min(each.table.last / DAYS_PER_YEAR, end)
            )
            name = CAUSES[found.endpoint][cause].replace("_", " ")
            ax.plot(
                times,
                share,
                drawstyle="steps-post",
                color=style(line)[0],
                ls=style(number)[1],
                lw=1.5,
                label=f"{name}: {each.stratum.name} ({int(each.table.events[cause].sum()):,} of {each.n:,})",
            )
    _axes(ax, end, "share of children", found)
    below = _risk_table(ax, shown, end, coloured=len(causes) == 1)
    caption(ax, [*found.caveats, *remarks, *filter(None, [not_drawn(found)])], below=below)
    return ax
