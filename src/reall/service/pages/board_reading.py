"""What the fields of a form amount to: a case, and what is wrong with the fields that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.facts.case import Case, read_case
from reall.library.knowledge import Knowledge
from reall.service.pages.board_sheet import Sheet, row_data, to_data, value
from reall.stratify.assess import Assessment, assess


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A sheet read. Fields in `wrong` (by field name) are left out of `used`, that is, they count as unknown.

    `assessment` answers what is `used`. Where the fields contradict each other there is none, and `contradiction` says
    why; nor is there one where nothing is known.
    """

    sheet: Sheet
    used: Sheet
    assessment: Assessment | None
    wrong: Mapping[str, UnusableCase] = field(default_factory=dict)
    contradiction: UnusableCase | None = None
    contradicting: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether every field could be read."""
        return self.assessment is not None and not self.wrong


def read_sheet(sheet: Sheet, knowledge: Knowledge) -> Reading:
    """Read all fields; a field that cannot be used hides neither the others nor their faults."""
    try:
        case = case_of(sheet, knowledge)
    except UnusableCase as error:
        wrong = faults(sheet, knowledge)
        if not wrong:
            return _refused(sheet, error, knowledge)
        left = read_sheet(_without(sheet, wrong), knowledge)
        return replace(left, sheet=sheet, wrong=wrong)
    if sheet.empty:
        return Reading(sheet=sheet, used=sheet, assessment=None)
    try:
        return Reading(sheet=sheet, used=_without(sheet, ()), assessment=assess(case, knowledge))
    except UnusableCase as error:
        return _refused(sheet, error, knowledge)


def case_of(sheet: Sheet, knowledge: Knowledge) -> Case:
    """Read the case that a sheet holds. Raises `UnusableCase` for the first field that cannot be used."""
    return _read(to_data(sheet, knowledge.vocabulary), knowledge)


def _read(data: Mapping[str, Any], knowledge: Knowledge) -> Case:
    return read_case(Document(dict(data), {}, ""), knowledge.vocabulary)


def faults(sheet: Sheet, knowledge: Knowledge) -> dict[str, UnusableCase]:
    """Say what is wrong with each field by itself, by field name (`fact.lineage`, `mrd.0`, `exposures.1`)."""
    vocabulary = knowledge.vocabulary
    alone: dict[str, dict[str, Any]] = {
        f"fact.{name}": {"facts": {name: value(name, text, vocabulary)}} for name, text in sheet.facts.items()
    }
    for part, rows in (("mrd", sheet.mrd), ("exposures", sheet.exposures)):
        alone |= {f"{part}.{i}": {part: [row_data(row)]} for i, row in enumerate(rows) if row}
    found: dict[str, UnusableCase] = {}
    for place, one in alone.items():
        try:
            _read(one, knowledge)
        except UnusableCase as error:
            found[place] = error
    return found


def _without(sheet: Sheet, wrong: Collection[str]) -> Sheet:
    """Leave out the fields named, and empty rows."""
    return replace(
        sheet,
        facts={name: text for name, text in sheet.facts.items() if f"fact.{name}" not in wrong},
        mrd=tuple(row for i, row in enumerate(sheet.mrd) if row and f"mrd.{i}" not in wrong),
        exposures=tuple(row for i, row in enumerate(sheet.exposures) if row and f"exposures.{i}" not in wrong),
    )


def _refused(sheet: Sheet, error: UnusableCase, knowledge: Knowledge) -> Reading:
    """Find the fields that a contradiction names, so that it can stand beside them."""
    vocabulary = knowledge.vocabulary
    words = set(re.findall(r"\w+", error.what))
    named = tuple(n for n in (*vocabulary.statable, *vocabulary.inputs) if n in words and n in sheet.facts)
    return Reading(sheet=sheet, used=sheet, assessment=None, contradiction=error, contradicting=named)
