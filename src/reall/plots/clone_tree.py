"""The subclonal tree, drawn so that what is not sure looks unsure.

The most probable tree gives the layout. A line is as wide and as dark as its branch is probable over all
trees, and other parents with a share worth knowing are drawn dotted.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Circle, Wedge

from reall.base.written import percent
from reall.clones.model import Role, Story
from reall.plots.clone_style import best_tree, colour_of, genes_of, parent_probability

_ALTERNATIVE = 0.1  # share of probability from which another parent is drawn
_RADIUS = 0.24


def draw_tree(ax: Axes, story: Story) -> Axes:
    """Draw the tree into `ax`, normal cells at the left.

    Each node is a circle split in two: left filled to the cell fraction at diagnosis, right to that at the
    first relapse.
    """
    tree = best_tree(story)
    places = _layout(tree.parents)
    probability = parent_probability(story)
    for child, parent in enumerate(tree.parents, start=1):
        _branch(ax, places[parent], places[child], float(probability[parent, child]))
    for parent, child in zip(*probability.nonzero(), strict=True):
        share = float(probability[parent, child])
        if share >= _ALTERNATIVE and tree.parents[child - 1] != parent:
            _alternative(ax, places[int(parent)], places[int(child)], share)
    halves = [_first_column(story, Role.DIAGNOSIS), _first_column(story, Role.RELAPSE)]
    for node, place in places.items():
        fractions = [None if column is None or node == 0 else tree.ccf[node - 1, column] for column in halves]
        _node(ax, story, node, place, fractions)
    names = ["–" if column is None else story.reads.samples[column].name for column in halves]
    ax.text(
        0, 0, f"Filled area: share of cells, left half {names[0]}, right half {names[1]}. On the lines: probability.",
        fontsize=7, transform=ax.transAxes, va="top",
    )  # fmt: skip
    depth = max(x for x, _ in places.values())
    rows = [y for _, y in places.values()]
    ax.set_xlim(-0.6, depth + 1.9)
    ax.set_ylim(max(rows) + 0.75, min(rows) - 0.75)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title(f"Most probable tree: {percent(tree.probability)} of the probability", loc="left")
    return ax


def describe_tree(story: Story) -> str:
    """Say in words what the picture shows: every branch with its probability, and other parents."""
    probability = parent_probability(story)
    parts = []
    for child, parent in enumerate(best_tree(story).parents, start=1):
        above = "normal cells" if parent == 0 else f"cluster {parent}"
        text = f"cluster {child} descends from {above} ({percent(float(probability[parent, child]))})"
        others = [
            f"{'normal cells' if other == 0 else f'cluster {other}'} {percent(float(share))}"
            for other, share in enumerate(probability[:, child])
            if other != parent and share >= _ALTERNATIVE
        ]
        parts.append(text + (f", or from {' or '.join(others)}" if others else ""))
    share = percent(best_tree(story).probability)
    return f"Most probable tree ({share} of the probability): " + "; ".join(parts) + "."


def _layout(parents: tuple[int, ...]) -> dict[int, tuple[float, float]]:
    """Place each node: depth from left to right, leaves one row each, a parent midway between its children."""
    children: dict[int, list[int]] = {}
    for child, parent in enumerate(parents, start=1):
        children.setdefault(parent, []).append(child)
    places: dict[int, tuple[float, float]] = {}
    next_row = 0.0

    def place(node: int, depth: int) -> float:
        nonlocal next_row
        below = [place(child, depth + 1) for child in children.get(node, [])]
        if below:
            row = (below[0] + below[-1]) / 2
        else:
            row = next_row
            next_row += 1.0
        places[node] = (1.25 * depth, row)
        return row

    place(0, 0)
    return places


def _branch(ax: Axes, start: tuple[float, float], end: tuple[float, float], share: float) -> None:
    ax.plot(
        *zip(start, end, strict=True),
        color="#555555",
        linewidth=0.8 + 3 * share,
        alpha=0.3 + 0.7 * min(1.0, share),
        zorder=1,
        solid_capstyle="round",
    )
    along = 0.5 if start[1] == end[1] else 0.62  # a fan of branches is widest near the children
    place = (start[0] + along * (end[0] - start[0]), start[1] + along * (end[1] - start[1]))
    ax.annotate(
        percent(share),
        place,
        (0, 2.5),
        textcoords="offset points",
        fontsize=7,
        ha="center",
        va="bottom",
        zorder=2,
    )


def _alternative(ax: Axes, start: tuple[float, float], end: tuple[float, float], share: float) -> None:
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-",
            "linestyle": (0, (1, 2)),
            "color": "#555555",
            "linewidth": 0.8 + 2 * share,
            "alpha": 0.8,
            "connectionstyle": "arc3,rad=0.25",
        },
        zorder=0,
    )


def _node(ax: Axes, story: Story, node: int, place: tuple[float, float], fractions: list[float | None]) -> None:
    colour = colour_of(node)
    ax.add_patch(Circle(place, _RADIUS, facecolor="white", edgecolor=colour, linewidth=1.6, zorder=2))
    if node == 0:
        ax.text(*place, "0", ha="center", va="center", fontsize=8, color="#444444", zorder=4)
        ax.text(place[0], place[1] + _RADIUS + 0.06, "normal\ncells", ha="center", va="top", fontsize=7)
        return
    for fraction, (first, last) in zip(fractions, ((90, 270), (270, 450)), strict=True):
        if fraction is not None and fraction > 0:
            radius = _RADIUS * float(fraction) ** 0.5  # area, not radius, shows the fraction
            ax.add_patch(Wedge(place, radius, first, last, facecolor=colour, alpha=0.75, zorder=3))
    ax.text(*place, str(node), ha="center", va="center", fontsize=8, fontweight="bold", color="#111111", zorder=4)
    count = len(story.clusters[node - 1].mutations)
    genes = ", ".join(genes_of(story, node)[:3])
    label = f"{count} mut." + (f"\n{genes}" if genes else "")
    ax.text(place[0], place[1] + _RADIUS + 0.06, label, ha="center", va="top", fontsize=7, zorder=4)


def _first_column(story: Story, role: Role) -> int | None:
    columns = story.reads.sample_index(role)
    return columns[0] if columns else None
