"""The quality rules that are data: FHIRPath conditions of `knowledge/fhir/quality.yaml`, asked of each resource."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reall.exchange.fhir.record import Record


@functools.lru_cache(maxsize=256)
def compiled(path: str) -> Callable[[Any], list[Any]]:
    """Give a FHIRPath expression as a function of a resource. Raises what its parser raises."""
    import fhirpathpy  # noqa: PLC0415 - its grammar takes a quarter of a second to load

    made: Callable[[Any], list[Any]] = fhirpathpy.compile(path)
    return made


def ask_rules(record: Record) -> None:
    """Note a finding for each rule that holds for a resource. A rule that cannot be asked of a damaged resource is one."""
    for one in record.usable:
        for rule in record.codes.rules_of.get(one.kind, ()):
            if rule.has not in one.data:
                continue
            try:
                holds = compiled(rule.when)(dict(one.data)) == [True]
            except Exception as error:  # noqa: BLE001 - the library raises whatever a damaged resource makes it do
                one.find("warning", "rule_not_asked", f"{rule.id} could not be asked ({type(error).__name__})", rule.element)
                continue
            if holds:
                one.find(rule.severity, rule.id, f"{rule.words} ({rule.source}, {rule.at})", rule.element)
