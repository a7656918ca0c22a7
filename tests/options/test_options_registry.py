"""A registry and a single child get the same answer: the options go the same way as the systems."""

from __future__ import annotations

import numpy as np
import pytest

from reall.facts.known import one_of
from reall.facts.vocabulary import NOT_STATED
from reall.rules.evaluate import evaluate
from reall.rules.patterns import Column, Patterns, Rows

ROWS = 300


@pytest.mark.parametrize(
    "option",
    ["tisagenlecleucel", "inotuzumab_ozogamicin", "allogeneic_transplant", "blinatumomab_consolidation_low_risk",
     "clofarabine_cyclophosphamide_etoposide", "cranial_radiation", "pegaspargase"],
)  # fmt: skip
def test_many_rows_agree_with_single_answers(knowledge, option):
    base, rng = knowledge.base, np.random.default_rng(7)
    constant = list(base.space.everything)
    for id_ in knowledge.derived_ids:
        at = base.space.position[id_]
        constant[at] = base.space.axes[at].mask(one_of(NOT_STATED))
    columns = {}
    for at, axis in enumerate(base.space.axes):
        if axis.fact.name not in base.tables:
            cells = tuple(1 << i for i in range(axis.size) if axis.everything >> i & 1)
            columns[at] = Column((*cells, axis.everything), rng.integers(len(cells) + 1, size=ROWS))
    found = Patterns(base, f"option_{option}").answer(Rows.of(columns, ROWS, constant))
    for row in range(ROWS):
        masks = list(constant)
        for at, column in columns.items():
            masks[at] = column.mask_of(row)
        alone = evaluate(base, f"option_{option}", masks, explain=False)
        together = found.distinct[int(found.codes[row])]
        assert (alone.answer if alone else None) == together
