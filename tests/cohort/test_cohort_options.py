"""Options of a row are those of the same child alone; a file keeps one type per column over its batches."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner

from reall.base.documents import Document
from reall.cli.cohort import command
from reall.cohort.answer_columns import PARTS
from reall.cohort.assign import Assigner
from reall.exchange.tables import from_arrow
from reall.facts.case import read_case
from reall.library.knowledge import Knowledge
from reall.library.therapy import ELIGIBLE
from reall.options.eligibility import answer_options
from reall.stratify.assess import case_masks

MAY_BE = {
    "relapse_number": [1, 1, 2, 3],
    "lineage": ["B", "B", "T"],
    "age_at_relapse_years": [0.5, 9, 17],
    "months_from_diagnosis": [10, 17.99, 18, 48],
    "on_primary_therapy_at_relapse": ["yes", "no"],
    "months_after_end_of_primary_therapy": [5.99, 6, 20],
    "prior_allo_hsct": ["yes", "no"],
    "bcr_abl1": ["yes", "no", "no"],
    "down_syndrome": ["no", "yes"],
    "prior_blinatumomab": ["no", "yes"],
    "marrow_blasts_pct": [2, 5, 24.9, 80],
    "cns_status": ["CNS1", "CNS2a", "CNS3b"],
    "testis_biopsy_positive": ["no", "yes"],
    "other_em_involved": ["no", "yes"],
}
"""Every value possible beside every other, so that no row contradicts itself."""
MORE = {
    "sex": ["female", "male"],
    "blood_blasts": ["yes", "no"],
    "bm1_other_tests_ge_1pct": [0, 1, 2],
    "previous_cr": ["yes", "no"],
    "tp53_alteration": ["yes", "no"],
    "mrd_end_of_reinduction_block1_level_fraction": [0, 5e-4, 0.02],
}
ROWS = 40


def some_rows(count: int, seed: int, may_be: dict[str, list] = MAY_BE) -> list[dict[str, object]]:  # type: ignore[type-arg]
    """Draw rows; each value is left out in a third of them."""
    rng = np.random.default_rng(seed)
    return [
        {name: values[rng.integers(len(values))] if rng.random() > 1 / 3 else None for name, values in may_be.items()}
        for _ in range(count)
    ]


def as_table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.table({n: pa.array([None if r[n] is None else str(r[n]) for r in rows], pa.string()) for n in rows[0]})


def test_options_of_a_row_are_those_of_the_child_alone(knowledge: Knowledge) -> None:
    rows = some_rows(ROWS, seed=3)
    assigner = Assigner(list(MAY_BE), knowledge, options=True)
    (batch,) = from_arrow(as_table(rows), "rows").batches
    assigned = assigner.assign(batch)
    listed = {problem.row for problem in assigned.problems}
    compared = 0
    for number, (row, found) in enumerate(zip(rows, assigned.rows.to_pylist(), strict=True), start=1):
        if number in listed:
            continue
        facts = {name: value for name, value in row.items() if value is not None}
        case = read_case(Document({"facts": facts}, {}, "row"), knowledge.vocabulary)
        alone = answer_options(case, case_masks(case, knowledge), knowledge, on=dt.date(2026, 11, 21), country="US")
        for answer in alone:
            status, value, possible, missing = (found[f"option.{answer.option.id}.{part}"] for part in PARTS)
            assert (ELIGIBLE if value == ELIGIBLE else status) == answer.status
            assert (status == "determined") == (value == ELIGIBLE)
            assert missing == "|".join(answer.missing)
            assert (possible == ELIGIBLE) == (answer.status == ELIGIBLE)
            compared += 1
    assert compared > ROWS / 2 * len(knowledge.therapy.options)


def test_the_columns_of_every_batch_have_the_same_types(knowledge: Knowledge) -> None:
    """A batch of one row has few distinct answers, one of two thousand has more than fit into one byte."""
    columns = MAY_BE | MORE
    assigner = Assigner(list(columns), knowledge)
    few, many = (
        assigner.assign(next(from_arrow(as_table(some_rows(count, 4, columns)), "rows").batches)).rows
        for count in (1, 2000)
    )
    assert max(len(many[f"{id_}.missing"].dictionary) for id_ in assigner.tables) > np.iinfo(np.int8).max
    assert few.schema == many.schema


def test_without_the_flag_options_are_left_out(tmp_path: Path) -> None:
    table, out = tmp_path / "registry.parquet", tmp_path / "answers.parquet"
    pq.write_table(as_table(some_rows(5, seed=5)), table)
    for flags in ([], ["--options"]):
        done = CliRunner().invoke(command, ["assign", str(table), "--out", str(out), *flags])
        assert done.exit_code in {0, 10}
        written = [name for name in pq.read_schema(out).names if name.startswith("option.")]
        assert bool(written) == bool(flags)
        assert ("option.blinatumomab" in done.stdout) == bool(flags)
