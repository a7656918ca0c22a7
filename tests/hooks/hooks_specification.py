"""The published definitions of CDS Hooks (FSH) as a checker: cardinalities, required codes, and FHIRPath invariants.

The files are HL7's, read as they are; this module knows their notation and nothing of ReALL.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest

FOLDER = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[3] / "shared")) / "data/fhir/cds-hooks"
_ELEMENT = re.compile(r"^\* ([\w.]+) (\d)\.\.(\d|\*) (\S+)")
_OBEYS = re.compile(r"^\* (?:([\w.]+) )?obeys (.+)$")
_INVARIANT = re.compile(r'Invariant: (\S+)\nDescription: .*\n\* severity = #error\n\* expression = "(.*)"')
_TYPES: dict[str, Any] = {"string": str, "code": str, "url": str, "markdown": str, "boolean": bool, "uuid": str}
_DEFINED_ELSEWHERE = ("topic", "overrideReasons", "prefetch", "context")
_ALLOWED = {"cards.indicator": {"info", "warning", "critical"}, "cards.links.type": {"absolute", "smart"}}

published = pytest.mark.skipif(not FOLDER.exists(), reason="HL7's CDS Hooks definitions are not at hand (REALL_SHARED)")


def faults(definition: str, document: Any) -> list[str]:
    """Give everything in which a document departs from a definition, such as `CDSHooksResponse`."""
    text = (FOLDER / f"{definition}.fsh").read_text(encoding="utf-8")
    lines = text.splitlines()
    elements = {m[1]: (int(m[2]), m[3], m[4]) for line in lines if (m := _ELEMENT.match(line))}
    obeyed = [(m[1] or "", m[2].split(" and ")) for line in lines if (m := _OBEYS.match(line))]
    found = [fault for path, rule in elements.items() for fault in _cardinality(document, path, *rule)]
    found += [f"{path}: {name}" for path, names in obeyed for name in names for _ in _broken(document, path, name)]
    return found + list(_unknown(document, "", set(elements)))


def _parents(document: Any, path: str) -> list[Any]:
    found = [document]
    for part in path.split(".")[:-1] if path else []:
        values = [one.get(part) for one in found if isinstance(one, dict)]
        found = [v for value in values for v in (value if isinstance(value, list) else [value]) if v is not None]
    return found


def _cardinality(document: Any, path: str, low: int, high: str, kind: str) -> Iterator[str]:
    name = path.rsplit(".", maxsplit=1)[-1]
    if path.partition("prefetch.")[2]:  # keys of an object, not elements of it
        return
    for parent in _parents(document, path):
        value = parent.get(name) if isinstance(parent, dict) else None
        if value is None and low:
            yield f"{path} is missing"
        if value is None:
            continue
        if high == "*" and not isinstance(value, list) and kind not in {"Base"}:
            yield f"{path} is no list"
        if high == "1" and not isinstance(value, _TYPES.get(kind, object)):
            yield f"{path} is no {kind}"
        if kind == "uuid":
            uuid.UUID(value)
        if value not in _ALLOWED.get(path, [value]):
            yield f"{path}: {value}"


def _broken(document: Any, path: str, name: str) -> Iterator[str]:
    expression = dict(_INVARIANT.findall((FOLDER / "invariants.fsh").read_text(encoding="utf-8"))).get(name)
    if expression is None:  # a warning of the specification
        return
    for parent in _parents(document, f"{path}.x" if path else ""):
        if not all(fhirpathpy.evaluate(parent if isinstance(parent, dict) else {}, expression, {})):
            yield name


def _unknown(value: Any, path: str, known: set[str]) -> Iterator[str]:
    """Name members that the definition does not have."""
    if isinstance(value, list):
        for one in value:
            yield from _unknown(one, path, known)
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else name
            if here not in known:
                yield f"{here} is not defined"
            if not here.endswith(_DEFINED_ELSEWHERE):
                yield from _unknown(inner, here, known)
