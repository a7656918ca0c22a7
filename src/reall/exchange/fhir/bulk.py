"""Bulk exports: one resource on each line, in any order and in several files; one patient at a time comes out.

Lines are laid by in a temporary SQLite file under their patient, so that memory holds one patient, whatever the size
of the export.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from reall.base.errors import UnusableCase
from reall.exchange.fhir.findings import Log, Reading
from reall.exchange.fhir.load import MAXIMUM_LINE_BYTES, Loaded, parse
from reall.exchange.fhir.mapping import CodeMap
from reall.exchange.fhir.read import read_record
from reall.exchange.fhir.record import addresses, by_patient, references, whose
from reall.facts.vocabulary import Vocabulary

_BATCH = 2_000
_SHARED_KINDS = {"Medication", "Specimen"}
_MOST_SHARED = 50_000


def read_bulk(files: Iterable[tuple[str, BinaryIO]], codes: CodeMap, vocabulary: Vocabulary) -> Iterator[Reading]:
    """Give one reading for each patient of an export.

    Raises `UnusableCase` with file and line for a line that is no resource.
    """
    with tempfile.TemporaryDirectory(prefix="reall-fhir-") as folder:
        aside = sqlite3.connect(Path(folder) / "lines.db")
        try:
            aside.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE line (who TEXT, place TEXT, text BLOB);"
            )
            shared = _lay_by(files, aside)
            aside.execute("CREATE INDEX by_who ON line (who)")
            for group in _groups(aside):
                yield _read(group, shared, codes, vocabulary)
        finally:
            aside.close()


def _lay_by(files: Iterable[tuple[str, BinaryIO]], aside: sqlite3.Connection) -> list[Loaded]:
    shared: list[Loaded] = []
    batch: list[tuple[str, str, bytes]] = []
    for name, stream in files:
        for number, line in enumerate(_lines(name, stream), start=1):
            if not line.strip():
                continue
            place = f"{name}, line {number}"
            data = parse(line, name=place, most=MAXIMUM_LINE_BYTES)
            if not isinstance(data, dict) or not isinstance(data.get("resourceType"), str):
                raise UnusableCase(
                    "this line is not a FHIR resource", where=place, next="Write one resource on each line."
                )
            one = Loaded(data, "", place)
            who = _who(one)
            if who:
                batch.append((who, place, line))
            elif one.kind in _SHARED_KINDS:
                shared.append(one)
            if len(shared) > _MOST_SHARED:
                raise UnusableCase(f"more than {_MOST_SHARED:,} resources are about nobody", where=place)
            if len(batch) >= _BATCH:
                aside.executemany("INSERT INTO line VALUES (?, ?, ?)", batch)
                batch.clear()
    aside.executemany("INSERT INTO line VALUES (?, ?, ?)", batch)
    return shared


def _lines(name: str, stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(MAXIMUM_LINE_BYTES + 1):
        if len(line) > MAXIMUM_LINE_BYTES:
            raise UnusableCase(f"a line has more than {MAXIMUM_LINE_BYTES:,} bytes", where=name)
        yield line


def _who(one: Loaded) -> str:
    if one.kind == "Patient":
        return f"Patient/{one.data.get('id', one.place)}"
    about = whose(one)
    return "/".join(about.split("/")[-2:]) if about else ""


def _groups(aside: sqlite3.Connection) -> Iterator[list[Loaded]]:
    group: list[Loaded] = []
    before: str | None = None
    for who, place, text in aside.execute("SELECT who, place, text FROM line ORDER BY who, rowid"):
        if before is not None and who != before:
            yield group
            group = []
        before = who
        group.append(Loaded(parse(text, name=place), "", place))
    if group:
        yield group


def _read(group: list[Loaded], shared: list[Loaded], codes: CodeMap, vocabulary: Vocabulary) -> Reading:
    log = Log()
    referred = {reference for held in group for reference in references(held.data)} if shared else set()
    needed = [one for one in shared if addresses(one) & referred]
    parts = by_patient([*group, *needed], log)
    return read_record(parts[0] if parts else [], codes, vocabulary, log=log)
