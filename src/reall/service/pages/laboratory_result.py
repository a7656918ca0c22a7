"""What the page of a laboratory result shows, in the reader's language."""

from __future__ import annotations

from functools import partial
from typing import Any

from markupsafe import Markup

from reall.report.clones_page import story_shown
from reall.report.clones_words import signature_line
from reall.report.mrd_view import result_shown
from reall.report.mrd_words import change_in_words, measurement_in_words
from reall.service.pages.laboratory_work import Answer
from reall.service.pages.rendering import speech_of


class Shown:
    """A picture as the page loads it; `svg` is the element that stands in its place."""

    def __init__(self, title: str, words: str, address: str, said_title: str) -> None:
        self.title = title
        self.words = words
        self.svg = Markup('<img src="{}" alt="{}" loading="lazy">').format(address, said_title)


def shown(found: Answer, language: str, pictures: str) -> dict[str, Any]:
    """Gather what the page shows; its pictures lie below the address `pictures`."""
    speech = speech_of(language)
    count, drawn = 0, []
    for drawings in found.drawings:
        drawn.append(
            [
                Shown(drawing.title, drawing.words, f"{pictures}/{count + place}.svg", speech.say(drawing.title))
                for place, drawing in enumerate(drawings)
            ]
        )
        count += len(drawings)
    context: dict[str, Any] = {"found": found, "story": None, "results": [], "course": None}
    if found.story is not None:
        lines = [signature_line(name, fit) for name, fit in found.story.signatures.items()]
        return context | story_shown(found.story.story, found.name, pictures=drawn[0], more_lines=lines)
    if not found.results:
        words = {
            "measurement": partial(measurement_in_words, speech=speech),
            "change": partial(change_in_words, speech=speech),
        }
        return context | {"course": found.document, "picture": drawn[0][0], "words": words}
    pages = zip(found.results, drawn, strict=True)
    return context | {"results": [result_shown(r, [one.svg for one in ones], speech) for r, ones in pages]}
