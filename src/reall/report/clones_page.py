"""The clonal story as one HTML page that needs no other file: pictures inside, light, dark and print styles."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import matplotlib as mpl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reall import __version__
from reall.clones.model import Story
from reall.library.resistance import load_clonal_biology
from reall.plots.clone_fish import describe_fish, draw_fish
from reall.plots.clone_fractions import describe_cell_fractions, draw_cell_fractions
from reall.plots.clone_matrix import describe_mutation_matrix, draw_mutation_matrix
from reall.plots.clone_origin import describe_origin, draw_origin
from reall.plots.clone_style import best_tree, colour_of, percent
from reall.plots.clone_tree import describe_tree, draw_tree
from reall.report.clones_words import story_lines

_SALT = "reall"  # ids in the SVG depend on it, not on chance, so that the same story gives the same page
_ROW_INCHES, _LEAST_INCHES, _MOST_INCHES = 0.11, 2.5, 9.0
_TREES_SHOWN = 10
_MATRIX_UP_TO = 1500  # variants up to which the mutation matrix is drawn


@dataclass(frozen=True, slots=True)
class _Picture:
    title: str
    svg: Markup
    words: str


def clones_page(story: Story, name: str, more_lines: tuple[str, ...] = ()) -> str:
    """Render the story of patient `name` as a self-contained HTML page; `more_lines` follow the story's own."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = percent
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    environment.globals["colour_of"] = colour_of
    text = files("reall.report").joinpath("templates", "clones.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        name=name,
        story=story,
        lines=[*story_lines(story, name), *more_lines],
        pictures=_pictures(story),
        trees=story.posterior.trees[:_TREES_SHOWN],
        published=load_clonal_biology(),
        version=__version__,
    )


def _pictures(story: Story) -> list[_Picture]:
    size = len(story.clusters)
    found: list[_Picture] = []
    if story.origins:
        height = 1.1 + 0.5 * len(story.origins)
        found.append(_picture("Where the relapse came from", draw_origin, describe_origin, story, (7.2, height)))
    depth = min(_MOST_INCHES, max(_LEAST_INCHES, 0.55 * _leaves(story)))
    found.append(_picture("Tree of clones", draw_tree, describe_tree, story, (7.2, depth + 0.6)))
    if story.origins:
        found.append(_picture("Clones over time", draw_fish, describe_fish, story, (7.2, 3.6)))
    found.append(
        _picture("Cell fractions", draw_cell_fractions, describe_cell_fractions, story, (7.2, 3.4 + 0.03 * size))
    )
    variants = sum(len(cluster.mutations) for cluster in story.clusters)
    if variants <= _MATRIX_UP_TO:
        height = min(_MOST_INCHES, max(_LEAST_INCHES, _ROW_INCHES * variants + 1))
        found.append(
            _picture("Mutations in every sample", draw_mutation_matrix, describe_mutation_matrix, story, (7.2, height))
        )
    return found


def _picture(
    title: str,
    draw: Callable[[Axes, Story], Axes],
    describe: Callable[[Story], str],
    story: Story,
    size: tuple[float, float],
) -> _Picture:
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": _SALT, "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots(), story)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _Picture(title, Markup(_inline(buffer.getvalue(), title)), describe(story))


def _inline(svg: str, title: str) -> str:
    """Take the drawing out of its XML file and make its ids its own, as several drawings share the page."""
    body = svg[svg.index("<svg") :]
    prefix = re.sub(r"\W+", "-", title.lower())
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    label = title.replace('"', "'")
    return body.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _leaves(story: Story) -> int:
    parents = best_tree(story).parents
    return sum(node not in parents for node in range(1, len(parents) + 1))
