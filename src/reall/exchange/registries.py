"""Opens a registry in any form that ReALL imports; the form is told by the columns where it is not given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reall.base.errors import UnusableCase
from reall.exchange import cbioportal, ddpr
from reall.exchange.tables import Source, from_arrow, open_table, read_whole

FORMS = ("table", "cbioportal", "ddpr")


def form_of(columns: Sequence[str]) -> str:
    """Tell the form of a table by its columns.

    >>> form_of(["Patient_ID", "Relapse Status", "Time to relapse", "Type of Relapse"])
    'ddpr'
    """
    if set(columns) >= cbioportal.MARKS:
        return "cbioportal"
    return "ddpr" if set(columns) >= ddpr.MARKS else "table"


def open_registry(path: Path, primary_subtypes: Sequence[str], form: str = "") -> tuple[Source, str]:
    """Open a registry. Gives its rows, in the columns of a registry table, and its form."""
    source = open_table(path)
    form = form or form_of(source.columns)
    if form == "table":
        return source, form
    try:
        if form == "cbioportal":
            rows = cbioportal.import_first_relapses(read_whole(source), primary_subtypes)
        else:
            rows = ddpr.import_relapses(read_whole(source))
    except UnusableCase as error:
        where = f"{path.name}, {error.where}" if error.where else path.name
        raise UnusableCase(error.what, where=where, why=error.why, next=error.next) from None
    if form == "cbioportal":
        return from_arrow(rows, path.name, cbioportal.NOTES, cbioportal.CAVEATS), form
    return from_arrow(rows, path.name, ddpr.NOTES), form
