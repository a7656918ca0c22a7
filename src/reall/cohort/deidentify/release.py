"""Writes a de-identified copy of a registry table, and reads it again to prove what it promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reall import __version__
from reall.base.errors import UnusableCase, WrongUsage
from reall.cohort.columns import Codes, Flags
from reall.cohort.deidentify.gather import (
    AGES,
    CASE,
    COARSE,
    FINE,
    FIRST_REMISSION,
    GONE,
    NUMBER,
    PATIENT,
    TIMES,
    WIDE,
    Gathered,
    gather,
)
from reall.cohort.deidentify.suppress import codes_of, settled, smallest_class
from reall.cohort.output import TableWriter
from reall.cohort.registry import recognise
from reall.cohort.run import open_for
from reall.exchange.addresses import Place
from reall.exchange.tables import ROWS_PER_BATCH, open_table
from reall.library.knowledge import Knowledge

FEWEST = 5
"""k may be raised, not lowered: fewer than five alike is what small-cell rules forbid."""
_STATED_TIMES = ("bfm_time", "cog_epidemiology_time", "mrc_time_30", "locatelli_2012_time_30", "sj18_time")
_DISEASE = ("lineage", *_STATED_TIMES)
_PERSON = ("sex", "down_syndrome")
_MORE_GENETICS = ("abl_class_fusion", "jak_stat_alteration", "ras_pathway_alteration", "mapk_src_alteration",
                  "bcr_abl1", "very_high_risk_genetics")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Level:
    """What a child still shows: how fine ages and times are, whether person, genetics, own columns are there."""

    name: str
    ages: str = GONE
    times: str = GONE
    first_remission: bool = False
    disease: bool = True
    person: bool = True
    genetics: bool = False


LEVELS = (
    Level(name="fine bands", ages=FINE, times=FINE, first_remission=True, genetics=True),
    Level(name="bands of the rules", ages=COARSE, times=COARSE, first_remission=True, genetics=True),
    Level(name="ages in bands of ten years, no length of remission", ages=WIDE, times=COARSE, genetics=True),
    Level(name="no ages, no genetics, no declared columns", times=COARSE),
    Level(name="times, lineage only", times=COARSE, person=False),
    Level(name="no quasi-identifier", disease=False, person=False),
)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What was written, what was taken out, and the proof: `smallest` is how few children of the output look alike."""

    out: Path
    k: int
    smallest: int
    rows_read: int
    rows_written: int
    children: int
    unusable: int
    too_rare: int
    by_level: dict[str, int]
    quasi: tuple[str, ...]
    suppressed: dict[str, int]
    dropped_columns: dict[str, str]
    caveats: tuple[str, ...]
    knowledge_version: str


def deidentify_file(
    path: Place,
    knowledge: Knowledge,
    out: Path,
    *,
    form: str = "",
    mapping: Path | None = None,
    k: int = FEWEST,
    extra: Sequence[str] = (),
    rng: np.random.Generator | None = None,
) -> Release:
    """Write a de-identified copy of a table.

    `extra` names further columns to be kept as quasi-identifiers (country, centre). Pseudonyms and the order of the
    rows are new at every call; an `rng` is for tests.
    Raises `WrongUsage` for k below 5 or a wrong output, `UnusableCase` when nothing can be released.
    """
    _check_k(k)
    source, _ = open_for(path, knowledge, form, mapping)
    _check_extra(extra, source.columns, knowledge)
    found = gather(source, knowledge, extra)
    genetics = {name.fact for name in knowledge.vocabulary.genetics} | set(_MORE_GENETICS)
    table = _Table(found, [name for name in found.plain if name in genetics])
    level = table.levels(k)
    usable = found.patient >= 0
    kept = usable & (level < len(LEVELS))
    if not kept.any():
        raise UnusableCase("nothing can be released", where=path.name, why=f"Fewer than {k} children look alike.")
    _write(out, table.published(level, kept), found, knowledge, kept, k, rng or np.random.default_rng())
    smallest = _proved(out, table.quasi)
    if smallest < k:
        out.unlink()
        raise UnusableCase(f"only {smallest} children of the output look alike", where=out.name, why="It was removed.")
    return Release(
        out=out,
        k=k,
        smallest=smallest,
        rows_read=found.rows,
        rows_written=int(kept.sum()),
        children=len(np.unique(found.patient[kept])),
        unusable=found.unusable,
        too_rare=int((usable & ~kept).sum()),
        by_level={place.name: int((kept & (level == i)).sum()) for i, place in enumerate(LEVELS)},
        quasi=table.quasi,
        suppressed=table.suppressed(level, kept),
        dropped_columns=found.dropped_columns,
        caveats=found.caveats,
        knowledge_version=knowledge.version,
    )


def _write(  # noqa: PLR0917
    out: Path,
    columns: Mapping[str, pa.Array],
    found: Gathered,
    knowledge: Knowledge,
    kept: Flags,
    k: int,
    rng: np.random.Generator,
) -> None:
    """Write the rows in a new order under new pseudonyms."""
    order = rng.permutation(int(kept.sum()))
    patient, case = _new_pseudonyms(found.patient[kept], rng)
    about = {
        "version": __version__,
        "knowledge_version": knowledge.version,
        "deidentified": True,
        "k": k,
        "caveats": [*found.caveats],
    }
    rows = pa.table({CASE: case, PATIENT: patient, **columns}).take(pa.array(order)).combine_chunks()
    with TableWriter(out, about) as writer:
        for batch in rows.to_batches(max_chunksize=ROWS_PER_BATCH):
            writer.write(batch)


def _check_k(k: int) -> None:
    if k < FEWEST:
        raise WrongUsage(f"k is {k}", where="--k", why=f"Fewer than {FEWEST} alike protects nobody.", next="Raise it.")


def _check_extra(extra: Sequence[str], columns: Sequence[str], knowledge: Knowledge) -> None:
    other = recognise(columns, knowledge.vocabulary, keep=True).other
    for name in extra:
        if name not in other:
            why = "It has its own rule." if name in columns else "The table has no such column."
            possible = f"Possible: {', '.join(other) or 'none'}."
            raise WrongUsage(f"{name!r} cannot be kept as it is", where="--quasi", why=why, next=possible)


class _Table:
    """The columns that may be released, and which of them are left at every level."""

    def __init__(self, found: Gathered, genetics: Sequence[str]) -> None:
        self._found = found
        self._disease = {name: found.plain[name] for name in _DISEASE if name in found.plain}
        self._person = {name: found.plain[name] for name in _PERSON if name in found.plain}
        self._genetics = {name: found.plain[name] for name in genetics} | found.extra
        self.quasi = (*found.bands, *self._disease, *self._person, *self._genetics)
        self._plain = {name: array for name, array in found.plain.items() if name not in self.quasi}

    def _left(self, level: Level) -> dict[str, pa.ChunkedArray]:
        """Give the quasi-identifiers that a level still shows."""
        fineness = dict.fromkeys(AGES, level.ages) | dict.fromkeys(TIMES, level.times)
        fineness[FIRST_REMISSION] = level.times if level.first_remission else GONE
        return {
            **{name: of[fineness[name]] for name, of in self._found.bands.items() if fineness[name]},
            **(self._disease if level.disease else {}),
            **(self._person if level.person else {}),
            **(self._genetics if level.genetics else {}),
        }

    def levels(self, k: int) -> Codes:
        """Settle every row at a level; rows that cannot be used get none."""
        usable = self._found.patient >= 0
        rows = int(usable.sum())
        which = pa.array(usable)
        number = self._number()[usable]
        shown = []
        for level in LEVELS:
            left = [column.filter(which) for column in self._left(level).values()]
            shown.append(codes_of([*left, pa.chunked_array([number])], rows))
        child = np.unique(self._found.patient[usable], return_inverse=True)[1].astype(np.int64)
        made: Codes = np.full(self._found.rows, len(LEVELS), dtype=np.int64)
        made[usable] = settled(shown, child, number, k)
        return made

    def _number(self) -> Codes:
        """Number the relapse of every row: the same code for the same number, unknown or range."""
        column = self._plain.get(NUMBER)
        return np.zeros(self._found.rows, dtype=np.int64) if column is None else codes_of([column], self._found.rows)

    def published(self, level: Codes, kept: Flags) -> dict[str, pa.Array]:
        """Write what is left of every column in the rows that are kept."""
        which = pa.array(kept)
        made = {name: column.filter(which).combine_chunks() for name, column in self._plain.items()}
        for name in self.quasi:
            choices = [self._left(place).get(name) for place in LEVELS]
            texts = [column.combine_chunks() if column is not None else _nothing(len(level)) for column in choices]
            made[name] = pc.choose(pa.array(np.minimum(level, len(LEVELS) - 1)), *texts).filter(which)
        return made

    def suppressed(self, level: Codes, kept: Flags) -> dict[str, int]:
        """Count, by quasi-identifier, the rows that say less than they did."""
        made: Counter[str] = Counter()
        for name in self.quasi:
            finest = self._left(LEVELS[0])[name]
            there = finest.is_valid().to_numpy()
            gone = [i for i, place in enumerate(LEVELS) if name not in self._left(place)]
            made[name] = int((kept & there & np.isin(level, gone)).sum())
        return dict(made)


def _nothing(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string())


def _new_pseudonyms(patient: Codes, rng: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    """Number children and rows anew, at random."""
    codes = np.unique(patient, return_inverse=True)[1]
    child = rng.permutation(int(codes.max(initial=0)) + 1)[codes] + 1
    row = rng.permutation(len(patient)) + 1
    return pa.array([f"P{c:08d}" for c in child.tolist()]), pa.array([f"R{r:08d}" for r in row.tolist()])


def _proved(out: Path, quasi: Sequence[str]) -> int:
    """Read the output again and count how few children look alike."""
    source = open_table(out)
    shown: list[str] = []
    child: list[str] = []
    for batch in source.batches:
        texts = [batch.rows.column(name).cast(pa.string()) for name in (NUMBER, *quasi) if name in source.columns]
        joined = pc.binary_join_element_wise(*texts, "|", null_handling="replace", null_replacement="")
        shown += joined.to_pylist()
        child += batch.rows.column(PATIENT).to_pylist()
    return smallest_class(shown, child)
