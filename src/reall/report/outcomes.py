"""Published outcomes in words: as printed, never pooled, never computed with."""

from __future__ import annotations

from collections.abc import Sequence

from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.report.words import number

_ENDPOINTS = ("OS", "EFS", "DFS", "PFS", "LFS", "CIR")


def in_order(rows: Sequence[PublishedOutcome]) -> list[PublishedOutcome]:
    """Order published rows for reading: those of a named group first, then the narrower strata, survival first.

    The order says nothing about quality; no row is left out.
    """

    def key(row: PublishedOutcome) -> tuple[bool, int, int, bool, str]:
        narrow = -row.applies_when.count("=") - row.applies_when.count("<") - row.applies_when.count(">")
        endpoint = _ENDPOINTS.index(row.endpoint) if row.endpoint in _ENDPOINTS else len(_ENDPOINTS)
        return (not row.system, narrow, endpoint, row.n is None, row.id)

    return sorted(rows, key=key)


def few(rows: Sequence[PublishedOutcome], count: int) -> list[PublishedOutcome]:
    """Choose at most `count` survival rows, one of each system or, without one, of each source.

    Rows of the whole stratum come before rows of one treatment, and rows printed with size and interval before others.
    """
    survival = [row for row in in_order(rows) if row.endpoint in _ENDPOINTS and row.years is not None]
    chosen: dict[str, PublishedOutcome] = {}
    for row in sorted(survival, key=lambda r: (bool(r.arm), not size_words(r), not uncertainty_words(r))):
        chosen.setdefault(row.system or row.citation.source, row)
    return [row for row in survival if row in chosen.values()][:count]


def estimate_words(row: PublishedOutcome) -> str:
    """Write an estimate with its uncertainty and size, as printed; what was not printed is left out."""
    at = f" at {number(row.years, 'years')}" if row.years is not None else ""
    value = f"{row.estimate_pct:g} %" if row.estimate_pct is not None else "no figure"
    said = ", ".join(part for part in (size_words(row), uncertainty_words(row)) if part) or "n, interval not printed"
    return f"{row.endpoint}{at} {value} ({said})"


def uncertainty_words(row: PublishedOutcome) -> str:
    """Write the interval, or the standard error, as printed; nothing where none was printed."""
    if row.ci_low_pct is not None and row.ci_high_pct is not None:
        level = f"{row.ci_level_pct:g} % interval " if row.ci_level_pct is not None else "interval "
        return f"{level}{row.ci_low_pct:g} to {row.ci_high_pct:g}"
    return f"SE {row.se_pct:g}" if row.se_pct is not None else ""


def size_words(row: PublishedOutcome) -> str:
    """Write the number of children behind a figure; nothing where it was not printed."""
    return f"n {row.n}" if row.n is not None else ""


def source_words(key: str, knowledge: Knowledge) -> str:
    """Name a source by first author and year, or by its title where no author was seen."""
    source = knowledge.sources.get(key)
    if source is None:
        return key
    first = source.authors[0] if source.authors else source.title.strip("[]")
    family, _, initials = first.rpartition(" ")
    who = family if family and initials.isupper() else first
    return f"{who} {source.year}" if source.year else who
