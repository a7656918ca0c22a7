"""FHIR R4, as hospitals really write it, to the facts of a case and back; nothing is repaired, nothing is dropped."""
