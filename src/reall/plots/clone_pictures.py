"""All pictures of a clonal story, each with its words, ready to stand in a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes

from reall.base.written import translatable
from reall.clones.model import Story
from reall.plots.clone_fish import describe_fish, draw_fish
from reall.plots.clone_fractions import describe_cell_fractions, draw_cell_fractions
from reall.plots.clone_matrix import describe_mutation_matrix, draw_mutation_matrix
from reall.plots.clone_origin import describe_origin, draw_origin
from reall.plots.clone_style import best_tree
from reall.plots.clone_tree import describe_tree, draw_tree
from reall.plots.svg import inline_svg

_WIDTH = 7.2  # inches, a column of a printed page
_ROW, _LEAST, _MOST = 0.11, 2.5, 9.0
_MATRIX_UP_TO = 1500  # variants up to which the mutation matrix is drawn


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as an SVG element, and what it shows in words."""

    title: str
    svg: str
    words: str


def clone_pictures(story: Story) -> tuple[Picture, ...]:
    """Draw origin, tree, fish plot, cell fractions and mutations; what the story cannot fill is left out."""
    variants = sum(len(cluster.mutations) for cluster in story.clusters)
    rows = min(_MOST, max(_LEAST, _ROW * variants + 1))
    tree = min(_MOST, max(_LEAST, 0.55 * _leaves(story))) + 0.6
    found = []
    if story.origins:
        bars = 1.1 + 0.5 * len(story.origins)
        found.append(_picture(translatable("Where the relapse came from"), draw_origin, describe_origin, story, bars))
    found.append(_picture(translatable("Tree of clones"), draw_tree, describe_tree, story, tree))
    if story.origins:
        found.append(_picture(translatable("Clones over time"), draw_fish, describe_fish, story, 3.6))
    height = 3.4 + 0.03 * len(story.clusters)
    found.append(_picture(translatable("Cell fractions"), draw_cell_fractions, describe_cell_fractions, story, height))
    if variants <= _MATRIX_UP_TO:
        title = translatable("Mutations in every sample")
        found.append(_picture(title, draw_mutation_matrix, describe_mutation_matrix, story, rows))
    return tuple(found)


def _picture(
    title: str, draw: Callable[[Axes, Story], Axes], describe: Callable[[Story], str], story: Story, height: float
) -> Picture:
    svg = inline_svg(title, partial(_drawn, draw, story), inches=(_WIDTH, height))
    return Picture(title, svg, describe(story))


def _drawn(draw: Callable[[Axes, Story], Axes], story: Story, ax: Axes) -> Axes:
    return draw(ax, story)


def _leaves(story: Story) -> int:
    parents = best_tree(story).parents
    return sum(node not in parents for node in range(1, len(parents) + 1))
