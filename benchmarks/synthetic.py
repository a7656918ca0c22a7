"""A synthetic registry: correlated, consistent with itself, 5 % of every answer missing, the same for the same seed.

Nobody in it exists. Shares are round numbers near those of published series and serve as load, not as evidence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_BATCH = 200_000
MISSING = 0.05
SUBTYPES = (
    ("ETV6_RUNX1", 0.20), ("high_hyperdiploidy", 0.20), ("KMT2A_AFF1", 0.02), ("KMT2A_r_other", 0.02),
    ("BCR_ABL1", 0.03), ("TCF3_PBX1", 0.04), ("TCF3_HLF", 0.01), ("iAMP21", 0.03), ("near_haploidy", 0.01),
    ("low_hypodiploidy", 0.02), ("high_hypodiploidy", 0.01), ("IGH_r", 0.02), ("BCR_ABL1_like", 0.09),
    ("B_other", 0.30),
)  # fmt: skip
CNS = (
    ("CNS1", 0.7),
    ("CNS2a", 0.06),
    ("CNS2b", 0.03),
    ("CNS2c", 0.01),
    ("CNS3a", 0.1),
    ("CNS3b", 0.04),
    ("CNS3c", 0.06),
)


class _Draw:
    """Draws columns; each leaves its own 5 % out."""

    def __init__(self, rng: np.random.Generator, rows: int) -> None:
        self.rng, self.rows = rng, rows

    def missing(self) -> np.ndarray:
        return self.rng.random(self.rows) < MISSING

    def yes(self, share: float | np.ndarray) -> np.ndarray:
        return self.rng.random(self.rows) < share

    def pick(self, shares: tuple[tuple[str, float], ...]) -> np.ndarray:
        weights = np.array([share for _, share in shares])
        return self.rng.choice(len(shares), self.rows, p=weights / weights.sum())

    def number(self, values: np.ndarray) -> pa.Array:
        return pa.array(values.astype(np.float64), mask=self.missing())

    def flag(self, values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=self.missing())

    def word(self, codes: np.ndarray, words: tuple[str, ...]) -> pa.Array:
        indices = pa.array(codes.astype(np.int32), mask=self.missing())
        return pa.DictionaryArray.from_arrays(indices, pa.array(words))


def registry(rows: int, seed: int) -> pa.Table:
    """Make a registry of `rows` relapses."""
    rng = np.random.default_rng(seed)
    d = _Draw(rng, rows)
    age = rng.gamma(2.0, 3.5, rows).clip(0, 17.9)
    months = rng.gamma(2.2, 14.0, rows).clip(0.2, 150)
    planned = rng.normal(26, 3, rows).clip(18, 40)
    on_therapy = months < planned
    after = np.where(on_therapy, np.maximum(months - planned, -59.0), np.minimum(months - planned, months))
    t_cell = d.yes(0.13)
    subtype = d.pick(SUBTYPES)
    male = d.yes(0.58)
    marrow = d.yes(0.8)
    blasts = np.where(marrow, rng.uniform(20, 100, rows), rng.uniform(0, 5, rows))
    cns = np.where(d.yes(np.where(marrow, 0.15, 0.8)), rng.integers(4, 7, rows), rng.integers(0, 4, rows))
    testis = male & d.yes(0.08)
    relapse_number = 1 + rng.poisson(0.15, rows)
    detected = d.yes(0.6)
    level = 10 ** rng.uniform(-5, -1, rows)
    columns = {
        "case": pa.array(np.char.add("syn-", np.arange(rows).astype(str))),
        "relapse_number": pa.array(relapse_number.astype(np.int8), mask=d.missing()),
        "lineage": d.word(t_cell.astype(int), ("B", "T")),
        "sex": d.word(male.astype(int), ("female", "male")),
        "age_at_diagnosis_years": d.number(age.round(2)),
        "age_at_relapse_years": d.number((age + months / 12).round(2)),
        "months_from_diagnosis": d.number(months.round(2)),
        "on_primary_therapy_at_relapse": d.flag(on_therapy),
        "months_after_end_of_primary_therapy": d.number(after.round(2)),
        "marrow_blasts_pct": d.number(blasts.round(0)),
        "bm1_other_tests_ge_1pct": pa.array(rng.integers(0, 3, rows).astype(np.int8), mask=d.missing()),
        "blood_blasts": d.flag(marrow & d.yes(0.5)),
        "cns_status": d.word(cns, tuple(word for word, _ in CNS)),
        "testis_biopsy_positive": d.flag(testis),
        "other_em_involved": d.flag(d.yes(0.04)),
        "previous_cr": d.flag(d.yes(0.97)),
        "prior_allo_hsct": d.flag(d.yes(np.where(relapse_number > 1, 0.4, 0.06))),
        "prior_blinatumomab": d.flag(d.yes(0.1)),
        "down_syndrome": d.flag(d.yes(0.03)),
        "bcr_abl1": d.flag(subtype == [name for name, _ in SUBTYPES].index("BCR_ABL1")),
        "primary_subtype": d.word(subtype, tuple(name for name, _ in SUBTYPES)),
        "tp53_alteration": d.flag(d.yes(0.1)),
        "ikzf1_deletion": d.flag(d.yes(0.25)),
        "mrd_end_of_reinduction_block1_level_fraction": d.number(np.where(detected, level, 0.0)),
        "mrd_end_of_reinduction_block1_assay_sensitivity_fraction": d.number(10.0 ** rng.integers(-5, -2, rows)),
        "mrd_before_hsct_level_fraction": d.number(np.where(d.yes(0.3), level, 0.0)),
        "mrd_before_hsct_assay_sensitivity_fraction": d.number(10.0 ** rng.integers(-5, -3, rows)),
    }
    return pa.table(columns)


def write_registry(path: Path, rows: int, seed: int) -> None:
    """Write a registry to Parquet, part by part, so that memory stays small."""
    writer = None
    for part, start in enumerate(range(0, rows, ROWS_PER_BATCH)):
        table = registry(min(ROWS_PER_BATCH, rows - start), seed + part)
        names = pa.array(np.char.add("syn-", np.arange(start, start + table.num_rows).astype(str)))
        table = table.set_column(0, "case", names)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
