"""What the pictures of a registry share: lines that can be told apart without colour, and text below them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

# Okabe and Ito's colours, put in an order in which neighbours also differ in lightness, each with a dash of its own.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#7F7F7F")
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)),
    (0, (2.5, 2.5)), (0, (8, 2, 2, 2, 2, 2)),
)  # fmt: skip
HATCHES = ("", "///", "...", "\\\\\\", "xx", "ooo", "--", "++")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_DRAWN = len(COLOURS)
_CAPTION_WIDTH = 105
SMALL = 7


def style(number: int) -> tuple[str, str | tuple[int, tuple[float, ...]]]:
    """Give colour and dash of the stratum with this number."""
    return COLOURS[number % MOST_DRAWN], DASHES[number % MOST_DRAWN]


def clean(ax: Axes) -> None:
    """Take away the frame that says nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def caption(ax: Axes, texts: Sequence[str], *, below: float) -> None:
    """Write what must stand beside a figure under it; `below` is in points, from the axis down."""
    lines = [line for text in texts for line in textwrap.wrap(text, _CAPTION_WIDTH)]
    if lines:
        ax.annotate(
            "\n".join(lines),
            xy=(0, 0),
            xytext=(0, -below),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=SMALL,
            color="#333333",
        )
