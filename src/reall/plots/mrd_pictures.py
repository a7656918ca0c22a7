"""The pictures of an MRD result for every page that shows one."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from reall.base.written import translatable
from reall.mrd.flow.fcs import FcsFile
from reall.mrd.flow.gates import GatingScheme
from reall.mrd.ngs.course import NgsCourse
from reall.plots.clonotypes import draw_clonotypes
from reall.plots.gates import draw_target_gates
from reall.plots.mrd_course import plot_mrd_course
from reall.plots.mrd_curve import plot_standard_curve
from reall.plots.mrd_level import plot_level

_SETTINGS = threading.Lock()  # matplotlib's settings are the process's own, and a service draws in several threads


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture as SVG text, and what it shows: in one line, and in words where the picture says more."""

    title: str
    svg: str
    words: str = ""


def pictures_of_result(result: Mapping[str, Any]) -> list[Drawing]:
    """Draw one result of `reall.mrd/1`: its standard curve, where there is one, and its level."""
    pictures = []
    if result.get("assay"):
        draw = functools.partial(plot_standard_curve, assay=result["assay"], wells=result.get("wells"))
        pictures.append(Drawing(title=translatable("Standard curve and wells"), svg=_svg(draw, height=2.5)))
    if result.get("interval"):
        level = _svg(lambda axes: plot_level(axes, result), height=1.2)
        pictures.append(Drawing(title=translatable("Level with its interval, on a scale of powers of ten"), svg=level))
    return pictures


def picture_of_gates(tube: FcsFile, scheme: GatingScheme) -> Drawing:
    """Draw the gates that lead to the target events."""
    svg = _svg(lambda axes: draw_target_gates(axes.figure, tube, scheme), height=2.6)
    return Drawing(title=translatable("Gates that lead to the target events"), svg=svg)


def picture_of_clonotypes(course: NgsCourse) -> Drawing:
    """Draw the shares of markers and growing clonotypes over time."""
    svg = _svg(lambda axes: draw_clonotypes(axes, course), width=9.0, height=3.5)
    return Drawing(title=translatable("Clonotypes over time"), svg=svg)


def picture_of_course(course: Mapping[str, Any]) -> Drawing:
    """Draw the MRD results of one patient over time."""
    svg = _svg(lambda axes: plot_mrd_course(axes, course), width=8.5, height=4.0)
    return Drawing(title=translatable("MRD over time"), svg=svg)


def _svg(draw: Callable[[Any], Any], *, width: float = 7.0, height: float = 3.4) -> str:
    """Draw into a figure of its own and give it as SVG text, the same for the same input."""
    with _SETTINGS, mpl.rc_context({"svg.hashsalt": "reall"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
