"""Codes by others for our facts: terms of ontologies, and concepts of the OMOP common data model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reall.base.errors import InvalidKnowledge
from reall.exchange.phenopackets.terms import Term
from reall.facts.vocabulary import Vocabulary
from reall.library.files import PACKAGED, open_file
from reall.rules.table import Citation

_OWN_MEANINGS = frozenset({"disease", "relapse", "mrd"})
_PARTS = frozenset({"tissue"})


@dataclass(frozen=True, kw_only=True)
class OmopConcept:
    """A concept for a fact, or for one answer of it. `cdm` is the table and column that holds the concept."""

    fact: str
    answer: str
    cdm: str
    concept_id: int
    name: str
    note: str
    citation: Citation


def load_terms(vocabulary: Vocabulary, root: Path = PACKAGED) -> dict[str, Term]:
    """Read the terms by what they mean.

    Raises `InvalidKnowledge` when two mean the same, or a fact does not have the answer.
    """
    document = open_file(root / "vocabulary" / "ontology_terms.yaml", "ontology_terms", root=root)
    made: dict[str, Term] = {}
    for i, entry in enumerate(document.data["terms"]):
        means = entry["means"]
        name, _, answer = means.partition("=")
        fact = vocabulary.statable.get(name)
        known = means in _OWN_MEANINGS or name in _PARTS or (fact is not None and answer in fact.answers)
        if not known or means in made or entry["id"] in {term.id for term in made.values()}:
            raise InvalidKnowledge(
                f"the term for {means!r} is doubled or for no fact", where=document.where("terms", i)
            )
        made[means] = Term(means=means, id=entry["id"], label=entry["label"])
    return made


def load_omop(vocabulary: Vocabulary, root: Path = PACKAGED) -> tuple[OmopConcept, ...]:
    """Read the OMOP concepts. Raises `InvalidKnowledge` when one is for no fact."""
    document = open_file(root / "vocabulary" / "omop.yaml", "omop", root=root)
    made = []
    for i, entry in enumerate(document.data["concepts"]):
        if entry["fact"] not in vocabulary.statable:
            raise InvalidKnowledge(f"there is no fact {entry['fact']!r}", where=document.where("concepts", i))
        made.append(
            OmopConcept(
                fact=entry["fact"],
                answer=entry.get("answer", ""),
                cdm=entry["cdm"],
                concept_id=entry["concept_id"],
                name=entry["name"],
                note=entry.get("note", ""),
                citation=Citation(source=entry["source"], at=entry["at"], status=entry["status"]),
            )
        )
    return tuple(made)
