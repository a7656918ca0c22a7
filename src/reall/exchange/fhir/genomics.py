"""Genomic variants: fusions of two genes that are present or absent; anything else is named and not read."""

from __future__ import annotations

from reall.exchange.fhir.mapping import CodeRow, Fusion
from reall.exchange.fhir.node import Resource
from reall.exchange.fhir.record import Record
from reall.exchange.fhir.say import say

GENE = ("loinc", "48018-6")


def read_variant(one: Resource, record: Record, row: CodeRow) -> None:
    """State the fusion that a variant shows, or denies."""
    found = fusion_of(one, record)
    present = _present(one, record)
    if found is None:
        words = "a variant that no name of `genetics` is mapped to; give it in `genetics` by hand if a rule asks for it"
        one.find("warning", "variant_not_mapped", words, "Observation.component")
        return
    if present is None:
        why = one.root.absent("value") or "it is not said whether it is present"
        record.log.doubt("genetics", "absent", f"{found.name}: {why}", one.name, "Observation.value")
        one.find("warning", "variant_without_answer", f"{found.name}: {why}; it is not used", "Observation.value")
        return
    says = found.name if present else f"not {found.name}"
    say(one, "genetics", [says], "Observation.component", row=row)


def fusion_of(one: Resource, record: Record) -> Fusion | None:
    """Give the fusion whose two genes a variant names, by their HGNC codes or their symbols."""
    codes: set[str] = set()
    symbols: set[str] = set()
    for part in one.root.nodes("component"):
        code, gene = part.concept("code"), part.concept("valueCodeableConcept")
        if code is None or gene is None or not code.has(GENE):
            continue
        named = {coding.code for coding in gene.codings if coding.code}
        codes |= named
        if not named:
            symbols |= {(coding.display or gene.text).upper() for coding in gene.codings} or {gene.text.upper()}
    for fusion in record.codes.fusions:
        if codes == set(fusion.genes) or (not codes and symbols == set(fusion.symbols)):
            return fusion
    return None


def _present(one: Resource, record: Record) -> bool | None:
    concept = one.root.concept("valueCodeableConcept")
    for coding in concept.codings if concept else ():
        row = record.codes.row("answer", coding.key)
        if row is not None and row.reads in {"yes", "no"}:
            return row.reads == "yes"
    return None
