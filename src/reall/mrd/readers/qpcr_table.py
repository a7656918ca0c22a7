"""qPCR results as tables: StepOne, QuantStudio and LightCycler exports (text or Excel) and plain CSV.

Plain CSV needs `sample`, `target`, `cq`; it may have `well`, `role` (standard, sample, background,
no_template), `quantity`, `unit`, `run`, `excluded`.
"""

from __future__ import annotations

import re
from pathlib import Path

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Plate, Role, Well
from reall.mrd.readers.sheet import Row, Sheet, few, read_sheet
from reall.mrd.result import Finding, Severity

_COLUMNS = {
    "well": ("well id",),  # a running number in QuantStudio exports, so the position below is preferred
    "position": ("well position", "wellposition", "pos"),
    "sample": ("sample name", "name", "sample id", "biological set name"),
    "target": ("target name", "detector", "gene name", "gene", "assay", "detector name", "fluor", "filter"),
    "role": ("task", "type", "sample type", "content"),
    "cq": ("ct", "cт", "cp", "c\u0442", "crossing point", "machine cq", "ct value", "cq value"),
    "quantity": ("standard", "starting quantity", "sq", "concentration standard", "ini. quant", "std conc"),
    "unit": ("quantity unit", "units"),
    "run": ("experiment", "run name", "plate"),
    "excluded": ("omit", "excl"),
    "include": ("included",),
    "threshold": ("ct threshold",),
}
_ROLES = {
    Role.STANDARD: ("standard", "std", "s"),
    Role.SAMPLE: ("sample", "unknown", "unkn", "u", "unk", "unknown sample", ""),
    Role.BACKGROUND: ("background", "nmc", "mnc", "ntp", "polyclonal", "normal"),
    Role.NO_TEMPLATE: (
        "no_template",
        "ntc",
        "no template control",
        "negative control",
        "neg",
        "water",
        "nac",
    ),
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words}
_NO = {"", "0", "false", "no", "n"}
# What software and people write for a reaction that never crossed.
_NO_CALL = {
    "undetermined",
    "undet.",
    "und",
    "unbestimmt",
    "indéterminé",
    "indeterminado",
    "no ct",
    "no cq",
    "no cp",
    "no call",
    "no amplification",
    "not detected",
    "n.d.",
    "nd",
    "n/a",
    "na",
    "nan",
    "none",
    "null",
    "neg",
    "negative",
    "-",
}
_BEYOND = re.compile(r">\s*\d+")  # as in "> 45"
_NO_CALL_NUMBERS = {-1.0, 0.0}
_MOST_CYCLES = 100.0  # no cycler runs as many; a lost decimal sign makes 2551 of 25.51
# Software writes the number of cycles where a reaction never crossed; an exact 40, 45 or 50 is not a
# measurement.
_CYCLE_COUNTS = {40.0, 45.0, 50.0}
# "Quantity" is the measured result in unknown wells of some exports; it counts for standards only.
_QUANTITY = {"quantity": (*_COLUMNS["quantity"], "quantity")}


def read_qpcr_table(path: Path) -> Plate:
    """Read one table of results.

    Raises:
        UnusableLaboratoryData: no Cq column, two results for one well and target, or a number cannot be read.
    """
    sheet = read_sheet(path, _COLUMNS | _QUANTITY, needed=("sample", "cq"), numeric="cq")
    wells = tuple(_well(sheet, row) for row in sheet.rows)
    if not wells:
        raise UnusableLaboratoryData(
            "There is a header but no well below it.",
            where=sheet.where,
            why="An export that stops after the header was cut off.",
            next="Export the run again.",
        )
    _refuse_duplicates(sheet, wells)
    instrument = next((line for line in sheet.preamble if re.search("instrument|block type", line, re.IGNORECASE)), "")
    return Plate(source=path.name, wells=wells, findings=tuple(_remarks(sheet, wells)), instrument=instrument)


def _well(sheet: Sheet, row: Row) -> Well:
    role = _role(sheet, row)
    quantity = sheet.number(row, "quantity")
    standard = role is Role.STANDARD or ("role" not in sheet.columns and quantity is not None)
    return Well(
        position=_place(row),
        sample=row.get("sample"),
        target=row.get("target") or "target",
        role=Role.STANDARD if standard else role,
        cq=_cq(sheet, row),
        quantity=quantity if standard else None,
        unit=row.get("unit") if standard else "",
        run=row.get("run"),
        excluded=_excluded(sheet, row),
    )


def _place(row: Row) -> str:
    return row.get("position") or row.get("well") or f"row {row.number}"


def _cq(sheet: Sheet, row: Row) -> float | None:
    """The Cq, or None for a word or number that means no call; anything else must not pass for one."""
    value, word = sheet.number(row, "cq"), row.get("cq").lower()
    if value is None:
        if word and word not in _NO_CALL and not _BEYOND.fullmatch(word):
            raise sheet.refusal(row, "cq", f"{row.get('cq')!r} is neither a Cq nor a known word for no call.")
        return None
    if value in _NO_CALL_NUMBERS or value in _CYCLE_COUNTS:
        return None
    if not 0 < value < _MOST_CYCLES:
        raise sheet.refusal(row, "cq", f"{value:g} is not a number of cycles.")
    return value


def _role(sheet: Sheet, row: Row) -> Role:
    word = row.get("role").strip().lower()
    word = word.split("-")[0].strip() if word.startswith(("std-", "unkn-", "ntc-")) else word
    if word in _ROLE_OF:
        return _ROLE_OF[word]
    raise UnusableLaboratoryData(
        f"{row.get('role')!r} is not a role of a well.",
        where=f"{sheet.where}, row {row.number}, role",
        why="A standard read as a sample, or a background read as a sample, would change every call.",
        next=f"Use one of: {', '.join(sorted(word for word in _ROLE_OF if word))}.",
    )


def _excluded(sheet: Sheet, row: Row) -> str:
    if row.get("excluded").lower() not in _NO:
        return f"excluded in the file: {row.get('excluded')}"
    if "include" in sheet.columns and row.get("include").lower() in {"false", "no", "0"}:
        return "excluded in the file: Include is off"
    return ""


def _refuse_duplicates(sheet: Sheet, wells: tuple[Well, ...]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for well, row in zip(wells, sheet.rows, strict=True):
        key = (well.run, well.position, well.target)
        if key in seen:
            raise UnusableLaboratoryData(
                f"Well {well.position} has two results for {well.target!r}.",
                where=f"{sheet.where}, rows {seen[key]} and {row.number}",
                why="It cannot be known which of the two is right; the file may hold several plates.",
                next="Export one plate per file, or add a column `run`.",
            )
        seen[key] = row.number


def _remarks(sheet: Sheet, wells: tuple[Well, ...]) -> list[Finding]:
    """Say what was taken as no call, what has no name and which lines were not read as wells."""
    remarks = []
    fillers = [_place(row) for row in sheet.rows if sheet.number(row, "cq") in _CYCLE_COUNTS | _NO_CALL_NUMBERS]
    if fillers:
        text = f"-1, 0 or an exact whole number of cycles was read as not detected in {few(fillers)}."
        remarks.append(Finding(rule="no call", severity=Severity.NOTE, text=text))
    nameless = [well.position for well in wells if not well.sample]
    if nameless:
        remarks.append(
            Finding(
                rule="sample named",
                severity=Severity.WARNING,
                text=f"Wells without a sample name: {few(nameless)}.",
                look_at="The plate layout in the instrument's software.",
            )
        )
    return [*remarks, *sheet.remarks()]
