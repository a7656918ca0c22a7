"""Tables as laboratories export them: text with any separator or Excel, with a preamble above the header.

Finds the header row by the columns it must contain, and reads numbers with either decimal sign. Shared by the
qPCR and the droplet readers.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from reall.base.errors import UnusableLaboratoryData

_EXCEL = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
_FOOTER_SHARE = 2.5  # a footer line fills less than 1/2.5 of what the fullest row fills
_NOT_A_NUMBER = re.compile(r"[^0-9.,+\-eE]")
_THOUSANDS = {
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"),
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One data row: its number in the file (1-based) and its cells by our column names."""

    number: int
    cells: Mapping[str, str]

    def get(self, name: str) -> str:
        """The text of a cell; empty where there is no such column or nothing in it."""
        return self.cells.get(name, "")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table with known columns; `decimal` is its decimal sign, `footer` what stands below it."""

    where: str
    preamble: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    footer: tuple[str, ...]
    decimal: str

    def number(self, row: Row, name: str) -> float | None:
        """The number in a cell; None where it is empty or a word such as Undetermined.

        Raises:
            UnusableLaboratoryData: the cell looks like a number but cannot be read as one.
        """
        text = row.get(name).replace("\u00a0", "").replace(" ", "")
        if not text or _NOT_A_NUMBER.search(text):
            return None
        try:
            value = float(_plain(text, self.decimal))
        except ValueError:
            raise UnusableLaboratoryData(
                f"{text!r} is not a number.",
                where=f"{self.where}, row {row.number}, {name}",
                why="A misread number would change the result.",
                next="Correct the cell, or leave it empty for no call.",
            ) from None
        return value if math.isfinite(value) else None


def _plain(text: str, decimal: str) -> str:
    if _THOUSANDS[decimal].fullmatch(text):
        text = text.replace("." if decimal == "," else ",", "")
    return text.replace(",", ".") if decimal == "," else text


def read_sheet(path: Path, synonyms: Mapping[str, Sequence[str]], *, needed: Sequence[str], numeric: str) -> Sheet:
    """Find the header row and read all below it; lines that are no rows of the table go to the footer.

    `synonyms` maps our column names to the headings in use (compared in lower case, without units in
    brackets). `numeric` names the column whose cells tell the decimal sign.

    Raises:
        UnusableLaboratoryData: no row has the needed columns, or a row is cut off.
    """
    tried = []
    for name, rows in _tables(path):
        lookup = {alias.lower(): column for column, aliases in synonyms.items() for alias in (column, *aliases)}
        for index, row in enumerate(rows):
            header = _header(row, lookup)
            if all(column in header.values() for column in needed):
                return _below(rows, index, lookup, where=f"{path.name}{name}", numeric=numeric)
        tried.append(name or path.name)
    raise UnusableLaboratoryData(
        f"No row has the columns {', '.join(needed)}.",
        where=f"{path} ({', '.join(tried)})" if tried else str(path),
        why="The program goes by column names, not by position.",
        next="Known headings: " + "; ".join(f"{key}: {', '.join(synonyms[key])}" for key in needed) + ".",
    )


def _header(row: Sequence[str], lookup: Mapping[str, str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for index, cell in enumerate(row):
        key = cell.strip().lower()
        column = lookup.get(key) or lookup.get(re.sub(r"\s*[\[(].*[\])]\s*$", "", key))
        if column and column not in found.values():
            found[index] = column
    return found


def _below(
    rows: Sequence[Sequence[str]], header_index: int, lookup: Mapping[str, str], *, where: str, numeric: str
) -> Sheet:
    header = _header(rows[header_index], lookup)
    body = [(n, row) for n, row in enumerate(rows[header_index + 1 :], header_index + 2) if _filled(row)]
    usual = max((_filled(row) for _, row in body), default=0)
    data, footer = [], []
    for number, row in body:
        again = _header(row, lookup)
        if numeric in again.values() and len(again) > 1:
            if again.items() <= header.items():
                continue
            raise UnusableLaboratoryData(
                "A second table with other columns starts here.",
                where=f"{where}, row {number}",
                why="Its wells would be read into the wrong columns.",
                next="Save each table as a file of its own.",
            )
        # Instruments write a few short lines after the results; rows of the table are about equally full.
        if _filled(row) * _FOOTER_SHARE < usual:
            footer.append("\t".join(row).strip())
            continue
        cells = {column: row[index].strip() for index, column in header.items() if index < len(row)}
        data.append(Row(number=number, cells=cells))
    texts = [row.get(numeric) for row in data]
    decimal = "," if any(re.fullmatch(r"[+-]?\d+,\d+", text) for text in texts) else "."
    return Sheet(
        where=where,
        preamble=tuple("\t".join(row).strip() for row in rows[:header_index]),
        columns=tuple(header.values()),
        rows=tuple(data),
        footer=tuple(footer),
        decimal=decimal,
    )


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _tables(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Every sheet of a workbook, or the one table of a text file."""
    if path.suffix.lower() in _EXCEL:
        try:
            book = CalamineWorkbook.from_path(path)
            for name in book.sheet_names:
                yield (
                    f", sheet {name}",
                    [[_cell(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()],
                )
        except (CalamineError, OSError, ValueError) as error:
            raise UnusableLaboratoryData(
                f"The workbook cannot be read: {error}.",
                where=str(path),
                next="Save it again as .xlsx or as text.",
            ) from error
        return
    text = read_text(path)
    lines = text.splitlines()
    yield "", list(csv.reader(lines, delimiter=_separator(lines)))


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _separator(lines: Sequence[str]) -> str:
    """The sign that splits most lines into most cells."""
    counts = {sign: sum(line.count(sign) for line in lines) for sign in "\t;,"}
    # A comma may be the decimal sign, so the others win as soon as every second line has one.
    for sign in "\t;":
        if counts[sign] * 2 >= len(lines):
            return sign
    return ","


def read_text(path: Path) -> str:
    """Read text in the encodings instruments use: UTF-8, UTF-16 with mark, Windows-1252.

    Raises:
        UnusableLaboratoryData: the file cannot be opened, is empty or is not text.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnusableLaboratoryData(
            f"The file cannot be read: {error.strerror}.", where=str(path), next="Check the path."
        ) from error
    if not raw.strip():
        raise UnusableLaboratoryData("The file is empty.", where=str(path), next="Export the run again.")
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", errors="replace")
    if b"\x00" in raw:
        raise UnusableLaboratoryData(
            "This is not a text file.",
            where=str(path),
            why="It holds binary data.",
            next="Give an RDML file, a text or Excel export, or CSV.",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")
