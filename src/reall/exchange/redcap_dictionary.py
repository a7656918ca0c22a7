"""The data dictionary of a REDCap project: its fields, their labels, codes and branching logic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reall.base.errors import UnusableCase
from reall.exchange.redcap_logic import checkbox_column
from reall.exchange.tables import open_table, read_whole

_NEEDED = {
    "name": "Variable / Field Name",
    "form": "Form Name",
    "kind": "Field Type",
    "label": "Field Label",
    "choices": "Choices, Calculations, OR Slider Labels",
    "validation": "Text Validation Type OR Show Slider Number",
    "identifier": "Identifier?",
    "logic": "Branching Logic (Show field only if...)",
}
_FIXED_CHOICES = {
    "yesno": (("1", "Yes"), ("0", "No")),
    "truefalse": (("1", "True"), ("0", "False")),
}
_WITHOUT_DATA = frozenset({"descriptive"})
_MARKUP = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. `choices` are code and label; `logic` is its branching logic as REDCap writes it."""

    name: str
    form: str
    kind: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    validation: str = ""
    identifier: bool = False
    logic: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of an export that hold the field: one, or one per box."""
        if self.kind == "checkbox":
            return tuple(checkbox_column(self.name, code) for code, _ in self.choices)
        return (self.name,)

    @cached_property
    def code_of(self) -> dict[str, str]:
        """Each label to its code; labels that stand for two codes are left out."""
        labels = [label for _, label in self.choices]
        return {label: code for code, label in self.choices if labels.count(label) == 1}


def read_dictionary(path: Path) -> tuple[Field, ...]:
    """Read a data dictionary as REDCap exports it (CSV with 18 columns).

    Raises `UnusableCase` when a column is missing, a field stands twice, or choices cannot be read.
    """
    source = open_table(path)
    absent = [column for column in _NEEDED.values() if column not in source.columns]
    if absent:
        raise UnusableCase(
            f"the data dictionary has no column {absent[0]!r}",
            where=path.name,
            next="Export it from REDCap: Project Setup, Data Dictionary, Download the current Data Dictionary.",
        )
    fields: dict[str, Field] = {}
    for number, record in enumerate(read_whole(source).to_pylist(), start=1):
        cells = {key: (record[column] or "").strip() for key, column in _NEEDED.items()}
        if cells["kind"] in _WITHOUT_DATA:
            continue
        if cells["name"] in fields:
            raise UnusableCase(f"the field {cells['name']!r} stands twice", where=f"{path.name}, row {number}")
        fields[cells["name"]] = Field(
            name=cells["name"],
            form=cells["form"],
            kind=cells["kind"],
            label=" ".join(_MARKUP.sub(" ", cells["label"]).split()),
            choices=_choices(cells["kind"], cells["choices"], f"{path.name}, row {number}"),
            validation=cells["validation"],
            identifier=cells["identifier"].lower() == "y",
            logic=cells["logic"],
        )
    return tuple(fields.values())


def _choices(kind: str, text: str, where: str) -> tuple[tuple[str, str], ...]:
    if kind in _FIXED_CHOICES:
        return _FIXED_CHOICES[kind]
    if kind not in {"radio", "dropdown", "checkbox"}:
        return ()
    made = []
    for part in text.split("|"):
        code, comma, label = part.partition(",")
        if not comma:
            raise UnusableCase(
                f"the choice {part.strip()!r} has no label", where=where, next="Write choices as 1, Yes | 0, No."
            )
        made.append((code.strip(), " ".join(_MARKUP.sub(" ", label).split())))
    return tuple(made)
