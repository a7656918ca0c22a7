"""The record of one patient: which resources may be used, and what refers to what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from reall.exchange.fhir.findings import Log, Unused
from reall.exchange.fhir.load import Loaded
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.node import Resource, When

_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
READ_KINDS = (
    "Patient", "Condition", "Observation", "DiagnosticReport", "Procedure", "MedicationAdministration",
    "MedicationStatement", "MedicationRequest", "Medication", "Specimen", "RiskAssessment",
)  # fmt: skip
_FINAL = {
    "Observation": {"final", "amended", "corrected"},
    "DiagnosticReport": {"final", "amended", "corrected", "appended"},
    "Procedure": {"completed", "in-progress"},
    "MedicationAdministration": {"completed", "in-progress", "stopped"},
    "MedicationStatement": {"active", "completed", "stopped"},
}
"""Statuses whose content is a statement. A single act that was not done says nothing about others: it is not used."""
_SILENT = {
    "resourceType",
    "status",
    "subject",
    "patient",
    "id",
    "meta",
    "text",
    "language",
    "implicitRules",
    "contained",
    "_id",
}
_WHOSE = ("subject", "patient", "individual", "beneficiary")
DATED = (
    "effectiveDateTime", "effectivePeriod", "effectiveInstant", "onsetDateTime", "performedDateTime", "performedPeriod",
    "occurrenceDateTime", "authoredOn", "recordedDate", "issued",
)  # fmt: skip


def whose(loaded: Loaded) -> str:
    """Give the reference by which a resource says whom it is about, or empty.

    >>> whose(Loaded({"resourceType": "Condition", "subject": {"reference": "Patient/1"}}, "", ""))
    'Patient/1'
    """
    for name in _WHOSE:
        about = loaded.data.get(name)
        if isinstance(about, Mapping) and isinstance(about.get("reference"), str):
            return str(about["reference"]).partition("/_history/")[0]
    return ""


def addresses(loaded: Loaded) -> set[str]:
    """Give every address under which others may refer to a resource."""
    made = {loaded.address} if loaded.address else set()
    id_ = loaded.data.get("id")
    if isinstance(id_, str) and id_:
        made.add(f"{loaded.kind}/{id_}")
    return made


def by_patient(loaded: Iterable[Loaded], log: Log) -> list[list[Loaded]]:
    """Part resources by the patient they are about; those about nobody (medicines, specimens) go to each of them."""
    every = list(loaded)
    patients = [one for one in every if one.kind == "Patient"]
    groups: dict[str, list[Loaded]] = {}
    name_of: dict[str, str] = {}
    for at, patient in enumerate(patients):
        groups[f"patient {at}"] = [patient]
        name_of |= dict.fromkeys(addresses(patient), f"patient {at}")
    shared: list[Loaded] = []
    for one in every:
        about = whose(one)
        if one.kind == "Patient":
            continue
        if not about or one.kind == "Group":
            shared.append(one)
            continue
        key = name_of.get(about) or name_of.get("/".join(about.split("/")[-2:])) or about
        if key == about and patients:
            words = f"is about {about}, who is not in the record; it is not used"
            log.find("error", "other_patient", words, resource=f"{one.kind}/{one.data.get('id', '')}", place=one.place)
            continue
        groups.setdefault(key, []).append(one)
    return [[*group, *shared] for group in groups.values()] or ([shared] if shared else [])


class Record:
    """The resources of one patient."""

    def __init__(self, loaded: Iterable[Loaded], codes: CodeMap, log: Log) -> None:
        """Hold the resources; a finding is noted for each that cannot be used."""
        self.log = log
        self.codes = codes
        self.every = [self._resource(one) for one in loaded]

    def _resource(self, one: Loaded) -> Resource:
        id_ = one.data.get("id")
        made = Resource(
            one.kind, id_ if isinstance(id_, str) else "", one.data, one.place, one.address, self.log, self.codes
        )
        if id_ is not None and not (isinstance(id_, str) and _ID.match(id_)):
            made.find("warning", "bad_id", "the id is not one of FHIR", f"{one.kind}.id")
        return made

    @cached_property
    def by_address(self) -> Mapping[str, Resource]:
        """Every resource by each address under which others may refer to it."""
        made: dict[str, Resource] = {}
        for one in self.every:
            if one.address:
                made[one.address] = one
            if one.id:
                made[f"{one.kind}/{one.id}"] = one
        return made

    def referred(self, owner: Resource, reference: str) -> Resource | None:
        """Give the resource to which another refers: contained in it, or elsewhere in the record."""
        reference = reference.partition("/_history/")[0]
        if reference.startswith("#"):
            return self._contained(owner, reference[1:])
        return self.by_address.get(reference) or self.by_address.get("/".join(reference.split("/")[-2:]))

    def _contained(self, owner: Resource, id_: str) -> Resource | None:
        found = next((node for node in owner.root.nodes("contained") if node.data.get("id") == id_), None)
        if found is None or not isinstance(found.data.get("resourceType"), str):
            return None
        return Resource(
            found.data["resourceType"], "", found.data, f"{owner.place}.contained", "", self.log, self.codes
        )

    @cached_property
    def usable(self) -> tuple[Resource, ...]:
        """The resources whose content may be taken as said."""
        return tuple(one for one in self.every if self._usable(one))

    def of(self, *kinds: str) -> list[Resource]:
        """Give the usable resources of these kinds."""
        return [one for one in self.usable if one.kind in kinds]

    def _usable(self, one: Resource) -> bool:
        why = self._refusal(one)
        if why and one.kind in READ_KINDS:
            one.find("warning", "not_used", f"{why}; it is not used")
        if why:
            self.log.unused.append(Unused(resource=one.name, elements=(), why=why))
        return not why

    def _refusal(self, one: Resource) -> str:
        if one.kind not in READ_KINDS:
            return "" if one.kind == "OperationOutcome" else f"resources of type {one.kind} give no fact"
        if one.data.get("modifierExtension"):
            return "a modifierExtension may reverse its meaning"
        if one.data.get("implicitRules"):
            return "it follows implicitRules that are not known here"
        status = one.root.text("status") or "not stated"
        allowed = _FINAL.get(one.kind)
        if status == "entered-in-error" or (allowed is not None and status not in allowed):
            return f"its status is {status}"
        return ""

    def unresolved(self) -> None:
        """Note once for each address that something refers to and that is not in the record."""
        missing: dict[str, str] = {}
        for one in self.every:
            for reference in references(one.data):
                if not reference.startswith("#") and self.referred(one, reference) is None:
                    missing.setdefault(reference, one.name)
        for reference, name in missing.items():
            self.log.find("note", "not_in_record", f"refers to {reference}, which is not in the record", resource=name)

    def leftovers(self) -> None:
        """List the elements of used resources at which nothing looked."""
        for one in self.usable:
            if one.kind not in READ_KINDS:
                continue
            left = tuple(sorted(name for name in one.data if name not in one.looked_at | _SILENT))
            if left:
                paths = tuple(f"{one.kind}.{name}" for name in left)
                self.log.unused.append(Unused(resource=one.name, elements=paths, why="no fact is read from them"))


def references(value: object, depth: int = 0) -> Iterable[str]:
    """Give every address to which an element or a part of it refers."""
    if depth > 12:  # noqa: PLR2004 - references stand near the top; deeper structures are not followed
        return
    if isinstance(value, Mapping):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for part in value.values():
            if isinstance(part, Mapping | list):
                yield from references(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from references(part, depth + 1)


def dated(resource: Resource) -> When | None:
    """Give when a resource happened, by the first of its dates that is present."""
    for name in DATED:
        if name not in resource.data:
            continue
        if name.endswith("Period"):
            period = resource.root.node(name)
            found = period.when("start") if period is not None else None
        else:
            found = resource.root.when(name)
        if found is not None:
            return found
    return None
