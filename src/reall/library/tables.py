"""Definitions and systems: YAML documents to the tables of the rules room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.base.documents import Document
from reall.base.errors import InvalidKnowledge
from reall.library.files import open_file
from reall.rules.table import Citation, Remark, Row, Table


@dataclass(frozen=True, kw_only=True)
class DecisionPoint:
    """Where a system lets MRD decide: fact, cut-off as a fraction of cells, tissue, method."""

    id: str
    fact: str
    cut_off_fraction: float
    comparison: str
    words: str
    citation: Citation
    tissue: str = ""
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class System:
    """A definition or published system: its table, its transplant tables, and what it is for."""

    table: Table
    transplant: tuple[Table, ...] = ()
    decision_points: tuple[DecisionPoint, ...] = ()
    version: str = ""
    use: str = ""
    misuse: str = ""
    file: str = ""


def load_systems(root: Path) -> Iterator[System]:
    """Read every definition and system below the knowledge folder."""
    paths = sorted((root / "definitions").glob("*.yaml")) + sorted((root / "systems").glob("*/system.yaml"))
    for path in paths:
        if path.name != "cases.yaml":
            yield _system(open_file(path, "table", root=root), path)


def _system(document: Document, path: Path) -> System:
    data = document.data
    expected = path.parent.name if path.name == "system.yaml" else path.stem
    if data["id"] != expected:
        raise InvalidKnowledge(f"the id {data['id']!r} does not match the file", where=document.where("id"))
    transplant = tuple(
        _table(document, part, ("transplant", i), kind="transplant", inherits=data["id"])
        for i, part in enumerate(data.get("transplant", []))
    )
    points = tuple(
        DecisionPoint(
            id=p["id"],
            fact=p["fact"],
            cut_off_fraction=p["cut_off_fraction"],
            comparison=p["comparison"],
            words=p["words"],
            citation=_citation(p),
            tissue=p.get("tissue", ""),
            method=p.get("method", ""),
        )
        for p in data.get("mrd_decision_points", [])
    )
    return System(
        table=_table(document, data, (), kind=data["kind"], inherits=""),
        transplant=transplant,
        decision_points=points,
        version=data.get("version", ""),
        use=data.get("use", ""),
        misuse=data.get("misuse", ""),
        file=document.name,
    )


_TRANSPLANT_VALUES = {"yes": "transplant in second remission", "no": "no transplant in second remission"}


def _table(
    document: Document, data: Mapping[str, Any], place: tuple[str | int, ...], *, kind: str, inherits: str
) -> Table:
    # The transplant tables of a system live beside the system's own id in one name space of facts.
    own_id = f"transplant_{data['id']}" if inherits else data["id"]
    return Table(
        id=own_id,
        title=data["title"],
        question=data.get("question", f"Transplant in second remission, by {data['title']}?"),
        kind=kind,
        values=data.get("groups", _TRANSPLANT_VALUES),
        applies_to=_rows(document, data, place, "applies_to", when="must", value="fact"),
        rules=_rows(document, data, place, "rules", when="when", value="value"),
        silent=_rows(document, data, place, "silent", when="when", value=""),
        conflicts=_remarks(document, data, place, "conflicts"),
        cautions=_remarks(document, data, place, "cautions"),
        derived=data.get("derived", False),
        inherits=inherits,
        where=document.where(*place),
    )


def _citation(row: Mapping[str, Any]) -> Citation:
    return Citation(source=row["source"], at=row["at"], status=row.get("status", "transcribed"))


def _rows(
    document: Document, data: Mapping[str, Any], place: tuple[str | int, ...], key: str, *, when: str, value: str
) -> tuple[Row, ...]:
    return tuple(
        Row(
            id=row["id"],
            when=row[when],
            value=row[value] if value else "",
            citation=_citation(row),
            words=row.get("words", ""),
            status_if_not=row.get("status_if_not", "not_eligible"),
            where=f"{document.where(*place, key, i)}, row {row['id']}",
        )
        for i, row in enumerate(data.get(key, []))
    )


def _remarks(document: Document, data: Mapping[str, Any], place: tuple[str | int, ...], key: str) -> tuple[Remark, ...]:
    return tuple(
        Remark(
            id=row["id"],
            words=row["words"],
            when=row.get("when", ""),
            citations=tuple(
                _citation({"status": row.get("status", "transcribed"), **c}) for c in row.get("sources", [row])
            ),
            where=f"{document.where(*place, key, i)}, row {row['id']}",
        )
        for i, row in enumerate(data.get(key, []))
    )
