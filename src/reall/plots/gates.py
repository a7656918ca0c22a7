"""Draw gates on the events they were applied to: one panel per gate, parents first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.patches import Polygon as Outline
from matplotlib.patches import Rectangle as Box

from reall.mrd.flow.fcs import FcsFile
from reall.mrd.flow.gates import Axis, Combination, Ellipsoid, Gate, GatingScheme, Polygon, Rectangle, axes_of
from reall.mrd.flow.gating import Gated, apply_gates, scaled_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

INSIDE, OUTSIDE, GATE = "#2166ac", "#bbbbbb", "#b2182b"
_MOST_POINTS = 8_000
_COLUMNS = 4
_FLAT = 2  # a panel shows two channels


def draw_gate(axes: Axes, gate: Gate, names: Sequence[str], events: Floats, inside: npt.NDArray[np.bool_]) -> None:
    """Draw the parent's events on the gate's channels (events × 1 or 2), those inside in blue, and its outline."""
    if events.shape[1] == 1:
        _draw_interval(axes, gate, events[:, 0], inside)
    else:
        # Every k-th event, so that the same file gives the same picture.
        step = max(1, len(events) // _MOST_POINTS)
        shown, within = events[::step], inside[::step]
        size = 2 if len(shown) > _MOST_POINTS // 8 else 6
        for events_of_one_kind, colour in ((shown[~within], OUTSIDE), (shown[within], INSIDE)):
            axes.scatter(events_of_one_kind[:, 0], events_of_one_kind[:, 1], s=size, c=colour, lw=0, rasterized=True)
        _outline(axes, gate)
        axes.set_ylabel(names[1], fontsize=8)
    axes.set_xlabel(names[0], fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def draw_target_gates(figure: Figure, file: FcsFile, scheme: GatingScheme) -> Gated:
    """Fill a figure with the gates that lead straight to the level: its targets and what they combine."""
    if scheme.level is None:
        return draw_gates(figure, file, scheme)
    wanted = set(scheme.level.targets)
    for gate in reversed(scheme.gates):
        if gate.name in wanted and isinstance(gate, Combination):
            wanted |= {member.gate for member in gate.members}
            wanted |= {gate.parent} if gate.parent is not None else set()
    return draw_gates(figure, file, scheme, [gate for gate in scheme.gates if gate.name in wanted])


def draw_gates(figure: Figure, file: FcsFile, scheme: GatingScheme, gates: Sequence[Gate] | None = None) -> Gated:
    """Fill a figure with one panel for each of `gates` (all) that looks at channels; give the counts."""
    figure.clear()
    drawn = [gate for gate in (scheme.gates if gates is None else gates) if axes_of(gate)]
    gated = apply_gates(file, scheme, keep=[gate.name for gate in scheme.gates])
    rows = -(-len(drawn) // _COLUMNS)
    panels = figure.subplots(rows, min(_COLUMNS, len(drawn)), squeeze=False).ravel()
    for panel, gate in zip(panels, drawn, strict=False):
        axes = axes_of(gate)[:_FLAT]
        parent = gated.places[gate.parent] if gate.parent is not None else np.arange(file.events)
        inside = np.isin(parent, gated.places[gate.name], assume_unique=True)
        draw_gate(
            panel,
            gate,
            [_name(file, axis) for axis in axes],
            scaled_values(file, scheme, axes)[parent],
            inside,
        )
        more = f" (+{len(axes_of(gate)) - _FLAT} more)" if len(axes_of(gate)) > _FLAT else ""
        outside = "outside: " if gate.complement else ""
        panel.set_title(
            f"{gate.name}{more}\n{outside}{inside.sum():,} of {len(parent):,}\nin {gate.parent or 'all events'}",
            fontsize=7.5,
            loc="left",
        )
    for panel in panels[len(drawn) :]:
        panel.set_visible(False)
    return gated


def save_gates(file: FcsFile, scheme: GatingScheme, path: Path) -> None:
    """Write the picture; the ending of `path` decides the form (PNG, SVG, PDF)."""
    rows = -(-sum(1 for gate in scheme.gates if axes_of(gate)) // _COLUMNS)
    figure = Figure(figsize=(12, 3.1 * rows + 0.4), layout="constrained")
    draw_gates(figure, file, scheme)
    figure.suptitle(f"{file.path.name}: {scheme.name}", x=0.01, ha="left", fontsize=10)
    figure.savefig(path, dpi=130)


def _name(file: FcsFile, axis: Axis) -> str:
    channel = next((one for one in file.channels if axis.detector in (one.detector, one.marker)), None)
    if channel is None or not channel.marker:
        return axis.detector
    return f"{channel.marker} ({channel.detector})"


def _draw_interval(axes: Axes, gate: Gate, values: Floats, inside: npt.NDArray[np.bool_]) -> None:
    bins: list[float] = np.histogram_bin_edges(values, bins=100).tolist()
    axes.hist(values[~inside], bins=bins, color=OUTSIDE, lw=0)
    axes.hist(values[inside], bins=bins, color=INSIDE, lw=0)
    axes.set_ylabel("events", fontsize=8)
    if isinstance(gate, Rectangle):
        for bound in (gate.ranges[0].low, gate.ranges[0].high):
            if bound is not None:
                axes.axvline(bound, color=GATE, lw=1.4)


def _outline(axes: Axes, gate: Gate) -> None:
    match gate:
        case Polygon():
            axes.add_patch(Outline(gate.corners, closed=True, fill=False, ec=GATE, lw=1.4))
        case Rectangle():
            (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
            x, y = gate.ranges[:_FLAT]
            low = (left if x.low is None else x.low, bottom if y.low is None else y.low)
            high = (right if x.high is None else x.high, top if y.high is None else y.high)
            axes.add_patch(Box(low, high[0] - low[0], high[1] - low[1], fill=False, ec=GATE, lw=1.4))
        case Ellipsoid():
            values, vectors = np.linalg.eigh(np.array(gate.covariance)[:_FLAT, :_FLAT])
            width, height = 2 * np.sqrt(gate.distance_squared * values)
            angle = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
            axes.add_patch(
                Ellipse((gate.centre[0], gate.centre[1]), width, height, angle=angle, fill=False, ec=GATE, lw=1.4)
            )
