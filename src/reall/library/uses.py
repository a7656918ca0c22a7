"""What rests on a source: every entry of the knowledge that cites it, in whatever file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.base.documents import Document, Place, read_document
from reall.base.errors import InvalidKnowledge


@dataclass(frozen=True, kw_only=True)
class Use:
    """One entry that cites a source: where it stands, its id, the place that it names, and its status."""

    where: str
    id: str
    at: str
    status: str


def uses_of(root: Path, source: str) -> Iterator[Use]:
    """Find every entry below `root` that cites a source, in the order of the files."""
    for path in sorted(root.rglob("*")):
        if path.suffix not in {".yaml", ".csv"} or path.parent == root / "sources":
            continue
        content = path.read_bytes()
        if source.encode() in content:
            name = str(path.relative_to(root))
            yield from _in_csv(path, name, source) if path.suffix == ".csv" else _in_yaml(content, name, source)


def _in_csv(path: Path, name: str, source: str) -> Iterator[Use]:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row.get("source") == source:
                id_ = str(next(iter(row.values())))
                yield Use(where=f"{name}, row {id_}", id=id_, at=row.get("at") or "", status=row.get("status") or "")


def _in_yaml(content: bytes, name: str, source: str) -> Iterator[Use]:
    document = read_document(content, name=name, error=InvalidKnowledge)
    yield from _below(document.data, (), (), document, source)


def _below(node: Any, place: Place, ids: tuple[str, ...], document: Document, source: str) -> Iterator[Use]:
    """Walk an entry and what it holds; `ids` are those of the entries around it."""
    if isinstance(node, dict):
        own = node.get("id") or node.get("name")
        ids = (*ids, str(own)) if own else ids
        if node.get("source") == source:
            where = document.where(*place)
            yield Use(where=where, id=" / ".join(ids), at=str(node.get("at", "")), status=str(node.get("status", "")))
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, part in parts:
        yield from _below(part, (*place, key), ids, document, source)
