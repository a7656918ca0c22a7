"""Assessments as FHIR R4 resources. Says what was found; decides nothing."""
