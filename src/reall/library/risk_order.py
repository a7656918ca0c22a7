"""Opens `knowledge/outcomes/risk_order.yaml`: the groups of each system from lower to higher risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reall.base.errors import InvalidKnowledge
from reall.library.files import PACKAGED, open_file
from reall.library.knowledge import Knowledge
from reall.rules.proofs import Fault
from reall.rules.table import Citation

_FILE = Path("outcomes") / "risk_order.yaml"


@dataclass(frozen=True, kw_only=True)
class RiskOrder:
    """One system's groups, lowest risk first; `among` says which children it divides, if not all first relapses."""

    system: str
    rising: tuple[str, ...]
    words: str
    citation: Citation
    among: str = ""


@cache
def load_risk_orders(root: Path = PACKAGED) -> Mapping[str, RiskOrder]:
    """Read the orders by system. Raises `InvalidKnowledge` where the file breaks its schema or names a system twice."""
    found: dict[str, RiskOrder] = {}
    for row in open_file(root / _FILE, "risk_order", root=root).data["orders"]:
        if row["system"] in found:
            raise InvalidKnowledge(f"{row['system']!r} stands there twice", where=str(_FILE))
        citation = Citation(source=row["source"], at=row["at"], status=row["status"])
        found[row["system"]] = RiskOrder(
            system=row["system"],
            rising=tuple(row["rising"]),
            words=row["words"],
            citation=citation,
            among=row.get("among", ""),
        )
    return found


def risk_orders(root: Path, knowledge: Knowledge) -> Iterator[Fault]:
    """Tell which orders name a system, a group or a source that does not exist."""
    if not (root / _FILE).exists():
        return
    try:
        orders = load_risk_orders(root)
    except InvalidKnowledge as error:
        yield Fault(kind="risk order", where=error.where or str(_FILE), what=error.what)
        return
    for id_, order in orders.items():
        groups = knowledge.base.tables[id_].values if id_ in knowledge.systems else {}
        wrong = [group for group in order.rising if group not in groups]
        if wrong:
            yield Fault(kind="risk order", where=str(_FILE), what=f"{id_} has no group {wrong[0]!r}")
        if order.citation.source not in knowledge.sources:
            yield Fault(kind="risk order", where=str(_FILE), what=f"{id_}: no source {order.citation.source!r}")
