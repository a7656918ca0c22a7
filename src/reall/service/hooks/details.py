"""Parts of a card's detail that several cards share: what was read of the record, and the sources."""

from __future__ import annotations

from collections.abc import Iterable

from reall.library.knowledge import Knowledge
from reall.report.view import DISCLAIMER
from reall.rules.table import Citation
from reall.service.hooks import markdown
from reall.service.hooks.child import Child
from reall.service.hooks.gather import USED, Part

_MOST_FINDINGS = 10
_MOST_NAMES = 8


def record(child: Child) -> str:
    """Say which parts of the record came, what was found odd in it, and how much was not used."""
    gathered, reading = child.gathered, child.reading
    doubts = [one for one in reading.findings if one.severity != "note"]
    shown = [f"{one.severity}: {one.resource} {one.element} {one.words}" for one in doubts[:_MOST_FINDINGS]]
    if len(doubts) > _MOST_FINDINGS:
        shown.append(f"{len(doubts) - _MOST_FINDINGS} more")
    left = [
        words
        for count, words in (
            (gathered.foreign, "about somebody else, not read"),
            (gathered.unasked, "sent without being asked for, not read"),
            (len(reading.unused), "read, and no fact follows from them or from some of their elements"),
        )
        if count
        for words in [f"{count} {words}"]
    ]
    return markdown.together(
        markdown.part("Parts of the record", markdown.table(("kind", "state"), map(_part, gathered.parts))),
        markdown.part("Found in the record, not repaired", markdown.items(shown)),
        markdown.part("Not used", markdown.items(left)),
    )


def _part(part: Part) -> tuple[str, str]:
    count = f", {part.count}" if part.count else ""
    return part.kind, f"{part.state}{count}{', not all pages' if part.incomplete and part.state == USED else ''}"


def sources(citations: Iterable[Citation], knowledge: Knowledge) -> str:
    """List the sources with the places in them; those that nobody has confirmed yet are marked."""
    places: dict[str, dict[str, None]] = {}
    for one in citations:
        if one.source in knowledge.sources:
            place = f"{one.at} (draft)" if one.status == "draft" else one.at
            places.setdefault(one.source, {})[place] = None
    lines = (f"{knowledge.sources[source]} At: {'; '.join(found)}" for source, found in places.items())
    return markdown.part("Sources", markdown.items(lines))


def few(words: Iterable[str], most: int = _MOST_NAMES) -> str:
    """Name the first few and count the others.

    >>> few(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    named = list(words)
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return f"{', '.join(named[:most])}{more}"


def footer(knowledge: Knowledge) -> str:
    """Say what this is, and from which version of the knowledge."""
    return markdown.text(f"{DISCLAIMER} Knowledge {knowledge.version}.")
