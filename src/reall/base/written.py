"""Numbers and sentences as they are written for people."""

from __future__ import annotations

from decimal import Decimal

_LEAST, _DECIMAL_BELOW = 0.001, 0.1


def percent(fraction: float) -> str:
    """Write a fraction in percent, with a decimal only where it says something.

    >>> percent(0.431), percent(0.012), percent(0.0004), percent(1.0)
    ('43 %', '1.2 %', '< 0.1 %', '100 %')
    """
    if 0 < fraction < _LEAST:
        return "< 0.1 %"
    if 0 < fraction < _DECIMAL_BELOW:
        return f"{100 * fraction:.1f}".removesuffix(".0") + " %"
    return f"{100 * fraction:.0f} %"


def without_exponent(number: float) -> str:
    """Write a number in full, with at least one decimal place, as languages that know no exponent read it.

    >>> without_exponent(1e-4), without_exponent(18)
    ('0.0001', '18.0')
    """
    written = format(Decimal(repr(float(number))), "f")
    return written if "." in written else f"{written}.0"


def translatable(message: str) -> str:
    """Mark a message of ours that pages show in the reader's language; its translations are found by this name."""
    return message
