"""Markdown for the detail of a card. All words pass through `text`, so that a record cannot write links or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reall.service.hooks.card import plain

_SPECIAL = re.compile(r"[\\`*\[\]|<>~&@]|(?<!\w)_|_(?!\w)")
_ADDRESS = re.compile(r"(?i)(https?|ftp|mailto|xmpp):|(www)\.")
_AT_START = re.compile(r"^(?:[-+=#]|\d+[.)])")


def text(words: str) -> str:
    r"""Give words that Markdown shows as they are: no links, no HTML, no pictures, no structure.

    >>> text("[click](http://x) <b>"), text("1. now")
    ('\\[click\\](http\\://x) \\<b\\>', '1\\. now')
    """
    escaped = _SPECIAL.sub(_escaped_last, plain(words))
    return _AT_START.sub(_escaped_last, _ADDRESS.sub(_escaped_last, escaped))


def _escaped_last(found: re.Match[str]) -> str:
    return f"{found.group()[:-1]}\\{found.group()[-1]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table of words; nothing where it has no row."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(head), "|" + "---|" * len(head), *lines]) if lines else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(text(cell) or " " for cell in cells) + " |"


def items(words: Iterable[str]) -> str:
    """Give a list of words."""
    return "\n".join(f"- {text(one)}" for one in words)


def part(title: str, content: str) -> str:
    """Give a part of a detail; nothing where it has no content."""
    return f"**{text(title)}**\n\n{content}" if content else ""


def together(*parts: str) -> str:
    """Put the parts that there are under each other."""
    return "\n\n".join(one for one in parts if one)
