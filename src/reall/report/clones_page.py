"""The clonal story as one HTML page that needs no other file: pictures inside, light, dark and print styles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

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
    environment = Environment(
        loader=PackageLoader("reall.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"percent": percent, "unbroken": unbroken, "said": str}
    shown = story_shown(story, name, pictures=pictures, more_lines=more_lines)
    return environment.get_template("clones.html").render(name=name, version=__version__, **shown)


def story_shown(
    story: Story, name: str, *, pictures: Sequence[Picture] = (), more_lines: Sequence[str] = ()
) -> dict[str, Any]:
    """Gather what the template `clones_story.html` shows of a story."""
    return {
        "story": story,
        "lines": [*story_lines(story, name), *more_lines],
        "pictures": pictures,
        "trees": story.posterior.trees[:_TREES_SHOWN],
        "published": load_clonal_biology(),
        "cited": _cited(story),
    }


def unbroken(text: str) -> str:
    """Keep a number and its percent sign on one line."""
    return text.replace(" %", "\u00a0%")


def _cited(story: Story) -> list[Source]:
    """List the bibliography entries that the page names, by key."""
    keys = {hit.source for hit in story.resistance} | {fact.source for fact in load_clonal_biology()}
    return [source for key, source in sorted(load_sources(PACKAGED).items()) if key in keys]
