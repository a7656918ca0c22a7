"""What a what-if changes, what follows from it, and what stays."""

from __future__ import annotations

import pytest
from board_support import BETWEEN_CUT_OFFS, EXAMPLES

from reall.base.documents import read_document
from reall.base.errors import UnusableCase
from reall.facts.case import Case, read_case
from reall.library.knowledge import open_knowledge
from reall.service.pages.board_what_if import changed_case, what_if

KNOWLEDGE = open_knowledge()
MRD = "mrd_end_of_reinduction_block1_level_fraction"


def _example(name: str) -> Case:
    file = EXAMPLES / name
    document = read_document(file.read_bytes(), name=name, error=UnusableCase)
    return read_case(document, KNOWLEDGE.vocabulary, name=file.stem)


DATED = _example(f"{BETWEEN_CUT_OFFS}.yaml")

AFTER_THERAPY = str(DATED.known["months_after_end_of_primary_therapy"])

# The dates of the example give 40.3 months from diagnosis; its MRD sample gives 5e-4; its marrow blasts are 80 %.
CHANGES = [
    ({MRD: "1e-3"}, MRD, "0.001"),
    ({MRD: "<1e-4"}, MRD, ">= 0 and < 0.0001"),
    ({"months_from_diagnosis": "17"}, "months_from_diagnosis", "17"),
    ({"months_from_diagnosis": "17"}, "months_after_end_of_primary_therapy", AFTER_THERAPY),
    ({"marrow_blasts_pct": "20"}, "bm1_level_fraction", "0.2"),
    ({"lineage": "T"}, "lineage", "T"),
    ({"lineage": ""}, "lineage", "None"),
    ({MRD: ""}, MRD, "None"),
    ({"relapse_number": "0"}, "refractory_to_reinduction", "None"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "fact", "known"), CHANGES, ids=lambda value: str(value)[:40])
def test_a_changed_fact_replaces_dates_and_samples_and_what_follows_is_derived_anew(
    changes: dict[str, str], fact: str, known: str
) -> None:
    """An empty text makes a known fact unknown; that a relapse is not refractory is a convention for relapses only."""
    assert str(changed_case(DATED, changes, KNOWLEDGE).known.get(fact)) == known


def test_everything_else_stays() -> None:
    changed = changed_case(DATED, {"lineage": "T"}, KNOWLEDGE)
    assert {**changed.known, "lineage": None} == {**DATED.known, "lineage": None}
    assert (changed.mrd, changed.exposures) == (DATED.mrd, DATED.exposures)


def test_changed_to_what_it_is_gives_the_same_answers() -> None:
    real, same = what_if(DATED, {"sex": "female"}, KNOWLEDGE), what_if(DATED, {"lineage": "B"}, KNOWLEDGE)
    assert real is not None
    assert same is not None
    assert real.assessment is not None
    assert same.assessment is not None
    assert real.assessment.systems == same.assessment.systems


@pytest.mark.parametrize("changes", [{"bcr_abl1": "yes"}, {"lineage": "Q"}, {"age_at_relapse_years": "-1"}])
def test_what_cannot_be_is_said_and_answers_nothing(changes: dict[str, str]) -> None:
    """The example has ETV6::RUNX1, and primary subtypes exclude each other."""
    found = what_if(DATED, changes, KNOWLEDGE)
    assert found is not None
    assert found.assessment is None
    assert found.fault is not None


def test_without_a_change_there_is_no_what_if() -> None:
    assert what_if(DATED, {}, KNOWLEDGE) is None
