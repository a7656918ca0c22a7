"""Empties cells of simulated rows as declared: by chance alone (MCAR), or by what another column says (MAR)."""

from __future__ import annotations

import numpy as np

from reall.base.errors import WrongUsage
from reall.cohort.columns import Flags, Floats
from reall.cohort.simulate.columns import EMPTY, Counted, Table, Words
from reall.library.simulation import Missing, MissingColumns

NEVER = ("case", "patient", "simulated", "relapse_number")
"""Without these a row is no row, or not known to be simulated."""


def check_missing(missing: Missing, table: Table) -> None:
    """Raise `WrongUsage` when a declaration names a column that is not there, must stay, or is itself declared."""
    emptied = {name for entry in missing.columns for name in entry.columns}
    for entry in missing.columns:
        for name in entry.columns:
            if name not in table.columns or name in NEVER:
                known = ", ".join(column for column in table.columns if column not in NEVER)
                raise WrongUsage(f"{name!r} cannot be declared missing", where=missing.name, next=f"Possible: {known}.")
        if entry.by:
            _check_by(entry, missing.name, table, emptied)


def _check_by(entry: MissingColumns, where: str, table: Table, emptied: set[str]) -> None:
    if entry.by in emptied or entry.by not in table.columns:
        raise WrongUsage(
            f"the missing columns cannot depend on {entry.by!r}",
            where=where,
            why="It is no column, or is declared missing itself; what is missing would depend on what is not seen.",
            next="Name a column that is always there.",
        )
    said = _answers(table, entry.by)
    for answer in entry.shares:
        if said is not None and answer not in said:
            raise WrongUsage(f"{entry.by} never says {answer!r}", where=where, next=f"It says {', '.join(said)}.")


def _answers(table: Table, name: str) -> tuple[str, ...] | None:
    column = table.columns[name]
    return column.words if isinstance(column, Words) else None


def emptied(rng: np.random.Generator, table: Table, missing: Missing, rows: int) -> dict[str, Flags]:
    """Tell which cells of which columns are left out. An answer without a share of its own leaves nothing out."""
    gone: dict[str, Flags] = {}
    for entry in missing.columns:
        left_out = rng.random(rows) < _share(table, entry, rows)
        for name in entry.columns:
            gone[name] = gone[name] | left_out if name in gone else left_out
    return gone


def _share(table: Table, entry: MissingColumns, rows: int) -> Floats:
    if not entry.by:
        return np.full(rows, entry.share)
    column = table.columns[entry.by]
    made = np.zeros(rows)
    if isinstance(column, Words):
        shares = np.array([*(entry.shares.get(word, 0.0) for word in column.words), 0.0])
        made = np.where(column.codes == EMPTY, 0.0, shares[column.codes])
    elif isinstance(column, Counted):
        for answer, share in entry.shares.items():
            made = np.where(column.values == float(answer), share, made)
    return made
