"""What is taken of refractory disease where nothing is said, for one child and for a registry row alike.

The convention stands in vocabulary/facts_therapy.yaml: a relapse counts as refractory only where that is stated.
Without a relapse (number 0: refractory disease or first treatment) nothing is taken.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from reall.base.documents import Document
from reall.cohort.facts_of_rows import FactsOfRows
from reall.cohort.faults import Faults
from reall.cohort.registry import recognise
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge

FACT = "refractory_to_reinduction"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({"relapse_number": "1"}, "no"),
        ({"relapse_number": "2"}, "no"),
        ({"relapse_number": ">=1"}, "no"),
        ({"relapse_number": "0"}, None),
        ({"relapse_number": "0..2"}, None),
        ({"lineage": "B"}, None),
        ({"relapse_number": "1", FACT: "yes"}, "yes"),
        ({"relapse_number": "0", FACT: "no"}, "no"),
    ],
)
def test_a_relapse_is_refractory_only_where_that_is_stated(said: dict[str, Any], known: str | None) -> None:
    vocabulary = open_knowledge().vocabulary
    case = read_case(Document({"facts": dict(said)}, {}, "case"), vocabulary)
    rows = pa.RecordBatch.from_pydict({name: [value] for name, value in said.items()})
    row = FactsOfRows(rows, recognise(list(said), vocabulary), vocabulary, Faults(1, 1)).known(0)
    for found in (case.known.get(FACT), row.get(FACT)):
        assert (None if found is None else str(found)) == known
    said_so = any("Not stated, taken as no" in note for note in case.notes)
    assert said_so == (known == "no" and FACT not in said)
