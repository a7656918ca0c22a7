"""Strict reading of YAML 1.2 and JSON documents, with the line of every entry for error messages.

PyYAML is not used: it reads `1e-4` as text, `no` as False and keeps the last of two equal keys.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from collections.abc import Mapping
from typing import Any

from reall.base.errors import ReallError

MAXIMUM_BYTES = 4_000_000
"""A case or a knowledge file is a few kilobytes; anything near this size is not one."""

MAXIMUM_DEPTH = 40

Place = tuple[str | int, ...]


class Document:
    """Plain data (dict, list, str, float, int, bool, date, None) with the line on which each entry stands."""

    def __init__(self, data: Any, lines: Mapping[Place, int], name: str) -> None:
        """Hold what was read from the file or stream called `name`."""
        self.data = data
        self.lines = lines
        self.name = name

    def where(self, *place: str | int) -> str:
        """Name a place: file and, where it is known, line.

        >>> Document({"a": 1}, {("a",): 3}, "case.yaml").where("a")
        'case.yaml, line 3'
        """
        while place and place not in self.lines:
            place = place[:-1]
        line = self.lines.get(place)
        return f"{self.name}, line {line}" if line else self.name


def read_document(text: str | bytes, *, name: str, error: type[ReallError]) -> Document:
    """Read one YAML or JSON document.

    Raises `error`, with line, when the text is empty, too long, not well-formed, uses YAML references (a small file
    could unfold into gigabytes) or custom tags, repeats a key, holds several documents, or holds a NaN.
    """
    if len(text) > MAXIMUM_BYTES:
        raise error(
            f"the file has {len(text):,} bytes",
            where=name,
            why=f"Up to {MAXIMUM_BYTES:,} are read.",
            next="Check that this is the right file; tables are read by `reall cohort assign`.",
        )
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as bad:
            raise error(
                f"byte {bad.start} is not UTF-8 text", where=name, next="Save the file as UTF-8 text."
            ) from None
    if not text.strip():
        raise error("the file is empty", where=name, next="Write at least one fact.")
    if text.lstrip().startswith(("{", "[")):
        document = _read_json(text, name, error)
        if document is not None:
            return document
    return _read_yaml(text, name, error)


def _read_json(text: str, name: str, error: type[ReallError]) -> Document | None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise error(f"the key {twice!r} is given twice", where=name, next="Keep one of the two.")
        return dict(pairs)

    def no_nan(token: str) -> float:
        raise error(f"{token} is not a number", where=name, next="Leave out what is unknown.")

    try:
        data = json.loads(text, object_pairs_hook=unique, parse_constant=no_nan)
    except json.JSONDecodeError:
        return None  # YAML flow style looks alike; its reader gives the better message
    except RecursionError:
        raise _too_deep(name, error) from None
    return Document(data, {}, name)


def _too_deep(name: str, error: type[ReallError]) -> ReallError:
    return error("the file is nested too deeply", where=name, next=f"At most {MAXIMUM_DEPTH} levels are read.")


def _read_yaml(text: str, name: str, error: type[ReallError]) -> Document:
    # ruamel.yaml takes 40 ms to import, which `reall --help` must not pay.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.constructor import DuplicateKeyError  # noqa: PLC0415
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    _refuse_references(text, name, error)
    try:
        loaded = YAML(typ="rt", pure=True).load(io.StringIO(text))
        lines: dict[Place, int] = {}
        return Document(_plain(loaded, (), lines, name, error), lines, name)
    except DuplicateKeyError as bad:
        line = bad.problem_mark.line + 1 if bad.problem_mark else 0
        key = str(bad.problem).split('"')[1] if '"' in str(bad.problem) else "a key"
        raise error(f"{key!r} is given twice", where=f"{name}, line {line}", next="Keep one of the two.") from None
    except MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        place = f"{name}, line {mark.line + 1}, column {mark.column + 1}" if mark else name
        raise error(f"this is not well-formed YAML: {bad.problem}", where=place) from None
    except (YAMLError, ValueError) as bad:
        raise error(f"this is not well-formed YAML: {bad}", where=name) from None
    except RecursionError:
        raise _too_deep(name, error) from None


def _refuse_references(text: str, name: str, error: type[ReallError]) -> None:
    if not any(sign in text for sign in "&*!"):
        return
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415
    from ruamel.yaml.events import AliasEvent  # noqa: PLC0415

    try:
        for event in YAML(typ="rt", pure=True).parse(io.StringIO(text)):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None) or _has_custom_tag(event):
                line = event.start_mark.line + 1
                raise error(
                    "YAML references (&, *) and tags (!) are not read",
                    where=f"{name}, line {line}",
                    why="A few lines of them can unfold into gigabytes.",
                    next="Write the value out.",
                )
    except YAMLError:
        return  # the loader gives the message with the place


def _has_custom_tag(event: Any) -> bool:
    tag = str(getattr(event, "tag", None) or getattr(event, "ctag", None) or "")
    return tag.startswith("!")


def _line(node: Any, kind: str, at: str | int) -> int:
    """Ask ruamel's container where an entry stands, counted from 1."""
    return int(getattr(node.lc, kind)(at)[0]) + 1


def _plain(node: Any, place: Place, lines: dict[Place, int], name: str, error: type[ReallError]) -> Any:
    """Turn ruamel's containers into plain ones and note their lines."""
    if len(place) > MAXIMUM_DEPTH:
        raise _too_deep(name, error)
    if isinstance(node, Mapping):
        made: dict[str, Any] = {}
        for key, value in node.items():
            if not isinstance(key, str):
                raise error(f"the key {key!r} is not text", where=name, next="Put the key in quotes.")
            lines[(*place, key)] = _line(node, "key", key)
            made[str(key)] = _plain(value, (*place, key), lines, name, error)
        return made
    if isinstance(node, list):
        items = []
        for i, value in enumerate(node):
            lines[(*place, i)] = _line(node, "item", i)
            items.append(_plain(value, (*place, i), lines, name, error))
        return items
    return _scalar(node, place, lines, name, error)


def _scalar(node: Any, place: Place, lines: dict[Place, int], name: str, error: type[ReallError]) -> Any:
    if node is None or isinstance(node, bool):
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        if not math.isfinite(node):
            where = f"{name}, line {lines[place]}" if place in lines else name
            raise error(f"{node} is not a number", where=where, next="Leave out what is unknown.")
        return float(node)
    if isinstance(node, dt.datetime):
        return node
    if isinstance(node, dt.date):
        return node
    return str(node)
