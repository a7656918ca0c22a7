"""The services that record systems discover, and what each asks to be sent with a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reall.service.hooks.request import HookRequest, OrderSign, PatientView
from reall.service.smart.record import KINDS

_PATIENT = "Patient"
PREFETCH = {
    kind: f"{kind}/{{{{context.patientId}}}}" if kind == _PATIENT else f"{kind}?patient={{{{context.patientId}}}}"
    for kind in KINDS
}
"""Keys and templates: the patient by reading, everything else by one search of each kind; each key is its kind."""
_USAGE = (
    "FHIR R4. Keys that are not sent count as not asked; the cards say so. Where the service is not on the same "
    "computer, each call carries a JWT of the record system (ES384 or RS384)."
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service."""

    id: str
    hook: str
    title: str
    description: str
    request: type[HookRequest]

    def to_json(self) -> dict[str, Any]:
        """Give its entry in the discovery answer."""
        return {
            "id": self.id, "hook": self.hook, "title": self.title, "description": self.description,
            "prefetch": PREFETCH, "usageRequirements": _USAGE,
        }  # fmt: skip


SERVICES = {
    service.id: service
    for service in (
        Service(
            id="reall-patient-view",
            hook="patient-view",
            title="ReALL: relapsed childhood ALL",
            description=(
                "Lists what published systems say about a child with relapsed or refractory acute lymphoblastic "
                "leukaemia, side by side, with sources and with the facts that are missing. Ranks nothing."
            ),
            request=PatientView,
        ),
        Service(
            id="reall-order-sign",
            hook="order-sign",
            title="ReALL: criteria of what is ordered",
            description=(
                "For each ordered drug or procedure that it knows, lists the published criteria that are fulfilled, "
                "open or not fulfilled, with sources. Advises for or against nothing and computes no dose."
            ),
            request=OrderSign,
        ),
    )
}
