"""Reads CSV and TSV row by row, so that one broken line costs one row and never the file.

Python's `csv` module does the splitting. A record that a stray quotation mark makes swallow its neighbours is given
back to the stream but for its first line, which is reported; reading goes on with the next. Memory: one batch.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from reall.base.errors import UnusableCase

LONGEST_LINE = 1 << 20
"""Characters. A registry line has a few hundred; a line this long is not one."""
MOST_LINES_IN_A_ROW = 200
"""A remark may span lines; a row that spans more has an open quotation mark."""
_SAMPLE_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
_OPEN_QUOTE = "a quotation mark is opened and not closed"

Row = list[str] | str
"""The fields of a row, or what is wrong with it."""


def encoding_of(path: Path) -> str:
    """Tell how a text file is encoded: by its byte order mark, as UTF-8, else as Windows-1252 (older Excel).

    Raises `UnusableCase` when the file is empty or is no text.
    """
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    if not sample.strip():
        raise UnusableCase("the file is empty", where=path.name, next="Give a table with a header line.")
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        raise UnusableCase(
            "this is no text file", where=path.name, next="Save the table as CSV (UTF-8), Excel or Parquet."
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=len(sample) < _SAMPLE_BYTES)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def delimiter_of(header: str) -> str:
    """Tell which sign separates the columns: the one that the header holds most of, outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


class Delimited:
    """A CSV or TSV file: its header, and its rows. The file is open only while it is read."""

    def __init__(self, path: Path) -> None:
        """Read the header. Raises `UnusableCase` with the line."""
        self.path = path
        self.encoding = encoding_of(path)
        self.bytes_read = 0
        """How far reading has come, for a progress bar."""
        with self._open() as stream:
            self.delimiter = delimiter_of(next(_Lines(stream, path.name), ""))
        with self._open() as stream:
            header = self._row(*self._reader(stream))
        if not isinstance(header, list):
            raise UnusableCase(f"the header cannot be read: {header}", where=f"{path.name}, line 1")
        self.columns = tuple(name.strip() for name in header)

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")

    def _reader(self, stream: TextIO) -> tuple[_Lines, Iterator[list[str]]]:
        lines = _Lines(stream, self.path.name)
        return lines, csv.reader(lines, delimiter=self.delimiter, strict=True)

    def rows(self) -> Iterator[Row]:
        """Give each row's fields, or the reason why a row cannot be read. Blank lines are no rows."""
        width = len(self.columns)
        with self._open() as stream:
            lines, reader = self._reader(stream)
            self._row(lines, reader)  # the header
            while (row := self._row(lines, reader)) is not None:
                self.bytes_read = stream.buffer.tell()
                if isinstance(row, str) or len(row) == width:
                    yield row
                elif row:
                    yield _ragged(lines, len(row), width)

    @staticmethod
    def _row(lines: _Lines, reader: Iterator[list[str]]) -> Row | None:
        lines.taken = 0
        try:
            return next(reader)
        except StopIteration:
            return None
        except csv.Error as error:
            line = lines.first_line
            open_quote = lines.taken > 1
            lines.take_back(1)
            return f"line {line}: " + (_OPEN_QUOTE if open_quote else f"{error}")


def _ragged(lines: _Lines, found: int, width: int) -> str:
    line = lines.first_line
    if lines.taken > 1:
        lines.take_back(1)
        return f"line {line}: {_OPEN_QUOTE}"
    return f"line {line}: the row has {found} fields, the header has {width}"


class _Lines:
    """Hands out lines one at a time, and can take back those of the row that is being read."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self.taken = 0
        self._stream = stream
        self._name = name
        self._number = 0
        self._row: list[str] = []
        self._again: list[str] = []

    @property
    def first_line(self) -> int:
        """The line on which the current row starts."""
        return self._number - self.taken + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        if not self.taken:
            self._row.clear()
        self._row.append(line)
        self.taken += 1
        self._number += 1
        if self.taken > MOST_LINES_IN_A_ROW:
            raise csv.Error(_OPEN_QUOTE)
        return line

    def _read(self) -> str:
        try:
            line = self._stream.readline(LONGEST_LINE)
        except UnicodeError:
            raise UnusableCase(
                "the text is not in one encoding throughout",
                where=f"{self._name}, after line {self._number}",
                next="Save the table as CSV (UTF-8).",
            ) from None
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise UnusableCase(
                f"a line has more than {LONGEST_LINE:,} characters",
                where=f"{self._name}, line {self._number + 1}",
                why="This is not a registry table.",
                next="Check the file and its line ends.",
            )
        return line

    def take_back(self, keep: int) -> None:
        """Take back all lines of the current row but the first `keep`."""
        back = self._row[keep:]
        self._again.extend(reversed(back))
        self._number -= len(back)
        self.taken = keep
        del self._row[keep:]
