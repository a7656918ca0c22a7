"""No identifier of a table leaves it, by any verb of the cohort: not to screen, report, temporary file or log.

A token stands in every column that may identify a child, and in the name of the file. After each verb everything that
was written is searched: standard output and error, the files asked for, the folder of temporary files, the log.
Left out on purpose: `reall cohort assign --out`, which writes the user's own table with answers beside it, and the
pseudonym `case` in the list of children on whom systems disagree (`compare`). The name of the file stands on the
owner's screen, never in what is for sharing.
"""

from __future__ import annotations

import csv
import gzip
import io
import logging
import tempfile
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from reall.cli.cohort import command
from reall.cohort.simulate.run import simulate_file
from reall.library.knowledge import Knowledge
from reall.library.simulation import load_presets

FILE = "canaryfile"
DATE = "1987-03-14"
TOKENS = {
    "patient": "CanaryPatient", "case": "CanaryCase", "name": "CanaryName", "surname": "CanarySurname",
    "hospital_id": "CanaryMrn", "insurance": "CanaryInsurance", "e_mail": "canary@mail", "address": "CanaryStreet",
    "comment": "CanaryComment", "free text": "CanaryText", "treating_doctor": "CanaryDoctor",
    "mrd_end_of_reinduction_block1_method": "CanaryMethod", "mrd_end_of_reinduction_block1_tissue": "CanaryTissue",
    "other_em_sites": "CanarySite",
}  # fmt: skip
VERBS = {
    "assign": ("assign", "{table}"),
    "assign, problems": ("assign", "{table}", "--json"),
    "survival": ("survival", "{table}", "--by", "sex", "--json"),
    "survival, picture": ("survival", "{table}", "--by", "sex", "--out", "{out}/curve.svg"),
    "compare": ("compare", "{table}", "--json"),
    "report": ("report", "{table}", "--out", "{out}/page.html"),
    "quality": ("quality", "{table}", "--out", "{out}/quality.json"),
    "quality, rows": ("quality", "{table}", "--rows", "{out}/rows.csv"),
    "map": ("map", "{table}", "--out", "{out}/draft.yaml"),
    "deidentify": ("deidentify", "{table}", "--out", "{out}/free.csv", "--report", "{out}/report.json"),
    "deidentify, Parquet": ("deidentify", "{table}", "--out", "{out}/free.parquet", "--json"),
}
ALLOWED = {("compare", "case")}
SHARED = {"report", "deidentify", "deidentify, Parquet"}
"""What is made to be given to others: not even the name of the file may be in it."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Path:
    """Write 300 simulated rows with tokens in every column that may identify a child."""
    plain = tmp_path_factory.mktemp("plain") / "sim.csv"
    simulate_file(plain, knowledge, rows=300, seed=4, missing=load_presets()["none"])
    with plain.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for i, row in enumerate(rows):
        row.update({column: f"{token}{i:04d}" for column, token in TOKENS.items()})
        row["patient"] = f"{TOKENS['patient']}{i:04d}"
        if row["birth_date"] < row["diagnosis_date"] and row["diagnosis_date"] < "1997":
            row["birth_date"] = DATE
    assert any(row["birth_date"] == DATE for row in rows)
    path = tmp_path_factory.mktemp("canary") / f"{FILE}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def contents(folder: Path) -> str:
    """Read every file below a folder, unpacked where it is packed, and the names of the files."""
    read = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        texts = [raw, str(path.relative_to(folder)).encode()]
        if path.suffix == ".gz":
            texts.append(gzip.decompress(raw))
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq  # noqa: PLC0415

            texts.append(str(pq.read_table(path).to_pylist()).encode() + str(pq.read_schema(path).metadata).encode())
        if path.suffix == ".pdf":
            texts += [_inflated(part) for part in raw.split(b"stream\n")[1:]]
        read += [text.decode("utf-8", "replace") for text in texts]
    return "\n".join(read)


def _inflated(part: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(part)
    except zlib.error:
        return b""


@pytest.mark.parametrize("verb", VERBS)
def test_no_token_leaves_the_table(
    verb: str, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    out.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level(logging.INFO)
    arguments = [part.format(table=table, out=out) for part in VERBS[verb]]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code in {0, 10}, (done.output, done.exception)
    written = contents(out)
    everything = "\n".join([done.output, written, contents(temporary), caplog.text]).casefold()
    for column, token in {**TOKENS, "birth_date": DATE}.items():
        if (verb, column) not in ALLOWED:
            assert token.casefold() not in everything, column
    if verb in SHARED:
        assert FILE not in written.casefold()
    assert FILE not in caplog.text.casefold()
    assert FILE not in contents(temporary).casefold()


def test_a_cell_that_cannot_be_read_is_not_quoted(table: Path, tmp_path: Path, knowledge: Knowledge) -> None:
    """A name typed into the column of the lineage makes the row unusable; it is counted, not repeated."""
    text = table.read_text(encoding="utf-8")
    spoiled = tmp_path / "spoiled.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    rows[0]["lineage"], rows[1]["death"], rows[2]["relapse_date"] = "CanaryCell", "CanaryCell", "CanaryCell"
    with spoiled.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "out"
    out.mkdir()
    done = CliRunner().invoke(command, ["deidentify", str(spoiled), "--out", str(out / "free.csv")])
    assert done.exit_code == 0, done.exception
    assert "2 rows that cannot be used" in done.output
    assert "canarycell" not in (done.output + contents(out)).casefold()
