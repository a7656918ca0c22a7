"""Small models of FHIR R4: elements read with their type checked and their path kept; a wrong type counts as absent
and is reported."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reall.exchange.fhir.findings import Log
from reall.exchange.fhir.mapping import CodeMap, Key

MOST_EXACT = 2**53
_WHEN = re.compile(r"^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?$")
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_NULL_FLAVOR = "nullFlavor"
SEMANTIC_TAG = re.compile(r"\(([a-z /+-]+)\)$")


@dataclass(frozen=True)
class Coding:
    """A code with the short name of its system; an address that is not known stays as it is written."""

    system: str
    code: str
    display: str
    path: str

    @property
    def key(self) -> Key:
        """The code as the mapping names it."""
        return (self.system, self.code)


@dataclass(frozen=True)
class Concept:
    """A CodeableConcept."""

    codings: tuple[Coding, ...]
    text: str
    path: str

    def has(self, *keys: Key) -> bool:
        """Tell whether one of these codes is among its own."""
        return any(coding.key in keys for coding in self.codings)

    def __str__(self) -> str:
        named = next((coding for coding in self.codings if coding.display), None)
        if named is not None:
            return named.display
        return self.text or next((f"{c.system} {c.code}" for c in self.codings), "no code")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit (the UCUM code where given, else the printed unit) and comparator."""

    value: float
    unit: str
    comparator: str
    path: str


@dataclass(frozen=True)
class When:
    """A date, which may be known to the month or year only: the first and the last day that it can be."""

    first: dt.date
    last: dt.date
    text: str
    path: str

    @property
    def day(self) -> dt.date | None:
        """The day, where it is known."""
        return self.first if self.first == self.last else None


@dataclass
class Resource:
    """One resource as it came: its kind, its id, its place, and which of its elements were looked at."""

    kind: str
    id: str
    data: Mapping[str, Any]
    place: str
    address: str
    log: Log
    codes: CodeMap
    looked_at: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """How the resource is called in findings, such as `Observation/abc`."""
        return f"{self.kind}/{self.id}" if self.id else (self.address or self.place)

    @property
    def root(self) -> Node:
        """The resource as the element that holds all others."""
        return Node(self.data, self.kind, self)

    def find(self, severity: str, code: str, words: str, element: str = "") -> None:
        """Note a finding about this resource."""
        self.log.find(severity, code, words, resource=self.name, element=element or self.kind, place=self.place)


@dataclass(frozen=True)
class Node:
    """An element with named parts."""

    data: Mapping[str, Any]
    path: str
    owner: Resource

    def at(self, name: str) -> str:
        """Give the path of a part."""
        return f"{self.path}.{name}"

    def _look(self, name: str) -> Any:
        if self.path == self.owner.kind:
            self.owner.looked_at |= {name, f"_{name}"}
        return self.data.get(name)

    def _wrong(self, name: str, should: str, value: Any) -> None:
        found = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")
        self.owner.find("error", "wrong_type", f"is {found} where R4 has {should}; it is not read", self.at(name))

    def text(self, name: str) -> str:
        """Give a text; empty where there is none."""
        value = self._look(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(name, "a text", value)
            return ""
        return value.strip()

    def truth(self, name: str) -> bool | None:
        """Give true or false, or None."""
        value = self._look(name)
        if value is not None and not isinstance(value, bool):
            self._wrong(name, "true or false", value)
            return None
        return value

    def number(self, name: str) -> float | None:
        """Give a finite number, or None."""
        value = self._look(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._wrong(name, "a number", value)
            return None
        return float(value)

    def node(self, name: str) -> Node | None:
        """Give an element with parts, or None."""
        value = self._look(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._wrong(name, "an object", value)
            return None
        return Node(value, self.at(name), self.owner)

    def nodes(self, name: str) -> list[Node]:
        """Give the elements of a list."""
        value = self._look(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(name, "a list", value)
            return []
        made = []
        for at, one in enumerate(value):
            if isinstance(one, Mapping):
                made.append(Node(one, f"{self.at(name)}[{at}]", self.owner))
            else:
                self._wrong(f"{name}[{at}]", "an object", one)
        return made

    def concept(self, name: str) -> Concept | None:
        """Give a CodeableConcept, or None."""
        node = self.node(name)
        return None if node is None else node.as_concept()

    def concepts(self, name: str) -> list[Concept]:
        """Give the CodeableConcepts of a list."""
        return [node.as_concept() for node in self.nodes(name)]

    def as_concept(self) -> Concept:
        """Read this element as a CodeableConcept."""
        return Concept(tuple(_codings(self)), self.text("text"), self.path)

    def quantity(self, name: str) -> Quantity | None:
        """Give a quantity, or None where it has no number."""
        node = self.node(name)
        if node is None or (value := node.number("value")) is None:
            return None
        return Quantity(value, node.text("code") or node.text("unit"), node.text("comparator"), node.path)

    def when(self, name: str) -> When | None:
        """Give a date, or None; what is not a date of the calendar is reported."""
        text = self.text(name)
        if not text:
            return None
        made = _when(text, self.at(name))
        if made is None:
            self.owner.find("error", "no_date", f"{text!r} is not a date of FHIR; it is not read", self.at(name))
        return made

    def reference(self, name: str) -> str:
        """Give the address to which an element refers, or empty."""
        node = self.node(name)
        return "" if node is None else node.text("reference")

    def references(self, name: str) -> list[str]:
        """Give the addresses to which the elements of a list refer."""
        return [found for node in self.nodes(name) if (found := node.text("reference"))]

    def absent(self, name: str) -> str:
        """Give the code for why an element is absent (dataAbsentReason or nullFlavor), or empty."""
        if name == "value":
            found = self.concept("dataAbsentReason")
            if found is not None:
                return next((coding.code for coding in found.codings), found.text)
        beside = self._look(f"_{name}")
        if not isinstance(beside, Mapping) or not isinstance(beside.get("extension"), list):
            return ""
        for one in beside["extension"]:
            url = one.get("url") if isinstance(one, Mapping) else None
            if isinstance(url, str) and (url == _ABSENT or url.endswith(_NULL_FLAVOR)):
                return str(one.get("valueCode", ""))
        return ""

    def extension(self, url: str) -> Node | None:
        """Give the extension with this address, or None."""
        return next((one for one in self.nodes("extension") if one.data.get("url") == url), None)


def plain(value: float) -> int | float:
    """Write a whole number as such.

    >>> plain(80.0), plain(0.5)
    (80, 0.5)
    """
    return int(value) if value.is_integer() and abs(value) < MOST_EXACT else value


def _codings(node: Node) -> Iterator[Coding]:
    system_of = node.owner.codes.system_of
    for one in node.nodes("coding"):
        url, code = one.text("system"), one.text("code")
        if code or one.text("display"):
            yield Coding(system_of.get(url, url), code, one.text("display"), one.path)


def _when(text: str, path: str) -> When | None:
    match = _WHEN.match(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        if year is None:
            return None
        if month is None:
            return When(dt.date(year, 1, 1), dt.date(year, 12, 31), text, path)
        if day is None:
            return When(dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1]), text, path)
        return When(dt.date(year, month, day), dt.date(year, month, day), text, path)
    except (ValueError, calendar.IllegalMonthError):
        return None
