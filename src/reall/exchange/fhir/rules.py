"""The quality rules that are data: FHIRPath conditions of `knowledge/fhir/quality.yaml`, asked of each resource."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, cast

from reall.exchange.fhir.record import Record


@functools.lru_cache(maxsize=256)
def compiled(path: str) -> Callable[[Any], list[Any]]:
    """Give a FHIRPath expression as a function of a resource. Raises what its parser raises."""
    import fhirpathpy  # noqa: PLC0415 - its grammar takes a quarter of a second to load

    return cast("Callable[[Any], list[Any]]", fhirpathpy.compile(path))


def ask_rules(record: Record) -> None:
    """Note a finding for each rule that holds for a resource, and for each that a damaged one cannot be asked."""
    for one in record.usable:
        for rule in record.codes.rules_of.get(one.kind, ()):
            if rule.uses[0] not in one.data:
                continue
            seen = {"resourceType": one.kind, **{name: one.data[name] for name in rule.uses if name in one.data}}
            holds = _holds(rule.when, json.dumps(seen))
            if isinstance(holds, str):
                one.find("warning", "rule_not_asked", f"{rule.id} could not be asked ({holds})", rule.element)
            elif holds:
                one.find(rule.severity, rule.id, f"{rule.words} ({rule.source}, {rule.at})", rule.element)


@functools.lru_cache(maxsize=4096)
def _holds(when: str, resource: str) -> bool | str:
    """Ask one rule, or give the kind of the error; exports repeat codes and ranges, and an answer takes 0.1 ms."""
    try:
        return compiled(when)(json.loads(resource)) == [True]
    except Exception as error:
        return type(error).__name__
