"""What both directions share: terms of ontologies, our own terms, and numbers that are known as an interval."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reall.base.errors import UnusableCase
from reall.facts.known import AFTER, BEFORE, Interval, between

OWN = "reall"
"""Prefix of the terms that no ontology gives; what follows is the name of a fact, or of a part of a result."""
AT_LEAST, ABOVE, AT_MOST, BELOW, EXACTLY = "at_least", "above", "at_most", "below", "exactly"
LEVEL, SENSITIVITY, DETECTED, CELLS = "level_fraction", "assay_sensitivity_fraction", "detected", "cells"
"""Parts of an MRD result, as a case names them."""
MONTHS_PER_YEAR = 12
_DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*)?")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Term:
    """A term of an ontology for something that a case says, such as `lineage=B` or `tissue=marrow`."""

    means: str
    id: str
    label: str

    def to_json(self) -> Json:
        """Give the term as an OntologyClass."""
        return {"id": self.id, "label": self.label}


Terms = Mapping[str, Term]


def own(name: str, label: str = "") -> Json:
    """Give one of our own terms as an OntologyClass."""
    return {"id": f"{OWN}:{name}", "label": label or name.replace("_", " ")}


def own_name(identifier: str) -> str:
    """Give the name behind one of our own terms, or nothing."""
    prefix, _, name = identifier.partition(":")
    return name if prefix == OWN else ""


def term(terms: Terms, means: str, label: str = "") -> Json:
    """Give the ontology's term for a meaning; where none is known, our own."""
    found = terms.get(means)
    return found.to_json() if found else own(means.replace("=", "."), label)


def bounds_of(interval: Interval, *, minimum: float, maximum: float) -> list[tuple[str, float]]:
    """Say an interval as its bounds; a bound that the fact has anyway is left out."""
    if interval.point is not None:
        return [(EXACTLY, interval.point)]
    (low, low_side), (high, high_side) = interval.low, interval.high
    made = []
    if (low, low_side) > (minimum, BEFORE):
        made.append((AT_LEAST if low_side == BEFORE else ABOVE, low))
    if (high, high_side) < (maximum, AFTER):
        made.append((AT_MOST if high_side == AFTER else BELOW, high))
    return made


def written(bounds: Iterable[tuple[str, float]]) -> float | str | None:
    """Write bounds as a case writes a number: itself, `<1e-4` or `1e-5..1e-4`. Raises `UnusableCase`."""
    known = dict(bounds)
    if EXACTLY in known:
        return known[EXACTLY]
    if AT_LEAST in known and AT_MOST in known:
        return f"{known[AT_LEAST]!r}..{known[AT_MOST]!r}"
    signs = {AT_LEAST: ">=", ABOVE: ">", AT_MOST: "<=", BELOW: "<"}
    if len(known) > 1:
        raise UnusableCase(
            f"a case cannot say {' and '.join(sorted(known))}", next="Give a range with both ends included."
        )
    return next((f"{signs[kind]}{number!r}" for kind, number in known.items()), None)


def duration(years: float) -> str:
    """Write an age as an ISO 8601 duration, in years and months where it is whole months.

    >>> duration(9.0), duration(9.5), duration(9.37)
    ('P9Y', 'P9Y6M', 'P9.37Y')
    """
    months = round(years * MONTHS_PER_YEAR)
    if months / MONTHS_PER_YEAR != years:
        return f"P{years!r}Y"
    whole, rest = divmod(months, MONTHS_PER_YEAR)
    return f"P{whole}Y{rest}M" if rest else f"P{whole}Y"


def years_of(text: str) -> float | None:
    """Read an age in years and months; None where it says anything finer, which would have to be rounded.

    >>> years_of("P9Y6M"), years_of("P9.37Y"), years_of("P9Y3D")
    (9.5, 9.37, None)
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return float(match[1] or 0) + float(match[2] or 0) / MONTHS_PER_YEAR


def day_of(text: str) -> str | None:
    """Give the day of a timestamp, or None."""
    match = _DAY.fullmatch(text)
    return match[1] if match else None


def interval_of(value: Any, read: Any) -> Interval:
    """Read a fraction of cells as a case writes it, with `read` for text."""
    if isinstance(value, str):
        made: Interval = read(value, minimum=0, maximum=1)
        return made
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnusableCase(f"{value!r} is not a fraction of cells", next="Write a number, such as 1e-4.")
    return between(float(value), float(value))
