"""Draw clonotypes over time: markers, standards, and the clones that alert."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from reall.mrd.intervals import poisson_upper_limit
from reall.mrd.ngs.course import NgsCourse
from reall.mrd.ngs.repertoire import Clonotype, Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALERT_COLOUR = "#b2182b"
MARKER_COLOURS = ("#2166ac", "#4d9221", "#7b3294", "#01665e", "#8c510a", "#542788")
STANDARD_COLOUR = "#999999"
_LABEL_GAP = 0.055  # of the height of the axes, so that names at the right do not overlap


def draw_clonotypes(axes: Axes, course: NgsCourse) -> None:
    """Draw shares of all reads on a logarithmic axis, over days where they are known.

    A clonotype that was not seen is drawn as an open triangle at the 95 % upper limit of its share: nothing is
    drawn at zero.
    """
    repertoire = course.repertoire
    known_days = [sample.day for sample in repertoire.samples if sample.day is not None]
    places = known_days if len(known_days) == len(repertoire.samples) else list(range(len(repertoire.samples)))
    limits = [poisson_upper_limit(0) / sample.reads for sample in repertoire.samples]
    axes.fill_between(places, min(limits) / 10, limits, color="#eeeeee", lw=0)
    names: list[tuple[float, str, str]] = []
    alerting = [alert.clonotype for alert in course.alerts]
    standards = [one for one in repertoire.clonotypes if one.role is Role.STANDARD]
    largest = sorted(standards, key=lambda one: -max(one.reads))[:2]
    for one in largest:
        names.append((_line(axes, course, one, places, limits, STANDARD_COLOUR, "--", 1.0), one.name, STANDARD_COLOUR))
    for number, one in enumerate(course.markers):
        colour = MARKER_COLOURS[number % len(MARKER_COLOURS)]
        names.append((_line(axes, course, one, places, limits, colour, "-", 1.4), one.name, colour))
    for one in alerting:
        names.append((_line(axes, course, one, places, limits, ALERT_COLOUR, "-", 2.2), one.name, ALERT_COLOUR))
    for alert in course.alerts:
        share = repertoire.share(alert.clonotype, alert.sample)
        axes.plot(places[alert.sample], share, marker="o", ms=11, mfc="none", mec=ALERT_COLOUR, mew=1.6, ls="none")
    axes.set_yscale("log")
    axes.set_ylim(min(limits) / 3, 1.5)
    axes.set_xticks(places, [f"{place:g}" if known_days else str(place + 1) for place in places])
    axes.set_xlabel("day" if known_days else "sample")
    axes.set_ylabel("share of all reads")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", lw=0.4, color="#dddddd")
    _name_lines(axes, names)
    axes.text(0.01, 0.015, "▽ not seen: 95 % upper limit", transform=axes.transAxes, fontsize=7.5, color="#555555")
    axes.text(
        0.01, 0.99, "red: growing and not tracked   grey, dashed: spiked-in standard",
        transform=axes.transAxes, fontsize=7.5, color="#555555", va="top",
    )  # fmt: skip


def save_clonotypes(course: NgsCourse, path: Path) -> None:
    """Write the picture; the ending of `path` decides the form (PNG, SVG, PDF)."""
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    axes = figure.subplots()
    draw_clonotypes(axes, course)
    axes.set_title(f"Clonotypes over time: {course.repertoire.source}", loc="left", fontsize=10)
    figure.savefig(path, dpi=150)


def _line(
    axes: Axes,
    course: NgsCourse,
    one: Clonotype,
    places: Sequence[float],
    limits: Sequence[float],
    colour: str,
    style: str,
    width: float,
) -> float:
    """Draw one clonotype; give its height in the last sample."""
    shares = [course.repertoire.share(one, sample) for sample in range(len(places))]
    heights = [share if reads else limit for share, reads, limit in zip(shares, one.reads, limits, strict=True)]
    axes.plot(places, heights, color=colour, ls=style, lw=width, zorder=2)
    seen = [sample for sample, reads in enumerate(one.reads) if reads]
    unseen = [sample for sample, reads in enumerate(one.reads) if not reads]
    axes.plot([places[s] for s in seen], [heights[s] for s in seen], "o", ms=4, color=colour, zorder=3)
    axes.plot([places[s] for s in unseen], [heights[s] for s in unseen], "v", ms=6, mfc="white", mec=colour, zorder=3)
    return heights[-1]


def _name_lines(axes: Axes, names: Sequence[tuple[float, str, str]]) -> None:
    """Write the names at the right end of the lines, pushed apart where lines end together."""
    heights = []
    for height, name, colour in sorted(names):
        place = axes.transAxes.inverted().transform(axes.transData.transform((0, height)))[1]
        place = max(place, heights[-1] + _LABEL_GAP) if heights else place
        heights.append(place)
        short = name if len(name) <= 34 else f"{name[:31]}…"  # noqa: PLR2004 - fits beside the axes
        axes.annotate(
            short, (1.01, place), xycoords="axes fraction", fontsize=7.5, color=colour, va="center",
            annotation_clip=False,
        )  # fmt: skip
