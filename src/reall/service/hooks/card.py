"""A card, in the form of CDS Hooks; what the specification demands of one is kept here."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reall.library.knowledge import Knowledge

LONGEST_SUMMARY = 139
"""CDS Hooks: fewer than 140 characters; counted as browsers count (UTF-16), the strictest way."""
INFO, WARNING = "info", "warning"
CODES = "urn:reall:cds-hooks"
_MORE = "…"
_DOI = "https://doi.org/"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the content of a card comes from, and what it is about."""

    label: str
    url: str = ""
    topic: tuple[str, str] = ("", "")
    """Code and words."""

    def to_json(self) -> dict[str, Any]:
        """Give it as CDS Hooks writes it."""
        code, words = self.topic
        topic = {"topic": {"system": f"{CODES}:topic", "code": code, "display": words}} if code else {}
        return {"label": self.label, **({"url": self.url} if self.url else {}), **topic}


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link of a card: absolute, or smart, for which the record system adds the launch."""

    label: str
    url: str
    kind: str = "absolute"

    def to_json(self) -> dict[str, str]:
        """Give it as CDS Hooks writes it."""
        return {"label": self.label, "url": self.url, "type": self.kind}


@dataclass(frozen=True, kw_only=True)
class Card:
    """One card. It never suggests an action, so it carries no suggestions."""

    summary: str
    indicator: str
    source: Source
    detail: str
    links: tuple[Link, ...] = ()
    override_reasons: tuple[tuple[str, str], ...] = ()
    """Code and words of each reason that a clinician may give for dismissing it."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self) -> dict[str, Any]:
        """Give the card as CDS Hooks writes it; the summary is never too long."""
        reasons = [
            {"system": f"{CODES}:override-reason", "code": code, "display": words}
            for code, words in self.override_reasons
        ]
        return {
            "uuid": self.id,
            "summary": shortened(self.summary),
            "indicator": self.indicator,
            "source": self.source.to_json(),
            "detail": self.detail,
            **({"links": [link.to_json() for link in self.links]} if self.links else {}),
            **({"overrideReasons": reasons} if reasons else {}),
        }


def shortened(text: str, longest: int = LONGEST_SUMMARY) -> str:
    """Give one line of plain text, cut between words where it would be too long.

    >>> shortened("one\\ntwo three", 8)
    'one two…'
    """
    line = plain(text)
    if _units(line) <= longest:
        return line
    cut = line
    while _units(cut) > longest - 1:
        cut = cut[:-1]
    # A mark belongs to the letter before it; a letter that lost its mark is another letter.
    while cut and unicodedata.combining(line[len(cut)]):
        cut = cut[:-1]
    at_word = cut if line[len(cut)].isspace() else cut.rpartition(" ")[0]
    return (at_word or cut).rstrip() + _MORE


def plain(text: str) -> str:
    """Give text on one line without characters that are not shown, such as those that turn the direction of writing."""
    shown = ("\n" if ch.isspace() else ch for ch in text if ch.isspace() or unicodedata.category(ch)[0] != "C")
    return " ".join("".join(shown).split())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def source_of(key: str, knowledge: Knowledge, *, topic: tuple[str, str], and_more: int = 0) -> Source:
    """Give an entry of the bibliography as the source of a card."""
    entry = knowledge.sources[key]
    journal = ", ".join(str(part) for part in (entry.journal, entry.year) if part)
    label = f"{entry.title}{'. ' + journal if journal else ''}{f' (and {and_more} more)' if and_more else ''}"
    return Source(label=label, url=f"{_DOI}{entry.doi}" if entry.doi else entry.url, topic=topic)


def unique(keys: Sequence[str], knowledge: Knowledge) -> list[str]:
    """Give the sources cited, each once, in their order; what is no source, such as the case itself, is left out."""
    return [key for key in dict.fromkeys(keys) if key in knowledge.sources]
