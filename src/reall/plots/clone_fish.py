"""The fish plot: clones over time, from before diagnosis to relapse.

Only the samples are measured. The width of the leukaemia is symbolic throughout (full at diagnosis and
relapse, narrow in remission), and the shape between samples is interpolated; the picture says so in its own
margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from reall.base.written import percent
from reall.clones.model import Role, Story
from reall.plots.clone_style import best_tree, colour_of, columns_in_time

Floats = NDArray[np.float64]

DECLARED = "Measured at the vertical lines only. Between them the shape is interpolated; widths are symbolic."
_REMISSION_WIDTH = 0.12
_STEPS = 60  # points drawn between two samples
_SEEN = 0.001
_LABELLED_FROM = 0.012  # height of a band that still takes a number


@dataclass(frozen=True)
class _Moment:
    label: str
    width: float
    column: int | None  # sample column; None where nothing was sequenced


def draw_fish(ax: Axes, story: Story) -> Axes:
    """Draw the clones of the most probable tree as nested bands into `ax`."""
    tree = best_tree(story)
    moments = _moments(story)
    times = np.arange(len(moments), dtype=float)
    grid = np.linspace(0, len(moments) - 1, _STEPS * (len(moments) - 1) + 1)
    width = PchipInterpolator(times, [moment.width for moment in moments])(grid)
    bands = _bands(tree.parents, _fractions(tree.ccf, tree.parents, moments, grid) * width)
    for node in _from_root(tree.parents):
        low, high = bands[node]
        shown = high - low > _SEEN
        ax.fill_between(grid, low, high, where=shown.tolist(), color=colour_of(node), linewidth=0)
    _label_bands(ax, tree.parents, bands, moments)
    for at, moment in enumerate(moments[1:], start=1):
        measured = moment.column is not None
        ax.axvline(at, color="#444444", linewidth=1.0, linestyle="-" if measured else ":", zorder=5)
    ax.set_xticks(range(1, len(moments)), [moment.label for moment in moments[1:]])
    ax.set_yticks([])
    ax.set_xlim(0, len(moments) - 1 + 0.03)
    ax.set_ylim(-0.56, 0.56)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.set_title(f"Under the most probable tree ({percent(tree.probability)})", loc="left")
    ax.set_xlabel(DECLARED, fontsize=7)
    return ax


def describe_fish(story: Story) -> str:
    """Say in words which clones the samples hold, and what is drawn but not measured."""
    tree = best_tree(story)
    parts = []
    for moment in _moments(story)[1:]:
        if moment.column is None:
            parts.append("remission: not sequenced, drawn narrow")
            continue
        held = [
            f"cluster {node} in {percent(float(tree.ccf[node - 1, moment.column]))}"
            for node in _from_root(tree.parents)
            if tree.ccf[node - 1, moment.column] > _SEEN
        ]
        parts.append(f"{moment.label}: " + (", ".join(held) or "no clone seen"))
    return f"Clones over time. {'; '.join(parts)} of cells. {DECLARED}"


def _moments(story: Story) -> list[_Moment]:
    """List the start, then one moment per diagnosis, remission and relapse, with a remission put in where none was."""
    samples = story.reads.samples
    chosen = [
        column
        for column in columns_in_time(story)
        if samples[column].role in {Role.REMISSION, Role.RELAPSE}
        or (samples[column].role is Role.DIAGNOSIS and samples[column].number == 1)
    ]
    moments = [_Moment("", 0.01, None)]
    before: Role | None = None
    for column in chosen:
        role = samples[column].role
        if before in {Role.DIAGNOSIS, Role.RELAPSE} and role is Role.RELAPSE:
            moments.append(_Moment("remission\n(not sequenced)", _REMISSION_WIDTH, None))
        moments.append(_Moment(samples[column].name, _REMISSION_WIDTH if role is Role.REMISSION else 1.0, column))
        before = role
    return moments


def _fractions(ccf: Floats, parents: tuple[int, ...], moments: list[_Moment], grid: Floats) -> Floats:
    """Interpolate (K, T) fractions of the leukaemia, then keep the children of a clone within it."""
    times = np.arange(len(moments), dtype=float)
    whole = np.array([_whole(ccf, parents, moment.column) for moment in moments])
    fractions = np.zeros((len(parents), len(grid)))
    for node in range(len(parents)):
        values = np.array(
            [np.nan if m.column is None else ccf[node, m.column] / whole[at] for at, m in enumerate(moments)]
        )
        founder = parents[node] == 0
        values[0] = values[1] if founder else 0.0  # before diagnosis a founder is all there is
        for at in np.flatnonzero(np.isnan(values)):
            later = values[at + 1] if at + 1 < len(values) else values[at - 1]
            # In a remission that nobody sequenced the shares before and after meet half-way on a logarithmic scale.
            values[at] = np.sqrt(max(values[at - 1], _SEEN) * max(later, _SEEN))
        fractions[node] = np.clip(PchipInterpolator(times, values)(grid), 0, 1)
    for node in _from_root(parents):
        below = [child - 1 for child, parent in enumerate(parents, start=1) if parent == node]
        if below:
            room = fractions[node - 1]
            total = fractions[below].sum(axis=0)
            fractions[below] *= np.minimum(1.0, room / np.maximum(total, 1e-12))
    return fractions


def _whole(ccf: Floats, parents: tuple[int, ...], column: int | None) -> float:
    """Give the share of all cells that are leukaemic in a sample: the clones that descend from normal cells."""
    if column is None:
        return 1.0
    return max(1e-9, float(sum(ccf[node, column] for node, parent in enumerate(parents) if parent == 0)))


def _bands(parents: tuple[int, ...], heights: Floats) -> dict[int, tuple[Floats, Floats]]:
    """Stack each clone's children inside it with even gaps; gives lower and upper edge per node, 0 the whole."""
    founders = [node for node, parent in enumerate(parents, start=1) if parent == 0]
    whole = heights[[node - 1 for node in founders]].sum(axis=0)
    bands = {0: (-whole / 2, whole / 2)}
    for node in (0, *_from_root(parents)):
        below = [child for child, parent in enumerate(parents, start=1) if parent == node]
        if not below:
            continue
        low, high = bands[node]
        gap = np.maximum(0, (high - low) - sum(heights[child - 1] for child in below)) / (len(below) + 1)
        edge = low + gap
        for child in below:
            bands[child] = (edge, edge + heights[child - 1])
            edge = edge + heights[child - 1] + gap
    bands.pop(0)
    return bands


def _from_root(parents: tuple[int, ...]) -> list[int]:
    """List nodes so that a parent comes before its children."""
    order: list[int] = []
    frontier = [0]
    while frontier:
        node = frontier.pop(0)
        below = [child for child, parent in enumerate(parents, start=1) if parent == node]
        order += below
        frontier += below
    return order


def _label_bands(
    ax: Axes, parents: tuple[int, ...], bands: dict[int, tuple[Floats, Floats]], moments: list[_Moment]
) -> None:
    """Write each cluster's number into the tallest part of it that no other clone covers, at a measured sample."""
    for node, (low, high) in bands.items():
        below = [bands[child] for child, parent in enumerate(parents, start=1) if parent == node]
        free: list[tuple[float, float, int]] = []  # height, middle, moment
        for at in (step for step, moment in enumerate(moments) if moment.column is not None):
            index = at * _STEPS
            inner = [float(edge[index]) for band in below for edge in band]
            edges = [float(low[index]), *inner, float(high[index])]
            free += [
                (top - bottom, (top + bottom) / 2, at) for bottom, top in zip(edges[::2], edges[1::2], strict=True)
            ]
        height, middle, at = max(free)
        if height >= _LABELLED_FROM:
            box = {
                "boxstyle": "round,pad=0.15",
                "facecolor": colour_of(node),
                "edgecolor": "white",
                "linewidth": 0.4,
            }
            ax.text(
                at - 0.03,
                middle,
                str(node),
                ha="right",
                va="center",
                fontsize=7,
                color="white",
                zorder=6,
                bbox=box,
            )
