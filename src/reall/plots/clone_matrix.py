"""The mutation matrix: every variant in every sample, grouped by cluster."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from reall.clones.model import Story
from reall.plots.clone_style import colour_of, columns_in_time

_SHADES = LinearSegmentedColormap.from_list("fraction", ["#FFFFFF", "#9ECAE1", "#08306B"])
_UPRIGHT_UP_TO = 5  # letters of a sample name that fit over its column
_NUMBERED_FROM = 0.018  # share of the rows from which the number of a cluster fits beside them
_LETTERS = 330.0  # points of width that the sample names may take together
_NAMED_UP_TO = 60  # rows up to which each variant is named


def draw_mutation_matrix(ax: Axes, story: Story, *, xenografts: bool = True) -> Axes:
    """Shade each variant by its raw cell fraction (variant reads / total reads / read probability, at most 1).

    A dot marks no variant read among those seen; a cross marks a position that was not read, which is not a
    zero.
    """
    columns = columns_in_time(story, xenografts=xenografts)
    rows, owners = _rows(story)
    reads = story.reads
    total = reads.total_reads[np.ix_(rows, columns)]
    seen = reads.variant_reads[np.ix_(rows, columns)]
    probability = reads.read_probability[np.ix_(rows, columns)]
    raw = np.minimum(1.0, seen / np.maximum(total, 1) / probability)
    ax.imshow(raw, cmap=_SHADES, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for shown, marker, colour, size in (
        (total == 0, "x", "#B22222", 9),
        ((seen == 0) & (total > 0), ".", "#888888", 2),
    ):
        ys, xs = np.nonzero(shown)
        ax.scatter(xs, ys, marker=marker, color=colour, s=size, linewidth=0.6)
    strip = max(0.6, 0.03 * len(columns))
    for y, owner in enumerate(owners):
        ax.add_patch(Rectangle((-0.7 - strip, y - 0.5), strip, 1, facecolor=colour_of(owner), linewidth=0))
    for start in np.flatnonzero(np.diff([-1, *owners])):
        ax.axhline(float(start) - 0.5, color="#444444", linewidth=0.5)
        if owners.count(owners[start]) >= _NUMBERED_FROM * len(rows):
            ax.text(-0.8 - strip, float(start), str(owners[start]), ha="right", va="center", fontsize=7)
    names = [reads.samples[column].name for column in columns]
    upright = max(len(name) for name in names) <= _UPRIGHT_UP_TO
    ax.set_xticks(
        range(len(columns)),
        names,
        rotation=0 if upright else 60,
        fontsize=max(3.0, min(7.0, _LETTERS / len(columns))),
        ha="center" if upright else "right",
        rotation_mode="anchor",
    )
    labels = [_label(story, row) for row in rows]
    if len(rows) <= _NAMED_UP_TO:
        ax.set_yticks(range(len(rows)), labels, fontsize=5)
        ax.yaxis.tick_right()
    else:
        ax.set_yticks([])
    ax.tick_params(length=0)
    ax.set_xlim(-1.1 - 2 * strip, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    for side in ax.spines.values():
        side.set_visible(False)
    return ax


def describe_mutation_matrix(story: Story) -> str:
    """Say how many variants of each cluster show a read in each sample."""
    reads = story.reads
    position = {variant.id: row for row, variant in enumerate(reads.variants)}
    parts = []
    for cluster in story.clusters:
        rows = [position[key] for key in cluster.mutations]
        seen = [
            f"{reads.samples[column].name} {int((reads.variant_reads[rows, column] > 0).sum())}"
            for column in columns_in_time(story)
        ]
        parts.append(f"cluster {cluster.id} with {len(rows)} variants, seen in {', '.join(seen)}")
    return "Variants with at least one variant read: " + "; ".join(parts) + "."


def _rows(story: Story) -> tuple[list[int], list[int]]:
    position = {variant.id: row for row, variant in enumerate(story.reads.variants)}
    rows, owners = [], []
    for cluster in story.clusters:
        rows += [position[key] for key in cluster.mutations]
        owners += [cluster.id] * len(cluster.mutations)
    return rows, owners


def _label(story: Story, row: int) -> str:
    variant = story.reads.variants[row]
    return f"{variant.gene} {variant.protein_change or variant.name}" if variant.gene else variant.name
