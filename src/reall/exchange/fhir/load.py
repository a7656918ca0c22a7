"""Bytes to resources: Bundles of every type, single resources, lines of a bulk export; bounded, refused with a path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Log

MAXIMUM_BYTES = 64_000_000
"""A child's whole record has a few megabytes; an export of many children is read line by line."""
MAXIMUM_LINE_BYTES = 4_000_000
MAXIMUM_ENTRIES = 200_000
MAXIMUM_BUNDLE_DEPTH = 3
_READ_TYPES = (
    "transaction",
    "batch",
    "collection",
    "searchset",
    "document",
    "message",
    "transaction-response",
    "batch-response",
)
_GIVES_NOTHING = ("DELETE", "GET", "HEAD", "PATCH")
_LATIN = ("utf-16", "utf-32")


@dataclass(frozen=True)
class Loaded:
    """One resource as it came, with the address that its Bundle gives it and its place in the file."""

    data: Mapping[str, Any]
    address: str
    place: str

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return str(self.data.get("resourceType"))


def parse(content: bytes, *, name: str, most: int = MAXIMUM_BYTES) -> Any:
    """Read JSON strictly. Raises `UnusableCase`: too long, not UTF-8, XML, a key twice, NaN, nested too deeply."""
    if len(content) > most:
        raise UnusableCase(
            f"the resource has {len(content):,} bytes", where=name, why=f"Up to {most:,} are read at once.",
            next="Write it as bulk export (NDJSON), one resource on each line.",
        )  # fmt: skip
    text = _text(content, name)
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, name), parse_constant=_no_number(name))
    except json.JSONDecodeError as bad:
        raise UnusableCase(
            f"this is not well-formed JSON: {bad.msg}", where=f"{name}, line {bad.lineno}, column {bad.colno}",
            next="Export it again.",
        ) from None  # fmt: skip
    except RecursionError:
        raise UnusableCase("the resource is nested too deeply", where=name, next="Check what wrote it.") from None
    except ValueError:
        raise UnusableCase("a number has too many digits", where=name, next="Check what wrote it.") from None


def _text(content: bytes, name: str) -> str:
    if content.lstrip()[:1] == b"<":
        raise UnusableCase("this is XML", where=name, why="Only JSON is read.", next="Ask for application/fhir+json.")
    if json.detect_encoding(content[:4]).startswith(_LATIN):
        raise UnusableCase("this is not UTF-8 text", where=name, why="FHIR is always UTF-8.", next="Export it again.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise UnusableCase(f"byte {bad.start} is not UTF-8 text", where=name, why="FHIR is always UTF-8.") from None


def _unique(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UnusableCase(
            f"the key {twice!r} is given twice", where=name, why="One of the two would be lost silently."
        )
    return made


def _no_number(name: str) -> Any:
    def refuse(token: str) -> float:
        raise UnusableCase(f"{token} is not a number", where=name, next="Leave out what is unknown.")

    return refuse


def load(data: Any, log: Log, *, name: str) -> list[Loaded]:
    """Give the resources of a Bundle or the single resource. Raises `UnusableCase` where it is neither."""
    made = list(_load(data, log, place=name, depth=0))
    return _once(made, log)


def _load(data: Any, log: Log, *, place: str, depth: int, address: str = "") -> Iterator[Loaded]:
    if not isinstance(data, Mapping) or not isinstance(data.get("resourceType"), str):
        if depth == 0:
            raise UnusableCase("this is not a FHIR resource", where=place, why="It has no `resourceType`.")
        log.find("error", "no_resource", "is not a resource; it is not read", place=place)
        return
    if data["resourceType"] != "Bundle":
        yield Loaded(data, address, place)
        return
    if depth > MAXIMUM_BUNDLE_DEPTH:
        log.find("error", "too_deep", "a Bundle within Bundles is nested too deeply; it is not read", place=place)
        return
    yield from _entries(data, log, place, depth)


def _entries(bundle: Mapping[str, Any], log: Log, place: str, depth: int) -> Iterator[Loaded]:
    base = "Bundle" if depth == 0 else place
    kind, entries = bundle.get("type"), bundle.get("entry", [])
    if kind not in _READ_TYPES:
        raise UnusableCase(
            f"a Bundle of type {kind!r} is not read", where=f"{base}.type",
            why="A history repeats resources in older versions.", next=f"Send one of {', '.join(_READ_TYPES)}.",
        )  # fmt: skip
    if not isinstance(entries, list):
        raise UnusableCase("`entry` is not a list", where=f"{base}.entry", next="Check what wrote the Bundle.")
    if len(entries) > MAXIMUM_ENTRIES:
        raise UnusableCase(
            f"the Bundle has {len(entries):,} entries", where=f"{base}.entry",
            why=f"Up to {MAXIMUM_ENTRIES:,} are read.", next="Write a bulk export (NDJSON).",
        )  # fmt: skip
    _more_pages(bundle, log, base)
    for at, entry in enumerate(entries):
        yield from _entry(entry, log, f"{base}.entry[{at}]", depth)


def _entry(entry: Any, log: Log, place: str, depth: int) -> Iterator[Loaded]:
    if not isinstance(entry, Mapping):
        log.find("error", "wrong_type", "is no entry of a Bundle; it is not read", place=place)
        return
    request = entry.get("request")
    method = request.get("method") if isinstance(request, Mapping) else None
    if method in _GIVES_NOTHING:
        log.find("warning", "request_not_read", f"asks to {method}; nothing is read from it", place=place)
        return
    resource = entry.get("resource")
    response = entry.get("response")
    if resource is None and isinstance(response, Mapping):
        resource = response.get("outcome")
    if resource is None:
        log.find("note", "empty_entry", "holds no resource", place=place)
        return
    address = entry.get("fullUrl")
    yield from _load(
        resource, log, place=f"{place}.resource", depth=depth + 1, address=address if isinstance(address, str) else ""
    )


def _more_pages(bundle: Mapping[str, Any], log: Log, place: str) -> None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("relation") == "next":
            words = "there are further pages that were not given; what they hold is unknown"
            log.find("warning", "more_pages", words, element="Bundle.link", place=place)


def _once(loaded: list[Loaded], log: Log) -> list[Loaded]:
    """Keep equal copies once; different resources under one address contradict each other, and none of them is used."""
    groups: dict[str, list[Loaded]] = {}
    for at, one in enumerate(loaded):
        id_ = one.data.get("id")
        key = one.address or (f"{one.kind}/{id_}" if isinstance(id_, str) and id_ else f"#{at}")
        groups.setdefault(key, []).append(one)
    kept: list[Loaded] = []
    for key, same in groups.items():
        if all(one.data == same[0].data for one in same):
            kept.append(same[0])
            if len(same) > 1:
                log.find("note", "given_twice", f"is given {len(same)} times, always alike", resource=key)
        elif one_kind(same) == "OperationOutcome":
            kept += same
        else:
            places = ", ".join(one.place for one in same)
            words = f"stands for {len(same)} different resources ({places}); none of them is used"
            log.find("error", "same_address", words, resource=key, place=same[0].place)
    return kept


def one_kind(loaded: list[Loaded]) -> str:
    """Give the type that all have, or empty."""
    kinds = {one.kind for one in loaded}
    return kinds.pop() if len(kinds) == 1 else ""
