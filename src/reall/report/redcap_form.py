"""The vocabulary as a REDCap data dictionary, with the mapping file by which its exports are read again."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reall.base.errors import InvalidKnowledge
from reall.cohort.registry import registry_columns
from reall.exchange.mapping import SCHEMA, UNKNOWN
from reall.exchange.redcap_logic import checkbox_column
from reall.facts.derive import AGES, FROM_DATES
from reall.facts.mrd import DECISION_TISSUE
from reall.facts.table_schema import TableColumn
from reall.library.files import PACKAGED, open_file
from reall.library.knowledge import Knowledge

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
RECORD, CHILD, RELAPSE = "record_id", "child", "relapse"
_OTHER = "Other"
_YES_NO = (("1", "yes", "Yes"), ("0", "no", "No"), ("9", UNKNOWN, "Unknown"))
_TISSUES = (
    (DECISION_TISSUE, DECISION_TISSUE, "Bone marrow"),
    ("other", "other", "Another tissue"),
    ("unknown", UNKNOWN, "Unknown"),
)
_FRACTION_NOTE = "Fraction of cells: 1e-4 = 0.01 %. An interval may be written: <1e-4, or 1e-5..1e-4"
_LIST_NOTE = "Separate several by |"


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field of the form. `choices` are code, answer of the fact, and label."""

    column: TableColumn
    form: str
    section: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str, str], ...] = ()
    validation: str = ""
    note: str = ""
    identifier: bool = False
    logic: str = ""


def write_redcap(knowledge: Knowledge, path: Path) -> list[Path]:
    """Write the data dictionary to `path`, and beside it the mapping file for its exports; give both paths.

    Raises `InvalidKnowledge` when the layout names a column that a registry table does not have.
    """
    fields = list(form_fields(knowledge))
    mapping = path.with_suffix(".mapping.yaml")
    path.write_text(dictionary_csv(fields), encoding="utf-8")
    mapping.write_text(mapping_yaml(fields, path.name), encoding="utf-8")
    return [path, mapping]


def form_fields(knowledge: Knowledge) -> Iterator[FormField]:
    """Give the fields in the order of the form, the record id left out."""
    columns = registry_columns(knowledge.vocabulary)
    layout = open_file(PACKAGED / "vocabulary" / "redcap_form.yaml", "redcap_form")
    data = layout.data
    sections = [(CHILD, part) for part in data["once"]] + [(RELAPSE, part) for part in data["per_relapse"]]
    named = [name for _, part in sections for name in part["columns"]]
    wrong = [name for name in (*named, *data["identifiers"], *data["left_out"]) if name not in columns]
    if wrong or len(set(named)) < len(named):
        raise InvalidKnowledge(f"the form names {wrong or 'a column twice'}", where=layout.name)
    rest = [name for name in columns if name not in {*named, *data["left_out"]}]
    sections.append((RELAPSE, {"title": _OTHER, "columns": rest}))
    for form, part in sections:
        for i, name in enumerate(part["columns"]):
            section = "" if i else part["title"]
            yield _field(columns[name], form, section, knowledge, identifier=name in data["identifiers"])


def _field(column: TableColumn, form: str, section: str, knowledge: Knowledge, *, identifier: bool) -> FormField:
    kind, choices = _choices(column, knowledge)
    fraction = column.unit == "fraction of cells"
    validation = {"date": "date_ymd", "count": "integer", "number": "" if fraction else "number"}.get(column.kind, "")
    note = _FRACTION_NOTE if fraction else _LIST_NOTE if column.kind == "list" and not choices else column.unit
    return FormField(
        column=column,
        form=form,
        section=section,
        kind=kind,
        choices=choices,
        validation=validation,
        note=note,
        identifier=identifier,
        logic=_logic(column.name),
    )


def _choices(column: TableColumn, knowledge: Knowledge) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    if column.kind == "yes_no":
        return "radio", _YES_NO
    if column.kind == "category":
        words = column.words or {}
        answers = tuple((str(a), str(a), words.get(str(a), str(a))) for a in column.answers)
        return "radio", (*answers, (UNKNOWN, UNKNOWN, "Unknown"))
    if column.name == "genetics":
        names = (entry.name for entry in knowledge.vocabulary.genetics)
        return "checkbox", tuple((str(i), name, name) for i, name in enumerate(names, start=1))
    if column.about == "mrd" and column.name.endswith("_tissue"):
        return "radio", _TISSUES
    return "text", ()


def _logic(name: str) -> str:
    """Ask for a count only where its dates are not there; for a site only where there can be one."""
    dates = {**FROM_DATES, **AGES}.get(name)
    if dates:
        return " or ".join(f"[{date}] = ''" for date in dates)
    return {"testis_biopsy_positive": "[sex] <> 'female'", "other_em_sites": "[other_em_involved] = '1'"}.get(name, "")


def dictionary_csv(fields: list[FormField]) -> str:
    """Write the data dictionary as REDCap imports it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    label = "Record ID (a pseudonym, never a name)"
    writer.writerow([RECORD, CHILD, "", "text", label, *[""] * (len(HEADER) - 5)])
    for field in fields:
        writer.writerow(_row(field))
    return stream.getvalue()


def _row(field: FormField) -> list[str]:
    column = field.column
    choices = " | ".join(f"{code}, {label}" for code, _, label in field.choices)
    bounds = [_bound(column.minimum), _bound(column.maximum)] if field.validation in {"number", "integer"} else ["", ""]
    made = {
        "Variable / Field Name": column.name,
        "Form Name": field.form,
        "Section Header": field.section,
        "Field Type": field.kind,
        "Field Label": column.question,
        "Choices, Calculations, OR Slider Labels": choices,
        "Field Note": field.note,
        "Text Validation Type OR Show Slider Number": field.validation,
        "Text Validation Min": bounds[0],
        "Text Validation Max": bounds[1],
        "Identifier?": "y" if field.identifier else "",
        "Branching Logic (Show field only if...)": field.logic,
    }
    return [made.get(name, "") for name in HEADER]


def _bound(number: float) -> str:
    return "" if math.isinf(number) else f"{number:.15g}"


def mapping_yaml(fields: list[FormField], dictionary: str) -> str:
    """Write the mapping file: nothing is open, because every code was made here."""
    lines = [
        "# Made with the data dictionary by `reall knowledge export --redcap`; every code is one that it wrote.",
        f"schema: {SCHEMA}",
        f"redcap: {json.dumps({'dictionary': dictionary, 'repeat': RELAPSE})}",
        "columns:",
        f"  - {_said({'column': RECORD, 'fact': 'patient', 'sure': 'yes'})}",
    ]
    return "\n".join([*lines, *(f"  - {_said(_entry(field))}" for field in fields)]) + "\n"


def _entry(field: FormField) -> dict[str, object]:
    name = field.column.name
    if field.kind == "checkbox":
        members = {checkbox_column(name, code): answer for code, answer, _ in field.choices}
        return {"members": members, "fact": name, "unticked": UNKNOWN, "sure": "yes"}
    made: dict[str, object] = {"column": name, "fact": name, "sure": "yes"}
    if field.choices:
        made["codes"] = {code: answer for code, answer, _ in field.choices}
    if field.validation == "date_ymd":
        made["dates"] = "YYYY-MM-DD"
    return made


def _said(entry: Mapping[str, object]) -> str:
    return json.dumps(entry, ensure_ascii=False)
