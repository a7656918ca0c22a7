"""JSON text, the same as `json.dumps` with two spaces would write, in a third of its time.

The standard library's fast encoder writes no indentation, and its indenting one passes every piece through a chain of
generators; an assessment has some twenty thousand pieces.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from json.encoder import encode_basestring as quoted
from typing import Any

from reall.facts.known import Interval

_STEP = "  "


def dumps(data: Any) -> str:
    """Write JSON the same way everywhere: UTF-8, two spaces, no NaN.

    >>> print(dumps({"possible": ["S1", "S2"], "level": 1e-05, "missing": []}))
    {
      "possible": [
        "S1",
        "S2"
      ],
      "level": 1e-05,
      "missing": []
    }
    """
    pieces: list[str] = []
    _write(data, "\n", pieces.append)
    return "".join(pieces)


def _write(value: Any, line: str, put: Callable[[str], None]) -> None:
    """Write a value; `line` is a line break with the indentation of what surrounds it."""
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        put(scalar(value))
    elif isinstance(value, dict):
        _write_object(value, line, put)
    elif isinstance(value, list | tuple):
        _write_list(value, line, put)
    else:
        put(json.dumps(value, ensure_ascii=False, allow_nan=False, default=_default))


def _write_object(value: dict[Any, Any], line: str, put: Callable[[str], None]) -> None:
    if not value:
        put("{}")
        return
    inner = line + _STEP
    before = "{" + inner
    for key, item in value.items():
        named = before + (quoted(key) if type(key) is str else _key(key)) + ": "
        scalar = _SCALARS.get(type(item))
        if scalar is not None:
            put(named + scalar(item))
        else:
            put(named)
            _write(item, inner, put)
        before = "," + inner
    put(line + "}")


def _write_list(value: list[Any] | tuple[Any, ...], line: str, put: Callable[[str], None]) -> None:
    if not value:
        put("[]")
        return
    inner = line + _STEP
    before = "[" + inner
    for item in value:
        put(before)
        _write(item, inner, put)
        before = "," + inner
    put(line + "]")


def _key(key: Any) -> str:
    """Write a key that is no plain text, such as a number or a word of an enumeration, as the standard library does."""
    return json.dumps({key: None}, ensure_ascii=False, allow_nan=False)[1:-7]


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("a number that is not finite has no JSON form")
    return float.__repr__(value)


_SCALARS: dict[type, Callable[[Any], str]] = {
    str: quoted,
    float: _float,
    int: int.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
}


def _default(value: Any) -> str:
    if isinstance(value, Interval):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
