"""A case as it stands in the fields of a form: every value as the text that was typed or loaded, nothing left out.

A sheet may hold what is no valid case yet; `board_reading` says what is wrong with it. An empty field is unknown.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.facts.mrd import KEYS as MRD_KEYS
from reall.facts.reading import is_nothing, read_names
from reall.facts.vocabulary import NOT_STATED, Vocabulary

EXPOSURE_KEYS = ("agent", "cumulative_mg_m2")
NONE_FOUND = "none"
"""How an empty list, which is an answer, is written in a field; an empty field is unknown."""
SCHEMA = "reall.case/1"

_PARTS = ("schema", "case", "facts", "mrd", "exposures")
_NUMBERS_OF_ROWS = {"level_fraction", "assay_sensitivity_fraction", "cells", "cumulative_mg_m2"}
_PLAIN_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SMALL = Decimal("0.01")
_BY_FILE = "Correct the text; it stays as it is until it can be read."

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The fields of the board's form. `facts` keeps the order in which they were given; an empty row says nothing."""

    case: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    mrd: tuple[Row, ...] = ()
    exposures: tuple[Row, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known yet."""
        return not (self.facts or any(self.mrd) or any(self.exposures))

    def rows(self, part: str) -> tuple[Row, ...]:
        """Give the rows of `mrd` or of `exposures`."""
        return self.mrd if part == "mrd" else self.exposures

    def with_rows(self, part: str, rows: tuple[Row, ...]) -> Sheet:
        """Give the sheet with other rows."""
        return replace(self, mrd=rows) if part == "mrd" else replace(self, exposures=rows)


def from_form(form: Mapping[str, str], vocabulary: Vocabulary) -> Sheet:
    """Read the fields of a submitted form; fields that no fact belongs to are of other parts of the page."""
    known = {*vocabulary.statable, *vocabulary.inputs}
    given = {key[5:]: text.strip() for key, text in form.items() if key.startswith("fact.") and key[5:] in known}
    earlier = [name for name in form.get("order", "").split() if given.get(name)]
    order = [*dict.fromkeys(earlier), *given]
    return Sheet(
        case=form.get("case", "").strip(),
        facts={name: given[name] for name in order if given[name]},
        mrd=_rows(form, "mrd", MRD_KEYS),
        exposures=_rows(form, "exposures", EXPOSURE_KEYS),
    )


def _rows(form: Mapping[str, str], part: str, keys: Sequence[str]) -> tuple[Row, ...]:
    found: dict[int, dict[str, str]] = {}
    for key, text in form.items():
        head, _, rest = key.partition(".")
        number, _, name = rest.partition(".")
        if head == part and number.isdecimal() and name in keys:
            row = found.setdefault(int(number), {})
            if text.strip():
                row[name] = text.strip()
    return tuple(found[number] for number in sorted(found))


def from_document(document: Document, vocabulary: Vocabulary, *, name: str = "") -> Sheet:
    """Take a case file into the fields of a form.

    Values that are wrong are taken as they are. Raises `UnusableCase` with the line for what no field can hold:
    unknown keys and parts that have another shape.
    """
    data = document.data
    if not isinstance(data, dict):
        raise UnusableCase("a case is a set of named facts", where=document.name, next="Start with `facts:`.")
    _refuse_unknown(data, _PARTS, document)
    facts = data.get("facts") or {}
    if not isinstance(facts, dict):
        raise UnusableCase("`facts` is not a set of named facts", where=document.where("facts"), next=_BY_FILE)
    flat = _flat(facts, document, vocabulary)
    return Sheet(
        case=str(data.get("case") or name),
        facts={key: text for key, value in flat.items() if (text := _text(value, key, vocabulary))},
        mrd=_entries(data.get("mrd"), "mrd", MRD_KEYS, document),
        exposures=_entries(data.get("exposures"), "exposures", EXPOSURE_KEYS, document),
    )


def _refuse_unknown(found: Mapping[str, Any], keys: Sequence[str], document: Document, *place: str | int) -> None:
    for key in found:
        if key not in keys:
            raise UnusableCase(
                f"unknown key {key!r}",
                where=document.where(*place, key),
                why="There is no field for it, and what is not read would count as unknown.",
                next=f"Known are {', '.join(keys)}." if len(keys) <= len(MRD_KEYS) else "Correct its name.",
            )


def _flat(facts: Mapping[str, Any], document: Document, vocabulary: Vocabulary) -> dict[str, Any]:
    """Put the members of a group beside the other facts, under their own names."""
    _refuse_unknown(facts, (*vocabulary.statable, *vocabulary.inputs), document, "facts")
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        entry = vocabulary.inputs.get(key)
        members = entry.members if entry is not None else None
        if members is None or is_nothing(value):
            pairs = [(key, value)]
        elif isinstance(value, dict):
            _refuse_unknown(value, tuple(members), document, "facts", key)
            pairs = [(members[member], content) for member, content in value.items()]
        else:
            raise UnusableCase(f"{key} is not a set of named facts", where=document.where("facts", key), next=_BY_FILE)
        for name, content in pairs:
            if flat.get(name, content) != content:
                raise UnusableCase(f"{name} is given twice", where=document.where("facts", key), next="Keep one.")
            flat[name] = content
    return flat


def _entries(entries: Any, part: str, keys: Sequence[str], document: Document) -> tuple[Row, ...]:
    if is_nothing(entries):
        return ()
    rows = [entries] if isinstance(entries, dict) else entries
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnusableCase(f"`{part}` is not a list of named values", where=document.where(part), next=_BY_FILE)
    for i, row in enumerate(rows):
        _refuse_unknown(row, keys, document, part, i)
    return tuple({key: text for key, value in row.items() if (text := _plain_text(value))} for row in rows)


def _text(value: Any, name: str, vocabulary: Vocabulary) -> str:
    """Write a value of a file as the text of its field."""
    entry = vocabulary.inputs.get(name)
    if entry is not None and entry.kind == "list" and isinstance(value, list | str) and value != "":
        try:
            names = read_names(value)
        except UnusableCase:
            return _plain_text(value)
        return "\n".join(names) if names else NONE_FOUND
    if isinstance(value, list):
        return "|".join(_plain_text(each) for each in value)
    return _plain_text(value)


def _plain_text(value: Any) -> str:
    if is_nothing(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


def _number_text(value: float) -> str:
    """Write a number as short as it can be without changing it.

    >>> _number_text(0.0005), _number_text(40.0), _number_text(28.25), _number_text(0.0)
    ('5e-4', '40', '28.25', '0')
    """
    exact = Decimal(repr(value))
    if exact and abs(exact) < _SMALL:
        return f"{exact.normalize():e}"
    return repr(int(value)) if value.is_integer() else repr(value)


def to_data(sheet: Sheet, vocabulary: Vocabulary) -> dict[str, Any]:
    """Give the case that the fields hold as plain data of `reall.case/1`; wrong texts stay texts."""
    data: dict[str, Any] = {"schema": SCHEMA}
    if sheet.case:
        data["case"] = sheet.case
    data["facts"] = {name: value(name, text, vocabulary) for name, text in sheet.facts.items()}
    if any(sheet.mrd):
        data["mrd"] = [row_data(row) for row in sheet.mrd if row]
    if any(sheet.exposures):
        data["exposures"] = [row_data(row) for row in sheet.exposures if row]
    return data


def value(name: str, text: str, vocabulary: Vocabulary) -> Any:
    """Read the text of a field as plain data: a number, yes or no, a list; anything else stays text."""
    entry = vocabulary.inputs.get(name)
    if entry is not None:
        return _VALUES.get(entry.kind, _as_it_is)(text)
    fact = vocabulary.statable[name]
    if fact.numeric:
        return _number(text)
    parts = [_yes_no(part) if fact.kind == "yes_no" else part for part in text.split("|") if part != NOT_STATED]
    return parts[0] if len(parts) == 1 else parts


def row_data(row: Row) -> dict[str, Any]:
    """Read the texts of an MRD result or an exposure as plain data."""

    def one(key: str, text: str) -> Any:
        if key in _NUMBERS_OF_ROWS:
            return _number(text)
        return _yes_no(text) if key == "detected" else text

    return {key: one(key, text) for key, text in row.items()}


def _number(text: str) -> Any:
    if not _PLAIN_NUMBER.fullmatch(text):
        return text
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    return int(exact) if exact == exact.to_integral_value() and abs(exact) < 10**15 else float(text)


def _yes_no(text: str) -> Any:
    return {"yes": True, "no": False}.get(text, text)


def _names(text: str) -> list[str]:
    if text.lower() == NONE_FOUND:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def _as_it_is(text: str) -> Any:
    return text


_VALUES: dict[str, Callable[[str], Any]] = {"number": _number, "list": _names, "date": _as_it_is}


def as_yaml(data: dict[str, Any]) -> str:
    """Write plain data as YAML 1.2."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to load, and only wanted here

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
