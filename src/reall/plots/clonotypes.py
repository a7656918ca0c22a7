"""Draw clonotypes over time: markers, standards, and the clones that alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from reall.mrd.intervals import poisson_upper_limit
from reall.mrd.ngs.course import NgsCourse
from reall.mrd.ngs.repertoire import Clonotype, Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEGEND = "red: growing and not tracked   grey, dashed: spiked-in standard"
_LABEL_GAP = 0.055  # of the height of the axes, so that names at the right do not overlap


def draw_clonotypes(axes: Axes, course: NgsCourse) -> None:
    """Draw shares of all reads on a logarithmic axis, over days where they are known.

    A clonotype that was not seen is drawn as an open triangle at the 95 % upper limit of its share: nothing is
    drawn at zero.
    """
    samples = course.repertoire.samples
    days = [sample.day for sample in samples if sample.day is not None]
    on_days = len(days) == len(samples)
    places = days if on_days else [float(number) for number in range(1, len(samples) + 1)]
    limits = [poisson_upper_limit(0) / sample.reads for sample in samples]
    axes.fill_between(places, min(limits) / 10, limits, color="#eeeeee", lw=0)
    axes.set_yscale("log")
    axes.set_ylim(min(limits) / 3, 1.5)
    ends = [
        (_line(axes, course, one, places, limits=limits, look=look), one.name, look.colour)
        for one, look in _chosen(course)
    ]
    for alert in course.alerts:
        share = course.repertoire.share(alert.clonotype, alert.sample)
        axes.plot(places[alert.sample], share, "o", ms=11, mfc="none", mec=ALERT.colour, mew=1.6)
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.set_xlabel("day" if on_days else "sample")
    axes.set_ylabel("share of all reads")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", lw=0.4, color="#dddddd")
    _name_lines(axes, ends)
    for height, text in ((0.015, "▽ not seen: 95 % upper limit"), (0.96, _LEGEND)):
        axes.text(0.01, height, text, transform=axes.transAxes, fontsize=7.5, color="#555555")


@dataclass(frozen=True)
class _Look:
    colour: str
    style: str
    width: float


ALERT = _Look("#b2182b", "-", 2.2)
STANDARD = _Look("#999999", "--", 1.0)
MARKERS = tuple(
    _Look(colour, "-", 1.4) for colour in ("#2166ac", "#4d9221", "#7b3294", "#01665e", "#8c510a", "#542788")
)


def _chosen(course: NgsCourse) -> Iterator[tuple[Clonotype, _Look]]:
    """Give the two largest standards, all markers, and the clones that alert, with how to draw them."""
    standards = [one for one in course.repertoire.clonotypes if one.role is Role.STANDARD]
    for one in sorted(standards, key=lambda one: -max(one.reads))[:2]:
        yield one, STANDARD
    for number, one in enumerate(course.markers):
        yield one, MARKERS[number % len(MARKERS)]
    for alert in course.alerts:
        yield alert.clonotype, ALERT


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
    *,
    limits: Sequence[float],
    look: _Look,
) -> float:
    """Draw one clonotype; give its height in the last sample."""
    heights = [
        course.repertoire.share(one, sample) if reads else limits[sample] for sample, reads in enumerate(one.reads)
    ]
    axes.plot(places, heights, color=look.colour, ls=look.style, lw=look.width, zorder=2)
    for was_seen, form, fill in ((True, "o", look.colour), (False, "v", "white")):
        picked = [sample for sample, reads in enumerate(one.reads) if bool(reads) is was_seen]
        x, y = [places[sample] for sample in picked], [heights[sample] for sample in picked]
        axes.plot(x, y, form, ms=5, mfc=fill, mec=look.colour, zorder=3)
    return heights[-1]


def _name_lines(axes: Axes, names: Sequence[tuple[float, str, str]]) -> None:
    """Write the names at the right end of the lines, pushed apart where lines end together."""
    heights: list[float] = []
    for height, name, colour in sorted(names):
        place = axes.transAxes.inverted().transform(axes.transData.transform((0, height)))[1]
        place = max(place, heights[-1] + _LABEL_GAP) if heights else place
        heights.append(place)
        short = name if len(name) <= 34 else f"{name[:31]}…"  # noqa: PLR2004 - fits beside the axes
        axes.annotate(
            short, (1.01, place), xycoords="axes fraction", fontsize=7.5, color=colour, va="center",
            annotation_clip=False,
        )  # fmt: skip
