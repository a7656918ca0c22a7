"""Where a relapse came from, as one bar per relapse: the probability of each answer."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from reall.base.written import percent
from reall.clones.model import Call, Story

_COLOURS = {
    Call.MAJOR: "#0072B2",
    Call.MINOR: "#E69F00",
    Call.BELOW_DETECTION: "#CC79A7",
    Call.NO_SHARED_ANCESTOR: "#7F7F7F",
    Call.SEVERAL: "#009E73",
}
_WRITTEN_FROM = 0.08  # share of the bar from which its percent fits into it


def draw_origin(ax: Axes, story: Story) -> Axes:
    """Draw the origin probabilities of every relapse as stacked bars."""
    for y, origin in enumerate(story.origins):
        left = 0.0
        for call, colour in _COLOURS.items():
            share = origin.probabilities.get(call, 0.0)
            ax.barh(y, share, left=left, color=colour, edgecolor="white", label=str(call) if y == 0 else None)
            if share >= _WRITTEN_FROM:
                ax.text(left + share / 2, y, percent(share), ha="center", va="center", fontsize=8, color="white")
            left += share
    ax.set_yticks(range(len(story.origins)), [origin.relapse for origin in story.origins])
    ax.set_ylim(len(story.origins) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    for side in ("right", "top", "left"):
        ax.spines[side].set_visible(False)
    under_the_axis = ax.transAxes
    if (figure := ax.get_figure(root=True)) is not None:
        under_the_axis = ax.transAxes + ScaledTranslation(0, -0.3, figure.dpi_scale_trans)
    ax.legend(
        fontsize=7,
        ncols=3,
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=under_the_axis,
    )
    return ax


def describe_origin(story: Story) -> str:
    """Say the probabilities in words."""
    parts = [
        f"{origin.relapse}: "
        + ", ".join(f"{call} {percent(share)}" for call, share in origin.probabilities.items() if share > 0)
        for origin in story.origins
    ]
    return "Probability of each origin. " + "; ".join(parts) + "."
