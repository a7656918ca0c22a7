"""Open `knowledge/resistance` and `knowledge/clonal_biology`; every row must name a source of the bibliography, and so
must the definitions in `knowledge/clones`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reall.base.errors import InvalidKnowledge
from reall.clones.resistance import GenePosition, ResistanceKnowledge, ResistanceRow
from reall.library.compile import load_sources
from reall.library.files import PACKAGED, open_file

_LISTS = ("drugs", "also_named", "hotspots", "sensitive_to")
_POSITIONS = "gene_positions_hg19.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFact:
    """One published statement on origin, timing or mutational process of relapses; fields as in the knowledge."""

    id: str
    kind: str
    claim: str
    population: str
    source: str
    at: str
    status: str
    value: str = ""
    n: int | None = None
    note: str = ""


@cache
def load_resistance(root: Path = PACKAGED) -> ResistanceKnowledge:
    """Read every file of `knowledge/resistance`. Raises `InvalidKnowledge` where one breaks its schema."""
    folder = root / "resistance"
    rows = [_row(raw) for raw in _rows(folder, "resistance", root, leave_out=_POSITIONS)]
    _refuse_repeated([row.id for row in rows])
    places = open_file(folder / _POSITIONS, "gene_positions", root=root).data
    return ResistanceKnowledge(
        rows=tuple(rows),
        positions=tuple(GenePosition(gene, *place) for gene, place in places["genes"].items()),
        genome=places["genome"],
        positions_status=places["status"],
    )


@cache
def load_clonal_biology(root: Path = PACKAGED) -> tuple[PublishedFact, ...]:
    """Read what was published on the origin of relapses. Raises `InvalidKnowledge` where a file breaks its schema."""
    facts = [PublishedFact(**raw) for raw in _rows(root / "clonal_biology", "clonal_biology", root)]
    _refuse_repeated([fact.id for fact in facts])
    return tuple(facts)


def check_clonal_knowledge(root: Path = PACKAGED) -> int:
    """Check the three folders, and that each row's source is in the bibliography; gives the number of rows."""
    sources = load_sources(root)
    rows: list[ResistanceRow | PublishedFact] = [*load_resistance(root).rows, *load_clonal_biology(root)]
    named = [(row.id, row.source) for row in rows]
    named += [(raw["id"], raw["source"]) for raw in _rows(root / "clones", "clone_calling", root)]
    for row_id, source in named:
        if source not in sources:
            raise InvalidKnowledge(
                f"Row {row_id!r} names the source {source!r}, which the bibliography does not have.",
                where="resistance, clonal_biology or clones",
                next="Add it to a file under sources/, or correct the key.",
            )
    return len(named)


def _rows(folder: Path, schema: str, root: Path, *, leave_out: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != leave_out:
            found += open_file(path, schema, root=root).data["rows"]
    return [raw for raw in found if raw["status"] != "superseded"]


def _row(raw: dict[str, Any]) -> ResistanceRow:
    fields: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in raw.items()}
    return ResistanceRow(**fields)


def _refuse_repeated(ids: Sequence[str]) -> None:
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise InvalidKnowledge(f"Row ids are used twice: {', '.join(repeated)}.")
