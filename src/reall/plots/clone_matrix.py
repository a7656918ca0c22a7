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
_NAMED_UP_TO = 60  # rows up to which each variant is named


def draw_mutation_matrix(ax: Axes, story: Story, *, xenografts: bool = True) -> Axes:
    """Shade each variant by its raw cell fraction (variant reads / total reads / read probability, at most 1).

    A dot marks no variant read among those seen; a cross marks a position that was not read, which is not a
    zero.
    """
    columns = columns_in_time(story, xenografts=xenografts)
    rows, owners = _rows(story)
    reads = story.reads
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            total = int(reads.total_reads[row, column])
            seen = int(reads.variant_reads[row, column])
            if total == 0:
                ax.plot(x, y, marker="x", color="#B22222", markersize=3, linewidth=0)
                continue
            raw = min(1.0, seen / total / float(reads.read_probability[row, column]))
            ax.add_patch(
                Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=_SHADES(raw), edgecolor="#DDDDDD", linewidth=0.2)
            )
            if seen == 0:
                ax.plot(x, y, marker=".", color="#888888", markersize=1.5, linewidth=0)
    for y, owner in enumerate(owners):
        ax.add_patch(Rectangle((-1.3, y - 0.5), 0.6, 1, facecolor=colour_of(owner), linewidth=0))
    for start in np.flatnonzero(np.diff([-1, *owners])):
        ax.axhline(float(start) - 0.5, color="#444444", linewidth=0.5)
        ax.text(-1.5, float(start), str(owners[start]), ha="right", va="center", fontsize=7)
    names = [reads.samples[column].name for column in columns]
    upright = max(len(name) for name in names) <= _UPRIGHT_UP_TO
    ax.set_xticks(range(len(columns)), names, rotation=0 if upright else 60, fontsize=7,
                  ha="center" if upright else "right")  # fmt: skip
    labels = [_label(story, row) for row in rows]
    if len(rows) <= _NAMED_UP_TO:
        ax.set_yticks(range(len(rows)), labels, fontsize=5)
        ax.yaxis.tick_right()
    else:
        ax.set_yticks([])
    ax.tick_params(length=0)
    ax.set_xlim(-2.4, len(columns) - 0.5)
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
