"""Tables as laboratories export them: text with any separator or Excel, with a preamble above the header.

Finds the header row by the columns it must contain, and reads numbers with either decimal sign. Shared by the
qPCR and the droplet readers.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.result import Finding, Severity

_EXCEL = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
_FOOTER_SHARE = 2.5  # a footer line fills less than 1/2.5 of what the fullest row fills
_DIGIT = re.compile(r"\d")
_NOT_A_NUMBER = re.compile(r"[^0-9.,+\-eE]")
_THOUSANDS = {
    # Groups of thousands never begin with 0, so 0.001 beside decimal commas stays a thousandth.
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?"),
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
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
            UnusableLaboratoryData: the cell looks like a number but cannot be read as one, or holds a formula or
                the error of one (#REF!).
        """
        text = row.get(name).replace("\u00a0", "").replace(" ", "")
        if not text or (text[0] not in "=#" and (_NOT_A_NUMBER.search(text) or not _DIGIT.search(text))):
            return None
        try:
            value = float(_plain(text, self.decimal))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.refusal(row, name, f"{text!r} is not a number.")
        return value

    def remarks(self) -> list[Finding]:
        """Name the lines that were not read as rows of the table, so that none is dropped in silence."""
        if not self.footer:
            return []
        text = f"{len(self.footer)} lines were not read as wells: {few(self.footer)}."
        return [Finding(rule="lines outside the table", severity=Severity.NOTE, text=text)]

    def refusal(self, row: Row, name: str, what: str) -> UnusableLaboratoryData:
        """The error for a cell that cannot be used, with its place."""
        return UnusableLaboratoryData(
            what,
            where=f"{self.where}, row {row.number}, {name}",
            why="A misread number would change the result.",
            next="Correct the cell, or leave it empty for no call.",
        )


def few(words: Sequence[str], most: int = 6) -> str:
    """Name the first of many.

    >>> few(["A1", "A2", "A3"], most=2)
    'A1, A2 and 1 more'
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _plain(text: str, decimal: str) -> str:
    if _THOUSANDS[decimal].fullmatch(text):
        text = text.replace("." if decimal == "," else ",", "")
    return text.replace(",", ".") if decimal == "," else text


def read_sheet(path: Path, synonyms: Mapping[str, Sequence[str]], *, needed: Sequence[str], numeric: str) -> Sheet:
    """Find the header row and read all below it; lines that are no rows of the table go to the footer.

    `synonyms` maps our column names to the headings in use (compared in lower case, without units in
    brackets). `numeric` names the column whose cells tell the decimal sign.

    Raises:
        UnusableLaboratoryData: no row has the needed columns, the last row is cut off, or a row has more cells
            than the header.
    """
    tried = []
    for name, rows, may_be_cut in _tables(path):
        lookup = {alias.lower(): column for column, aliases in synonyms.items() for alias in (column, *aliases)}
        for index, row in enumerate(rows):
            header = _header(row, lookup)
            if all(column in header.values() for column in needed):
                where = f"{path.name}{name}"
                _refuse_ragged(rows[index:], first=index + 1, may_be_cut=may_be_cut, where=where)
                return _below(rows, index, lookup, where=where, numeric=numeric)
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


def read_records(path: Path, *, delimiter: str | None = None) -> list[dict[str, str]]:
    """Rows of a plain table by heading, in the order of the file; the header is the first line.

    Raises:
        UnusableLaboratoryData: the file is no text, has no row, or a row is not as long as the header.
    """
    text = read_text(path)
    # A lone byte order mark is text without a line.
    header, *rows = read_rows(text, delimiter or separator(text.splitlines()), where=str(path)) or [[]]
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise UnusableLaboratoryData("The table has no rows.", where=str(path), next="Export it again.")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise UnusableLaboratoryData(
                f"The row has {len(row)} cells, the header {len(header)}.",
                where=f"{path}, line {number}",
                why="The row was cut off, or a separator stands inside a cell that is not in quotes.",
                next="Copy or export the file again.",
            )
    return [dict(zip(header, row, strict=True)) for row in rows]


def _refuse_ragged(rows: Sequence[Sequence[str]], *, first: int, may_be_cut: bool, where: str) -> None:
    """A row longer than the header is shifted; a short last row without a line end was cut off.

    `rows` begins with the header, which is row number `first` of the file.
    """
    width = len(rows[0])
    usual = max(width, Counter(map(len, rows)).most_common(1)[0][0])
    for number, row in enumerate(rows, first):
        if len(row) > usual or any(cell.strip() for cell in row[width:]):
            raise UnusableLaboratoryData(
                f"The row has {len(row)} cells, the header {width}.",
                where=f"{where}, row {number}",
                why="Every cell behind the surplus one would be read into the wrong column.",
                next="Look for a decimal comma or a separator inside a cell that is not in quotes.",
            )
    if may_be_cut and len(rows) > 1 and len(rows[-1]) < min(map(len, rows[:-1])):
        raise UnusableLaboratoryData(
            f"The last row has {len(rows[-1])} cells instead of {width} and no line end.",
            where=f"{where}, row {first + len(rows) - 1}",
            why="The file was cut off; the wells after it are missing.",
            next="Copy or export the file again.",
        )


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _tables(path: Path) -> Iterator[tuple[str, list[list[str]], bool]]:
    """Every sheet of a workbook, or the one table of a text file; the last tells that no line end closes it."""
    if path.suffix.lower() in _EXCEL:
        try:
            book = CalamineWorkbook.from_path(path)
            for name in book.sheet_names:
                yield (
                    f", sheet {name}",
                    [[_cell(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()],
                    False,
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
    yield "", read_rows(text, separator(lines), where=str(path)), not text.endswith(("\n", "\r"))


def read_rows(text: str, delimiter: str, *, where: str) -> list[list[str]]:
    """Split delimited text into rows of cells; a row may span lines inside quotes.

    Raises:
        UnusableLaboratoryData: a cell is longer than any measurement, as after an unclosed quote.
    """
    try:
        return list(csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnusableLaboratoryData(
            f"The table cannot be read: {error}.",
            where=where,
            why="An unclosed quote swallows the rows after it.",
            next="Look for a single quotation mark, or export the table again.",
        ) from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def separator(lines: Sequence[str]) -> str:
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
