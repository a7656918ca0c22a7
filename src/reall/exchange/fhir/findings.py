"""What reading a record gives: a case, where each fact comes from, what stayed unknown and why, what was found odd."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "reall.fhir_reading/1"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to look at: `error` (contradicts itself), `warning` (not used, or doubtful) or `note`."""

    severity: str
    code: str
    words: str
    resource: str = ""
    element: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A fact as one element of one resource says it; `own` where it is written in ReALL's own codes."""

    fact: str
    value: Any
    resource: str
    element: str
    place: str = ""
    row: str = ""
    status: str = ""
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Why a fact (or everything under a key that was asked for) stayed unknown.

    `kind` is not_asked, none_found, error, absent (with the code of the record), not_tied, not_read, contradicted.
    """

    fact: str
    kind: str
    reason: str
    resource: str = ""
    element: str = ""


@dataclass(frozen=True, kw_only=True)
class Unused:
    """A resource or an element that gave no fact."""

    resource: str
    elements: tuple[str, ...]
    why: str


@dataclass
class Log:
    """Collects what is found while a record is read."""

    findings: list[Finding] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    _seen: set[Finding] = field(default_factory=set)

    def find(
        self, severity: str, code: str, words: str, *, resource: str = "", element: str = "", place: str = ""
    ) -> None:
        """Note a finding; the same one is noted once."""
        made = Finding(severity=severity, code=code, words=words, resource=resource, element=element, place=place)
        if made not in self._seen:
            self._seen.add(made)
            self.findings.append(made)

    def doubt(self, fact: str, kind: str, reason: str, resource: str = "", element: str = "") -> None:
        """Note why a fact stays unknown."""
        self.unknown.append(Unknown(fact=fact, kind=kind, reason=reason, resource=resource, element=element))


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One patient's record as a case (`reall.case/1`, plain data), with everything that a human must know of it.

    `patient` and `condition` are the references under which the child and this relapse stand in the record.
    """

    case: dict[str, Any]
    patient: str
    condition: str
    provenance: tuple[Statement, ...]
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]
    unused: tuple[Unused, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the reading as plain data."""
        return {
            "schema": SCHEMA,
            "case": self.case,
            "patient": self.patient,
            "condition": self.condition,
            "provenance": [asdict(one) for one in self.provenance],
            "unknown": [asdict(one) for one in self.unknown],
            "findings": [asdict(one) for one in self.findings],
            "unused": [{**asdict(one), "elements": list(one.elements)} for one in self.unused],
        }
