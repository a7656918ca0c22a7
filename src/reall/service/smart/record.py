"""Reads one patient's resources from a FHIR R4 server with the token of a launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

_TIMEOUT_SECONDS = 20
_PAGE = 200
KINDS = (
    "Patient",
    "Condition",
    "Observation",
    "DiagnosticReport",
    "Procedure",
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationRequest",
    "Specimen",
    "RiskAssessment",
)
"""The patient, and the kinds of resources that are about one patient and may hold facts of a case."""


@dataclass(frozen=True, kw_only=True)
class Lent:
    """What a launch hands over: where to read, with which right, about whom. It stays in this process."""

    server: str
    token: str
    patient: str


@dataclass(frozen=True, kw_only=True)
class PatientRecord:
    """What was read, and what was not: an empty answer and an error are different unknowns."""

    entries: Mapping[str, list[dict[str, Any]]]
    """The entries of each kind as the server gave them; none where it was asked and found none."""
    not_read: Mapping[str, str]
    """Kinds that could not be read, or not to the end, and why."""

    @property
    def found(self) -> dict[str, int]:
        """How many of each kind."""
        return {kind: len(entries) for kind, entries in self.entries.items()}

    @property
    def answers(self) -> dict[str, Any]:
        """A search answer for each kind; what could not be read carries an OperationOutcome."""
        return {
            kind: searchset(
                [*self.entries.get(kind, ()), *([outcome(why)] if (why := self.not_read.get(kind)) else ())]
            )
            for kind in dict.fromkeys((*self.entries, *self.not_read))
        }


def searchset(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the answer to a search."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def outcome(why: str) -> dict[str, Any]:
    """Give the entry by which a server says that something went wrong."""
    issue = {"severity": "error", "code": "processing", "diagnostics": why}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}


async def read_record(
    lent: Lent, *, most: int, kinds: Iterable[str] = KINDS, seconds: float = _TIMEOUT_SECONDS
) -> PatientRecord:
    """Read the patient and everything about the patient, up to `most` resources in all.

    Each answer of the server may take so many seconds.
    """
    headers = {"authorization": f"Bearer {lent.token}", "accept": "application/fhir+json"}
    beyond = lent.server.startswith("https://")
    entries: dict[str, list[dict[str, Any]]] = {}
    not_read: dict[str, str] = {}
    async with httpx2.AsyncClient(headers=headers, timeout=seconds, trust_env=beyond) as client:
        for kind in kinds:
            left = most - sum(map(len, entries.values()))
            try:
                read = await _read(client, lent.server, _address(lent, kind), left)
            except _NotRead as why:
                not_read[kind] = str(why)
                read = why.until_then
            if read or kind not in not_read:
                entries[kind] = read
    return PatientRecord(entries=entries, not_read=not_read)


class _NotRead(Exception):
    def __init__(self, why: str, until_then: list[dict[str, Any]]) -> None:
        super().__init__(why)
        self.until_then = until_then


def _address(lent: Lent, kind: str) -> str:
    patient = quote(lent.patient, safe="")
    return (
        f"{lent.server}/Patient/{patient}"
        if kind == "Patient"
        else f"{lent.server}/{kind}?patient={patient}&_count={_PAGE}"
    )


async def _read(client: httpx2.AsyncClient, server: str, address: str, most: int) -> list[dict[str, Any]]:
    """Follow the pages of one answer, but never off the server: the token is for it alone."""
    entries: list[dict[str, Any]] = []
    while address:
        page = await _page(client, address, entries)
        if page.get("resourceType") != "Bundle":
            return [{"fullUrl": address, "resource": page}]
        for entry in page.get("entry", []):
            if len(entries) >= most:
                raise _NotRead("there are more resources than are read", entries)
            # What a server says about the search is no resource of the patient.
            if isinstance(entry, dict) and (entry.get("search") or {}).get("mode", "match") == "match":
                entries.append(entry)
        address = next((n.get("url", "") for n in page.get("link", []) if n.get("relation") == "next"), "")
        if address and not address.startswith(f"{server}/") and not address.startswith(f"{server}?"):
            raise _NotRead("the next page lies on another server", entries)
    return entries


async def _page(client: httpx2.AsyncClient, address: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    try:
        answer = await client.get(address)
        page = answer.json() if answer.is_success else None
    except (httpx2.HTTPError, ValueError):
        raise _NotRead("the server did not answer with FHIR", entries) from None
    if page is None:
        raise _NotRead(f"the server refused ({answer.status_code})", entries)
    if not isinstance(page, dict) or page.get("resourceType") in (None, "OperationOutcome"):
        raise _NotRead("the server did not answer with a resource", entries)
    return page
