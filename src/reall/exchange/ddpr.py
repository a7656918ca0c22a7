"""Imports the clinical table of Good and Sarno 2018 (doi 10.1038/nm.4505): one row per child, some of whom relapsed."""

from __future__ import annotations

import re

import pyarrow as pa

from reall.base.dates import DAYS_PER_MONTH
from reall.base.errors import UnusableCase

MARKS = frozenset({"Patient_ID", "Relapse Status", "Time to relapse", "Type of Relapse"})
"""Columns by which such a table is known."""
NOTES = (
    f"months are days / {DAYS_PER_MONTH}: the table has day counts and no dates",
    "the age at diagnosis is given in whole years: the year that follows stays possible",
    "the site of relapse is not in the table and stays unknown",
)
_SPECIMEN = re.compile(r"-(Rx|PB)$")
_UNKNOWN = frozenset({"", "na"})


def import_relapses(table: pa.Table) -> pa.Table:
    """Turn the table (one row per specimen) into one row per relapse, every column text.

    Raises `UnusableCase` when a column is missing or two specimens of one child disagree about the relapse.
    """
    absent = [name for name in sorted(MARKS | {"Gender", "Age at Diagnosis"}) if name not in table.column_names]
    if absent:
        raise UnusableCase(f"the table has no column {absent[0]!r}")
    children: dict[str, dict[str, str]] = {}
    for record in table.to_pylist():
        texts = {name: "" if value is None else str(value).strip() for name, value in record.items()}
        child = _SPECIMEN.sub("", texts["Patient_ID"])
        before = children.setdefault(child, texts)
        for name in ("Relapse Status", "Time to relapse"):
            if before[name] != texts[name]:
                raise UnusableCase(f"two specimens of {child} differ in {name!r}", next="Correct the table.")
    relapses = [(child, r) for child, r in children.items() if r["Relapse Status"] == "Yes"]
    made: dict[str, list[str | None]] = {
        "case": [child for child, _ in relapses],
        "relapse_number": ["1"] * len(relapses),
        "lineage": ["B"] * len(relapses),  # the study holds B-cell precursor ALL only
        "sex": [_given(r["Gender"].lower()) for _, r in relapses],
        "age_at_diagnosis_years": [_whole_years(r["Age at Diagnosis"]) for _, r in relapses],
        "days_from_diagnosis": [_given(r["Time to relapse"]) for _, r in relapses],
        "Type of Relapse": [r["Type of Relapse"] for _, r in relapses],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in made.items()})


def _given(text: str) -> str | None:
    return None if text.lower() in _UNKNOWN else text


def _whole_years(text: str) -> str | None:
    return None if _given(text) is None else f"{text}..{int(text) + 1}"
