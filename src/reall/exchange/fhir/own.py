"""Facts in ReALL's own codes: exact where no public code says as much (time points, sensitivity, possible answers)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reall.exchange.fhir.node import Concept, Node, Resource, plain
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.say import LISTS, say
from reall.exchange.fhir.timeline import Timeline

FACTS, ANSWERS, PARTS = "reall_facts", "reall_answers", "reall_parts"
MRD, EXPOSURE, NONE = "mrd", "exposure", "none"
NUMBERS = ("level_fraction", "assay_sensitivity_fraction", "cells", "cumulative_mg_m2")


@dataclass(frozen=True)
class Entry:
    """An MRD result or an exposure, as an entry of a case, with the observation that gave it."""

    kind: str
    content: dict[str, Any]
    resource: Resource


def is_own(code: Concept | None) -> bool:
    """Tell whether an observation is written in ReALL's own codes."""
    return code is not None and any(coding.system == FACTS for coding in code.codings)


def read_own(one: Resource, record: Record, line: Timeline) -> list[Entry]:
    """State the fact; give the MRD result or the exposure that the observation is instead."""
    focus = {found.name for ref in one.root.references("focus") if (found := record.referred(one, ref))}
    others = {other.name for other in line.relapses} - {line.relapse.name if line.relapse else ""}
    if focus & others:
        one.find("warning", "not_tied", "belongs to another relapse; it is not used", "Observation.focus")
        return []
    code = one.root.concept("code")
    name = next(coding.code for coding in (code.codings if code else ()) if coding.system == FACTS)
    if name in {MRD, EXPOSURE}:
        entry = {part: value for part, value in _parts(one.root) if value is not None}
        return [Entry(name, entry, one)]
    value = _list(one) if name in LISTS else _value(one.root)
    if value is None:
        why = one.root.absent("value")
        record.log.doubt(name, "absent", record.codes.absent.get(why, ("", why))[1] or "no value", one.name)
    else:
        say(one, name, value, "Observation.value", own=True)
    return []


def _list(one: Resource) -> list[str] | None:
    names = [value for _, value in _parts(one.root) if isinstance(value, str)]
    return names or ([] if one.root.concept("valueCodeableConcept") else None)


def _parts(node: Node) -> list[tuple[str, Any]]:
    made = []
    for part in node.nodes("component"):
        code = part.concept("code")
        name = next((coding.code for coding in (code.codings if code else ()) if coding.system == PARTS), "")
        if name:
            made.append((name, _value(part, number=name in NUMBERS)))
    return made


def _value(node: Node, *, number: bool = False) -> Any:
    """Read the value as a case writes it; a list of possible answers stands in components."""
    if (truth := node.truth("valueBoolean")) is not None:
        return truth
    if (quantity := node.quantity("valueQuantity")) is not None:
        return f"{quantity.comparator}{quantity.value!r}" if quantity.comparator else plain(quantity.value)
    if (interval := node.node("valueRange")) is not None:
        low, high = interval.quantity("low"), interval.quantity("high")
        return f"{low.value!r}..{high.value!r}" if low and high else None
    if text := node.text("valueDateTime") or (not number and node.text("valueString")):
        return text
    if (concept := node.concept("valueCodeableConcept")) is not None:
        return next((coding.code for coding in concept.codings if coding.system == ANSWERS), None)
    possible = [value for name, value in _parts(node) if name == "possible"] if "component" in node.data else []
    return possible or None
