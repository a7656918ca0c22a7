"""Runs every data-quality check over a registry, batch by batch. Nothing is changed and no row is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from reall.base.errors import UnusableCase
from reall.cohort.columns import Codes
from reall.cohort.conditions import truth
from reall.cohort.quality.child_checks import CHILD_CHECKS
from reall.cohort.quality.column_checks import COLUMN_CHECKS
from reall.cohort.quality.mrd_checks import MRD_CHECKS
from reall.cohort.quality.outcome_checks import OUTCOME_CHECKS, OUTCOMES_ACROSS
from reall.cohort.quality.row_checks import ROW_CHECKS
from reall.cohort.quality.rows import Rows
from reall.cohort.quality.verdict import QualityReport, Tally, Verdict
from reall.cohort.quality.whole import Whole
from reall.cohort.registry import recognise, remarks
from reall.cohort.run import open_for
from reall.exchange.addresses import Place
from reall.exchange.tables import Source, from_frame
from reall.library.knowledge import Knowledge
from reall.library.quality import QualityCheck

_OF_ROWS = {**ROW_CHECKS, **MRD_CHECKS, **OUTCOME_CHECKS}
_ACROSS = {**CHILD_CHECKS, **COLUMN_CHECKS, **OUTCOMES_ACROSS}
COMPUTED = frozenset({*_OF_ROWS, *_ACROSS})
"""Every function that a check of the knowledge may name."""
Sink = Callable[[QualityCheck, Codes], None]
"""Is told every found row (numbers from 1) of a check."""


def _nobody(check: QualityCheck, rows: Codes) -> None: ...


def check_file(
    path: Place,
    knowledge: Knowledge,
    *,
    form: str = "",
    mapping: Path | None = None,
    each: Sink = _nobody,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> QualityReport:
    """Check a registry file. Raises `UnusableCase` when the table as a whole cannot be read."""
    source, form = open_for(path, knowledge, form, mapping)
    return check_source(source, knowledge, form=form, each=each, progress=progress)


def check_frame(frame: Any, knowledge: Knowledge) -> QualityReport:
    """Check a data frame (pandas, Polars, PyArrow, DuckDB, ...)."""
    return check_source(from_frame(frame), knowledge, form="table")


def check_source(
    source: Source,
    knowledge: Knowledge,
    *,
    form: str,
    each: Sink = _nobody,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> QualityReport:
    """Check the rows of a source, which is used up. Columns that nearly name a fact are told in the notes."""
    registry = recognise(source.columns, knowledge.vocabulary, keep=True)
    across = [check for check in knowledge.quality if check.computed in _ACROSS]
    whole = _prepared(across)
    tallies = {check.id: Tally(check) for check in knowledge.quality}

    def count(check: QualityCheck, first_row: int, verdict: Verdict | None) -> None:
        found = np.zeros(0, dtype=np.int64) if verdict is None else tallies[check.id].add(first_row, verdict)
        if len(found):
            each(check, found)

    for batch in source.batches:
        rows = Rows(batch, registry, knowledge)
        for check in knowledge.quality:
            count(check, batch.first_row, _of_rows(rows, check))
        whole.take(rows)
        progress(batch.done, source.total)
    if not whole.rows:
        raise UnusableCase("the table has a header and no rows", where=source.name, next="Give one row per relapse.")
    for check in across:
        count(check, 1, _ACROSS[check.computed](whole, check))
    return QualityReport(
        table=source.name,
        form=form,
        rows=whole.rows,
        knowledge_version=knowledge.version,
        results=tuple(tally.result for tally in tallies.values()),
        notes=(*source.notes, *source.caveats, *remarks(registry, knowledge.vocabulary)),
    )


def _prepared(across: Iterable[QualityCheck]) -> Whole:
    checks = list(across)
    names = dict.fromkeys(name for check in checks for name in check.of)
    return Whole(names, but_for=[name for c in checks if c.computed == "equal_but_for" for name in c.of])


def _of_rows(rows: Rows, check: QualityCheck) -> Verdict | None:
    """Judge a batch by a check of single rows; None where nothing it needs is there, or it looks across rows."""
    if check.condition is not None:
        answer = truth(check.condition, rows.rows, rows.numbers, rows.picked)
        return Verdict(found=answer.yes, judged=answer.yes | answer.no)
    return _OF_ROWS[check.computed](rows, check) if check.computed in _OF_ROWS else None
