"""Which drug or procedure an order is for: by its codes, else by a name that the knowledge holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from reall.exchange.fhir.findings import Log
from reall.exchange.fhir.load import Loaded
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.node import Concept, Resource
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.treatments import medicine_of
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge
from reall.service.hooks.gather import is_about

_PURPOSE_LEFT_BEHIND = {"prior_allo_hsct": "transplant"}
"""A procedure that leaves a fact behind belongs to the options of a purpose."""
_WITHDRAWN = ("entered-in-error", "cancelled", "revoked", "stopped", "completed")


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """Something ordered that the knowledge knows, with the options that it is part of."""

    title: str
    by_name: bool
    options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Orders:
    """All orders of a call. `unknown` counts those that no option names, `foreign` those for somebody else."""

    known: tuple[Ordered, ...]
    unknown: int
    foreign: int


def read_orders(entries: Iterable[Mapping[str, Any]], patient: str, knowledge: Knowledge) -> Orders:
    """Read the draft orders of a call; what is ordered twice is told once."""
    resources = [one for entry in entries if isinstance(one := entry.get("resource"), Mapping)]
    own = [one for one in resources if is_about(one, patient)]
    codes = codes_of(knowledge)
    record = Record((Loaded(one, "", f"draftOrders.entry[{at}]") for at, one in enumerate(own)), codes, Log())
    orders = [one for one in record.every if one.root.text("status") not in _WITHDRAWN and one.kind != "Medication"]
    found = [_ordered(one, record, codes, knowledge) for one in orders]
    return Orders(
        known=tuple(dict.fromkeys(one for one in found if one is not None)),
        unknown=sum(one is None for one in found),
        foreign=len(resources) - len(own),
    )


def _ordered(one: Resource, record: Record, codes: CodeMap, knowledge: Knowledge) -> Ordered | None:
    if one.kind == "ServiceRequest":
        return _procedure(one, codes, knowledge)
    if one.kind not in ("MedicationRequest", "MedicationAdministration"):
        return None
    medicine, _ = medicine_of(one, record)
    agent = medicine.agent if medicine is not None else _named(_words(one, record), knowledge)
    if agent is None:
        return None
    options = tuple(o.id for o in knowledge.therapy.options.values() if agent in (*o.agents, o.label_agent))
    title = knowledge.therapy.agents[agent].name
    return Ordered(title=title, by_name=medicine is None, options=options) if options else None


def _procedure(one: Resource, codes: CodeMap, knowledge: Knowledge) -> Ordered | None:
    concept = one.root.concept("code")
    for coding in concept.codings if concept else ():
        row = codes.row("procedure", coding.key)
        purpose = _PURPOSE_LEFT_BEHIND.get(row.fact) if row is not None else None
        if row is not None and purpose is not None:
            options = tuple(o.id for o in knowledge.therapy.options.values() if o.purpose == purpose)
            return Ordered(title=row.words, by_name=False, options=options)
    return None


def _words(one: Resource, record: Record) -> str:
    concept: Concept | None = one.root.concept("medicationCodeableConcept")
    reference = one.root.node("medicationReference")
    if concept is None and reference is not None:
        found = record.referred(one, reference.text("reference"))
        concept = found.root.concept("code") if found is not None else None
    said = [coding.display for coding in concept.codings] + [concept.text] if concept else []
    return " | ".join([*said, reference.text("display") if reference else ""])


def _named(words: str, knowledge: Knowledge) -> str | None:
    """Give the one agent that words name. The longest name counts; two agents of it, or two drugs, are none."""
    left, found = words.lower(), set()
    for name, agents in _names(tuple((a.id, a.name, *a.also) for a in knowledge.therapy.agents.values())):
        if name.search(left):
            found.add(agents)
            left = name.sub(" ", left)
    if len(found) != 1:
        return None
    (agents,) = found
    return agents[0] if len(agents) == 1 else None


@cache
def _names(agents: tuple[tuple[str, ...], ...]) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    by_name: dict[str, list[str]] = {}
    for id_, *names in agents:
        for name in {re.sub(r"\s*\(.*\)$", "", one).lower() for one in names}:
            by_name.setdefault(name, []).append(id_)
    longest = sorted(by_name.items(), key=lambda item: -len(item[0]))
    return [(re.compile(rf"(?<!\w){re.escape(name)}(?!\w)"), tuple(ids)) for name, ids in longest]
