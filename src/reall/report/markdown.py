"""Pieces of the reference pages, which are Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "<!-- Written by `reall knowledge reference`; change the knowledge, not this page. -->\n"


def as_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table; a cell is one line.

    >>> print(as_table(["fact"], [["lineage"]]), end="")
    | fact |
    |---|
    | lineage |
    """

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)]) + "\n"


def page(parts: Sequence[str]) -> str:
    """Put the parts of a page together."""
    return "\n".join(parts)
