"""The clonal story as one HTML page that needs no other file: pictures inside, light, dark and print styles."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Protocol

from jinja2 import Environment, StrictUndefined

from reall import __version__
from reall.base.written import percent
from reall.clones.model import Story
from reall.library.compile import load_sources
from reall.library.files import PACKAGED
from reall.library.knowledge import Source
from reall.library.resistance import load_clonal_biology
from reall.report.clones_words import story_lines

_TREES_SHOWN = 10


class Picture(Protocol):
    """A drawing as an SVG element of ours, and what it shows in words."""

    @property
    def title(self) -> str: ...
    @property
    def svg(self) -> str: ...
    @property
    def words(self) -> str: ...


def clones_page(story: Story, name: str, *, pictures: Sequence[Picture] = (), more_lines: Sequence[str] = ()) -> str:
    """Render the story of patient `name` as a self-contained HTML page; `more_lines` follow the story's own."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = percent
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    text = files("reall.report").joinpath("templates", "clones.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        name=name,
        story=story,
        lines=[*story_lines(story, name), *more_lines],
        pictures=pictures,
        trees=story.posterior.trees[:_TREES_SHOWN],
        published=load_clonal_biology(),
        cited=_cited(story),
        version=__version__,
    )


def _cited(story: Story) -> list[Source]:
    """List the bibliography entries that the page names, by key."""
    keys = {hit.source for hit in story.resistance} | {fact.source for fact in load_clonal_biology()}
    return [source for key, source in sorted(load_sources(PACKAGED).items()) if key in keys]
