"""Writes a simulated registry, block by block.

Every block of children has random numbers of its own (Philox, keyed by seed and number of the block), so that the rows
depend on the seed alone: not on how many are asked for, nor on how they are read. Memory: one block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reall import __version__
from reall.base.errors import WrongUsage
from reall.cohort.columns import Codes
from reall.cohort.output import TableWriter
from reall.cohort.simulate.children import Population, calendar_of, draw, population
from reall.cohort.simulate.missing import check_missing, emptied
from reall.cohort.simulate.rows import table_of
from reall.exchange.registries import SIMULATED_CAVEAT
from reall.library.knowledge import Knowledge
from reall.library.simulation import Missing, load_simulation

CHILDREN_PER_BLOCK = 1 << 15
_FACTS, _MISSING = 0, 1
"""Kinds of random numbers: what is missing never changes what is there."""
_DIGITS = 9
PRESET = "registry"
"""What is missing unless something else is declared."""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What was written: rows, children, and the rows that each emptied column lost."""

    out: Path
    rows: int
    children: int
    seed: int
    missing: Missing
    left_out: dict[str, int]
    knowledge_version: str


def simulate_file(
    out: Path,
    knowledge: Knowledge,
    *,
    rows: int,
    seed: int,
    missing: Missing,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Simulated:
    """Write `rows` rows to a Parquet or CSV file. Raises `WrongUsage` for a wrong ending or declaration.

    The last child may lack its second relapse, where that would be one row too many.
    """
    if rows < 1 or seed < 0:
        raise WrongUsage("a registry has at least one row, and a seed is not negative", where="--n, --seed")
    left_out: Counter[str] = Counter()
    children = written = 0
    with TableWriter(out, _about(knowledge, seed, missing)) as writer:
        for batch in simulated_batches(knowledge, seed=seed, missing=missing):
            part = batch.slice(0, rows - written)
            writer.write(part)
            written += part.num_rows
            children += pc.sum(pc.equal(part["relapse_number"], 1)).as_py()
            left_out.update({name: part[name].null_count for entry in missing.columns for name in entry.columns})
            progress(written, rows)
            if written >= rows:
                break
    return Simulated(
        out=out,
        rows=written,
        children=children,
        seed=seed,
        missing=missing,
        left_out=dict(left_out),
        knowledge_version=knowledge.version,
    )


def _about(knowledge: Knowledge, seed: int, missing: Missing) -> dict[str, object]:
    """Say in the file itself that it is simulated, and from what."""
    return {
        "simulated": True,
        "version": __version__,
        "knowledge_version": knowledge.version,
        "knowledge_fingerprint": knowledge.fingerprint,
        "seed": seed,
        "missing": missing.name,
        "caveats": [SIMULATED_CAVEAT],
        "simulation_assumptions": assumptions(),
    }


def assumptions() -> list[str]:
    """List what the simulation assumes, in words."""
    model = load_simulation()
    said = [
        *((f"association of {' and '.join(a.places.values())}", a.basis) for a in model.associations),
        *((f"shares of {s.of}", s.basis) for s in model.shares),
        *model.bases.items(),
    ]
    return [f"{name}: {basis.words}" for name, basis in said if basis.kind == "assumed"]


def people_of(knowledge: Knowledge) -> Population:
    """Work out what children are drawn from."""
    model = load_simulation()
    published = {row.id: row.estimate_pct / 100 for row in knowledge.outcomes if row.estimate_pct is not None}
    return population(model, published)


def simulated_batches(knowledge: Knowledge, *, seed: int, missing: Missing) -> Iterator[pa.RecordBatch]:
    """Draw block after block, without end."""
    people = people_of(knowledge)
    calendar = calendar_of(people.model)
    block = 0
    while True:
        rng = _numbers_of(seed, _FACTS, block)
        table, child = table_of(rng, people, draw(rng, CHILDREN_PER_BLOCK, people, calendar))
        if not block:
            check_missing(missing, table)
        gone = emptied(_numbers_of(seed, _MISSING, block), table, missing, len(child))
        yield _named(table.batch(gone), child + block * CHILDREN_PER_BLOCK, seed)
        block += 1


def _numbers_of(seed: int, kind: int, block: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(kind, block))))


def _named(rows: pa.RecordBatch, child: Codes, seed: int) -> pa.RecordBatch:
    """Put the pseudonyms in front."""
    number = pc.utf8_lpad(pa.array(child + 1).cast(pa.string()), _DIGITS, "0")
    patient = pc.binary_join_element_wise(f"SIM{seed}", number, "-")
    case = pc.binary_join_element_wise(patient, rows["relapse_number"].cast(pa.string()), "r")
    names = ["case", "patient", *rows.schema.names]
    return pa.RecordBatch.from_arrays([case, patient, *rows.columns], names=names)
