"""Opens a registry in any form that ReALL imports; the form is told by the columns where it is not given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from reall.base.errors import UnusableCase
from reall.exchange import cbioportal, ddpr, redcap
from reall.exchange.addresses import Place, open_place
from reall.exchange.mapped import apply_mapping
from reall.exchange.mapping import ColumnMapping
from reall.exchange.redcap_dictionary import read_dictionary
from reall.exchange.tables import Source, from_arrow, read_whole

SIMULATED = "simulated"
SIMULATED_CAVEAT = (
    "SIMULATED: rows whose column 'simulated' says yes were drawn from published figures and assumptions; "
    "no child is behind them, and no figure made of them is evidence"
)
"""Stands beside every figure that is made of a table with this column."""
FORMS = ("table", "redcap", "cbioportal", "ddpr")


def form_of(columns: Sequence[str]) -> str:
    """Tell the form of a table by its columns.

    >>> form_of(["Patient_ID", "Relapse Status", "Time to relapse", "Type of Relapse"])
    'ddpr'
    """
    if set(columns) >= cbioportal.MARKS:
        return "cbioportal"
    return "ddpr" if set(columns) >= ddpr.MARKS else "table"


def open_registry(
    path: Place,
    primary_subtypes: Sequence[str],
    form: str = "",
    mapping: ColumnMapping | None = None,
    known: Sequence[str] = (),
) -> tuple[Source, str]:
    """Open a registry. Gives its rows, in the columns of a registry table, and its form.

    `mapping` says how columns of other names and codes are read; `known` are the columns that a registry table may
    have.
    """
    source, form = open_unmapped(path, primary_subtypes, form, mapping)
    return (apply_mapping(source, mapping, known) if mapping else source), form


def simulated_caveats(columns: Sequence[str]) -> tuple[str, ...]:
    """Give what must stand beside every figure of a table that may hold simulated rows.

    >>> simulated_caveats(["case", "lineage"])
    ()
    """
    return (SIMULATED_CAVEAT,) if SIMULATED in columns else ()


def open_unmapped(
    path: Place, primary_subtypes: Sequence[str], form: str = "", mapping: ColumnMapping | None = None
) -> tuple[Source, str]:
    """Open a registry as its form has it; of a mapping, only what it says of a REDCap export counts."""
    source = open_place(path)
    form = form or ("redcap" if mapping and mapping.redcap else form_of(source.columns))
    if form == "table":
        return replace(source, caveats=simulated_caveats(source.columns)), form
    if form == "redcap" and (mapping is None or mapping.redcap is None):
        raise UnusableCase(
            "a REDCap export is read with its data dictionary and a mapping file",
            where=path.name,
            why="Field names and codes are the project's own.",
            next="Draft it: reall cohort map RECORDS.csv --dictionary DICTIONARY.csv --out mapping.yaml, "
            "then give --map mapping.yaml.",
        )
    readers: dict[str, Callable[[pa.Table], tuple[pa.Table, Sequence[str]]]] = {
        "cbioportal": lambda table: (cbioportal.import_first_relapses(table, primary_subtypes), cbioportal.NOTES),
        "ddpr": lambda table: (ddpr.import_relapses(table), ddpr.NOTES),
        "redcap": lambda table: _redcap(table, mapping),
    }
    try:
        rows, notes = readers[form](read_whole(source))
    except UnusableCase as error:
        where = f"{path.name}, {error.where}" if error.where else path.name
        raise UnusableCase(error.what, where=where, why=error.why, next=error.next) from None
    caveats = cbioportal.CAVEATS if form == "cbioportal" else ()
    return from_arrow(rows, path.name, notes, caveats), form


def _redcap(table: pa.Table, mapping: ColumnMapping | None) -> tuple[pa.Table, Sequence[str]]:
    if mapping is None or mapping.redcap is None:
        raise ValueError("a REDCap export is opened with its mapping")
    keep = [column for entry in mapping.entries if entry.target for column in entry.columns]
    fields = read_dictionary(mapping.redcap.dictionary)
    return redcap.import_records(table, fields, repeat=mapping.redcap.repeat, keep=keep)
