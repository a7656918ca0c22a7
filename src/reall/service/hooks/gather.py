"""What came with a call, by key: read, asked and none found, not asked, or an error. Another child's is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reall.base.errors import UnusableCase
from reall.exchange.fhir.load import Loaded
from reall.exchange.fhir.record import whose
from reall.service.hooks.request import HookRequest
from reall.service.settings import Settings
from reall.service.smart.record import KINDS, Lent, read_record, searchset

USED, NONE_FOUND, NOT_ASKED, ERROR = "read", "asked and none found", "not asked", "error"
_SECONDS = 5
"""A clinician waits for the card; a server that answers later counts as one that did not."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of resource: what became of it, and how many came. `incomplete` where further pages did not come."""

    kind: str
    state: str
    count: int = 0
    incomplete: bool = False


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The record of the child as far as it came.

    `answers` holds a Bundle for each key that was answered; `foreign` counts resources about somebody else, and
    `unasked` members of the prefetch for which nobody asked. Neither is read.
    """

    answers: Mapping[str, Any]
    parts: tuple[Part, ...]
    foreign: int
    unasked: int

    @property
    def nothing(self) -> bool:
        """Whether no part of the record could be had, not even an empty one."""
        return all(part.state in {NOT_ASKED, ERROR} for part in self.parts)


async def gather(request: HookRequest, settings: Settings) -> Gathered:
    """Take the prefetch, and read what is missing where the settings allow that server.

    Raises `UnusableCase` where the patient that was sent is not the one of the context.
    """
    sent = request.prefetch or {}
    answers = {kind: _bundle(sent[kind]) for kind in KINDS if kind in sent}
    lacking = [kind for kind in KINDS if kind not in answers or _part(kind, answers).incomplete]
    lent = _lent(request, settings)
    if lent is not None and lacking:
        read = await read_record(lent, most=settings.smart.most_resources, kinds=lacking, seconds=_SECONDS)
        answers |= read.answers
    patient = request.context.patientId
    _check_patient(answers, patient)
    before = _count(answers)
    answers = {kind: _own(answer, patient) for kind, answer in answers.items()}
    return Gathered(
        answers=answers,
        parts=tuple(_part(kind, answers) for kind in KINDS),
        foreign=before - _count(answers),
        unasked=len(set(sent) - set(KINDS)),
    )


def _lent(request: HookRequest, settings: Settings) -> Lent | None:
    """Give what a call lends, where its server is one of the settings; no other is contacted."""
    server, granted = (request.fhirServer or "").rstrip("/"), request.fhirAuthorization
    if granted is None or server not in {one.rstrip("/") for one in settings.hooks.servers}:
        return None
    return Lent(server=server, token=granted.access_token, patient=request.context.patientId)


def _bundle(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give any answer as a Bundle; null means that the record system has none."""
    if answer is None:
        return searchset([])
    if answer.get("resourceType") == "Bundle":
        return dict(answer)
    return searchset([{"resource": answer}])


def resources_of(bundle: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the resources of a Bundle; what is none is left to the reader to report."""
    entries = bundle.get("entry", [])
    found = [entry.get("resource") for entry in entries if isinstance(entry, Mapping)] if _is_list(entries) else []
    return [one for one in found if isinstance(one, Mapping)]


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _part(kind: str, answers: Mapping[str, Any]) -> Part:
    if kind not in answers:
        return Part(kind=kind, state=NOT_ASKED)
    bundle = answers[kind]
    found = [one.get("resourceType") for one in resources_of(bundle)]
    count = sum(one != "OperationOutcome" for one in found)
    links = bundle.get("link", [])
    more = any(isinstance(n, Mapping) and n.get("relation") == "next" for n in links) if _is_list(links) else False
    if _failed(bundle):
        return Part(kind=kind, state=ERROR, count=count, incomplete=True)
    return Part(kind=kind, state=USED if count else NONE_FOUND, count=count, incomplete=more)


def _failed(bundle: Mapping[str, Any]) -> bool:
    """Tell whether a server says that something went wrong; a note or a warning beside results is none."""
    issues = (
        issue for one in resources_of(bundle) if one.get("resourceType") == "OperationOutcome" for issue in _issues(one)
    )
    return any(not isinstance(i, Mapping) or i.get("severity") not in {"information", "warning"} for i in issues)


def _issues(outcome: Mapping[str, Any]) -> list[Any]:
    issues = outcome.get("issue")
    return issues if isinstance(issues, list) and issues else [{}]


def is_about(resource: Mapping[str, Any], patient: str) -> bool:
    """Tell whether a resource is about a patient; one that names nobody (a medicine, a specimen) may be.

    >>> is_about({"subject": {"reference": "https://fhir.test/Patient/1/_history/2"}}, "1")
    True
    """
    if resource.get("resourceType") == "Patient":
        return resource.get("id") == patient
    about = whose(Loaded(resource, "", ""))
    return not about or about.split("/")[-2:] == ["Patient", patient]


def _own(bundle: Mapping[str, Any], patient: str) -> dict[str, Any]:
    entries = bundle.get("entry", [])
    if not _is_list(entries):
        return dict(bundle)
    kept = [
        entry
        for entry in entries
        if not isinstance(entry, Mapping)
        or not isinstance(entry.get("resource"), Mapping)
        or is_about(entry["resource"], patient)
    ]
    return {**bundle, "entry": kept}


def _count(answers: Mapping[str, Any]) -> int:
    return sum(len(resources_of(answer)) for answer in answers.values())


def _check_patient(answers: Mapping[str, Any], patient: str) -> None:
    sent = [one for one in resources_of(answers.get("Patient", {})) if one.get("resourceType") == "Patient"]
    if any(one.get("id") != patient for one in sent):
        raise UnusableCase(
            "the patient that was sent is not the patient of the context",
            where="prefetch.Patient",
            why="A card about another child would be shown.",
            next="Check how the record system fills the template.",
        )
