"""What the FHIR door of the service can do, as a CapabilityStatement."""

from __future__ import annotations

from reall import __version__
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.write import Resource

RELEASED = "2026-11-21"


def capability_statement(codes: CodeMap) -> Resource:
    """Describe the one operation `$assess`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "draft",
        "date": RELEASED,
        "kind": "instance",
        "software": {"name": "ReALL", "version": __version__},
        "implementation": {"description": "ReALL, for research and education; not a medical device"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "POST a Bundle of one patient to $assess; the answer is a Bundle. Nothing is kept.",
                "operation": [{"name": "assess", "definition": f"{codes.own}/OperationDefinition/assess"}],
            }
        ],
    }
