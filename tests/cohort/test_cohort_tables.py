"""Reading tables: every row keeps its number, one broken line costs one row, and errors say what to do."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reall.base.errors import ReallError, UnusableCase
from reall.exchange import delimited
from reall.exchange.tables import Problem, from_frame, open_table


def read(path: Path) -> tuple[list[dict[str, Any]], list[Problem]]:
    batches = list(open_table(path).batches)
    return [row for b in batches for row in b.rows.to_pylist()], [p for b in batches for p in b.problems]


def written(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_header(tmp_path: Path, sign: str) -> None:
    text = f'lineage{sign}"note, with; signs|"{sign}sex\nB{sign}x{sign}male\n'
    rows, problems = read(written(tmp_path, text))
    assert rows == [{"lineage": "B", "note, with; signs|": "x", "sex": "male"}]
    assert not problems


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("case,note\n1,Müller-Straße\n".encode(), "Müller-Straße"),
        ("case,note\n1,Müller-Straße\n".encode("utf-8-sig"), "Müller-Straße"),
        ("case,note\n1,Müller-Straße\n".encode("utf-16"), "Müller-Straße"),
        ("case,note\n1,Müller-Straße\n".encode("cp1252"), "Müller-Straße"),
        (b"case,note\r\n1,plain\r\n", "plain"),
    ],
)
def test_encodings(tmp_path: Path, raw: bytes, word: str) -> None:
    rows, _ = read(written(tmp_path, raw))
    assert rows == [{"case": "1", "note": word}]


def test_a_guess_at_the_encoding_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "case,note\n1,Müller\n".encode("cp1252"))
    source = open_table(path)
    assert len(list(source.batches)) == 1
    assert "Windows-1252" in source.notes[0]


BROKEN = """a,b,c
1,2,3
4,"open,6
7,8,9
10,11
12,13,14,15
"16"x,17,18

19,"two
lines",20
21,"say ""yes"" twice",22
"""


def test_a_broken_line_costs_one_row(tmp_path: Path) -> None:
    rows, problems = read(written(tmp_path, BROKEN))
    assert [row["a"] for row in rows] == ["1", "", "7", "", "", "", "19", "21"]
    assert rows[6]["b"] == "two\nlines"
    assert rows[7]["b"] == 'say "yes" twice'
    assert [(p.row, p.reason.split(":")[0]) for p in problems] == [
        (2, "line 3"), (4, "line 5"), (5, "line 6"), (6, "line 7"),
    ]  # fmt: skip
    assert "opened and not closed" in problems[0].reason
    assert "2 fields, the header has 3" in problems[1].reason


def test_a_quote_that_swallows_the_rest_of_a_long_file_costs_one_row(tmp_path: Path) -> None:
    good = "1,2,3\n" * 1000
    rows, problems = read(written(tmp_path, f'a,b,c\n{good}4,"open,6\n{good}'))
    assert len(rows) == 2001
    assert [p.row for p in problems] == [1001]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "LONGEST_LINE", 1000)
    with pytest.raises(UnusableCase, match=r"line 2: a line has more than 1,000 characters"):
        read(written(tmp_path, "a,b\n" + "x" * 5000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("a,b,a\n1,2,3\n", r"the column 'a' stands there 2 times \(columns 1, 3\)"),
        ("a,,b\n1,2,3\n", "column 2 has no name"),
        ("a,,\n1,2,3\n", "columns 2, 3 have no name"),
        (b"PK\x03\x04\0\0", "no text file"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(UnusableCase, match=message):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReallError, match=r"there is no file 'none.csv'"):
        open_table(tmp_path / "none.csv")
    with pytest.raises(ReallError, match=r"^there is no file 'none.csv'"):
        open_table(Path("none.csv"))


def test_excel_cells_read_as_a_person_would_type_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["case", "months", "when", "relapse", "blank"])
    book.active.append([1001, 18.5, dt.date(2019, 7, 10), True, None])
    book.active.append(["=1+1", 18, dt.datetime(2019, 7, 10), False, "x"])  # noqa: DTZ001 - a spreadsheet has no zone
    book.save(tmp_path / "t.xlsx")
    rows, _ = read(tmp_path / "t.xlsx")
    assert rows[0] == {"case": "1001", "months": "18.5", "when": "2019-07-10", "relapse": "yes", "blank": ""}
    assert rows[1]["months"] == "18"
    assert rows[1]["case"].startswith("=")  # never worked out: not taken for an empty cell


def test_workbooks_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnusableCase, match="no workbook"):
        open_table(written(tmp_path, b"not a workbook", "t.xlsx"))
    bomb = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(513):
            sheet.write(b"0" * (1 << 20))
    with pytest.raises(UnusableCase, match="too large"):
        open_table(bomb)
    with pytest.raises(UnusableCase, match="no Parquet file"):
        open_table(written(tmp_path, b"PAR1 not", "t.parquet"))


def test_parquet_keeps_its_types_and_few_texts_as_codes(tmp_path: Path) -> None:
    table = pa.table({"lineage": ["B", "T"] * 5000, "case": [f"c{i}" for i in range(10000)], "months": [18.0] * 10000})
    pq.write_table(table, tmp_path / "t.parquet")
    source = open_table(tmp_path / "t.parquet")
    (batch,) = source.batches
    assert source.total == 10000
    assert pa.types.is_dictionary(batch.rows.schema.field("lineage").type)
    assert pa.types.is_string(batch.rows.schema.field("case").type)
    assert batch.rows.num_rows == 10000


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_any_data_frame(make: Any) -> None:
    (batch,) = from_frame(make({"lineage": ["B", "T"], "months_from_diagnosis": [18.0, 20.0]})).batches
    assert batch.rows.to_pydict() == {"lineage": ["B", "T"], "months_from_diagnosis": [18.0, 20.0]}
