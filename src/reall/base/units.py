"""Units in which registries write the numbers that ReALL keeps in one unit each, and their exact conversion.

The factors are definitions. Decimal arithmetic keeps "1.5 years" exactly 18 months and "0.07 %" exactly 0.0007.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

DAYS_PER_YEAR = Decimal("365.25")
_DAYS_PER_MONTH = DAYS_PER_YEAR / 12

Factor = tuple[Decimal | int, Decimal | int]
"""Multiply by the first, then divide by the second."""
CONVERSIONS: Mapping[str, Mapping[str, Factor]] = {
    "fraction of cells": {"fraction": (1, 1), "percent": (1, 100), "per_10000": (1, 10**4), "per_million": (1, 10**6)},
    "percent": {"percent": (1, 1), "fraction": (100, 1)},
    "months": {"months": (1, 1), "years": (12, 1), "days": (1, _DAYS_PER_MONTH), "weeks": (7, _DAYS_PER_MONTH)},
    "years": {"years": (1, 1), "months": (1, 12), "days": (1, DAYS_PER_YEAR), "weeks": (7, DAYS_PER_YEAR)},
    "days": {"days": (1, 1), "weeks": (7, 1), "months": (_DAYS_PER_MONTH, 1), "years": (DAYS_PER_YEAR, 1)},
    "cells per microlitre": {"per_ul": (1, 1), "1e9/l": (10**3, 1), "1e12/l": (10**6, 1), "per_ml": (1, 10**3)},
    "kilograms": {"kg": (1, 1), "g": (1, 10**3)},
}
"""For the unit of a fact, the units in which a column may give it."""
_NUMBER = re.compile(r"(?<!\w)[-+]?(?:\d+(?:\.(?!\.)\d*)?|(?<!\.)\.\d+)(?:[eE][-+]?\d+)?(?!\w)")


def converted(text: str, *, unit: str, given_in: str) -> str:
    """Convert every number in a written value (`0.05`, `<0.01`, `1..5`) to another unit.

    >>> converted("<0.01", unit="fraction of cells", given_in="percent")
    '<0.0001'
    >>> converted("1.5", unit="months", given_in="years")
    '18.0'
    """
    up, down = CONVERSIONS[unit][given_in]
    return _NUMBER.sub(lambda found: str(Decimal(found[0]) * up / down), text)
