"""All options for a synthetic registry of a million relapses, by the same path as the systems.

Each fact is drawn on its own from its possible cells (the first answers more often than the later ones), and 20 % of
every answer is missing; nobody in it exists. Facts drawn independently make more distinct patterns than real ones do,
and some rows contradict themselves. Some hundred rows are answered one by one as well, and must agree. Prints
machine, input, seconds, rows per second, and what one board for a single child costs.

    python benchmarks/options_registry.py [--rows 1000000] [--seed 1]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import resource
import time
from collections import Counter

import numpy as np

from reall.base.documents import Document
from reall.facts.case import read_case
from reall.facts.known import one_of
from reall.facts.vocabulary import NOT_STATED
from reall.library.knowledge import Knowledge, open_knowledge
from reall.options.board import board
from reall.rules.evaluate import evaluate
from reall.rules.patterns import Column, Patterns, Rows
from reall.stratify.assess import case_masks

BATCH = 100_000
MISSING = 0.2
COMPARED = 200


def constant_masks(knowledge: Knowledge) -> list[int]:
    """What is known of a row that says nothing: everything, and that no definition is stated."""
    base = knowledge.base
    masks = list(base.space.everything)
    for id_ in knowledge.derived_ids:
        masks[base.space.position[id_]] = base.space.axes[base.space.position[id_]].mask(one_of(NOT_STATED))
    return masks


def draw(knowledge: Knowledge, rng: np.random.Generator, rows: int) -> dict[int, Column]:
    """Draw one cell per fact and row, or nothing."""
    columns = {}
    for at, axis in enumerate(knowledge.base.space.axes):
        if axis.fact.name in knowledge.base.tables:
            continue
        cells = tuple(1 << i for i in range(axis.size) if axis.everything >> i & 1)
        weights = 1 / np.arange(1, len(cells) + 1)
        codes = rng.choice(len(cells), size=rows, p=weights / weights.sum())
        codes[rng.random(rows) < MISSING] = len(cells)
        columns[at] = Column((*cells, axis.everything), codes)
    return columns


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    knowledge = open_knowledge()
    rng = np.random.default_rng(options.seed)
    tables = [f"option_{id_}" for id_ in knowledge.therapy.options]
    walks = {table: Patterns(knowledge.base, table) for table in tables}
    constant = constant_masks(knowledge)
    counts: Counter[str] = Counter()
    seconds, compared = 0.0, 0
    for start in range(0, options.rows, BATCH):
        rows = min(BATCH, options.rows - start)
        columns = draw(knowledge, rng, rows)
        began = time.perf_counter()
        side_by_side = Rows.of(columns, rows, constant)
        answers = {table: walk.answer(side_by_side) for table, walk in walks.items()}
        seconds += time.perf_counter() - began
        for found in answers.values():
            for code, count in enumerate(np.bincount(found.codes, minlength=len(found.distinct))):
                answer = found.distinct[code]
                counts["contradictory facts" if answer is None else answer.status] += int(count)
        if start == 0:
            compared = compare(knowledge, columns, answers, constant, min(COMPARED, rows))
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"input: {options.rows:,} synthetic rows, {len(tables)} options, {MISSING:.0%} of every answer missing")
    print(f"all options: {seconds:.1f} s, {options.rows / seconds:,.0f} rows/s (drawing not counted)")
    print(f"answers: {dict(counts)}")
    print(f"compared with single answers: {compared} rows x {len(tables)} options, all equal")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    print(f"one board, warm: {one_board(knowledge) * 1000:.0f} ms")


def compare(knowledge: Knowledge, columns, answers, constant, rows: int) -> int:  # type: ignore[no-untyped-def]
    """Answer the first rows one by one; raises when one disagrees."""
    for row in range(rows):
        masks = list(constant)
        for at, column in columns.items():
            masks[at] = column.mask_of(row)
        for table, found in answers.items():
            single = evaluate(knowledge.base, table, masks, explain=False)
            one = None if single is None else (single.status, single.possible)
            many = found.distinct[int(found.codes[row])]
            if one != (None if many is None else (many.status, many.possible)):
                raise SystemExit(f"row {row}, {table}: {one} alone, {many} in the registry")
    return rows


def one_board(knowledge: Knowledge) -> float:
    """Give the seconds of one board for a late marrow relapse, best of five."""
    facts = {"relapse_number": 1, "lineage": "B", "age_at_relapse_years": 9, "months_from_diagnosis": 48,
             "on_primary_therapy_at_relapse": "no", "months_after_end_of_primary_therapy": 20, "marrow_blasts_pct": 80,
             "cns_status": "CNS1", "testis_biopsy_positive": "no", "other_em_sites": [], "bcr_abl1": "no"}  # fmt: skip
    case = read_case(Document({"facts": facts}, {}, "benchmark"), knowledge.vocabulary)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        board(case, case_masks(case, knowledge), knowledge, on=dt.date(2026, 11, 21), country="US")
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    main()
