"""Data-quality checks of registries, as the knowledge states them: what is found, how grave it is, why, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reall.base.errors import InvalidKnowledge
from reall.facts.vocabulary import Fact, Vocabulary
from reall.library.files import open_file
from reall.rules.condition import Condition, facts_of
from reall.rules.table import Citation

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class QualityCheck:
    """One check. It has a `condition` over the facts of a row, or else names a function of the program (`computed`).

    `of` are the columns it looks at, `limits` the numbers that decide; `citation` is None where it is pure logic.
    """

    id: str
    title: str
    severity: str
    why: str
    next: str
    finds: str = ""
    condition: Condition | None = None
    computed: str = ""
    of: tuple[str, ...] = ()
    limits: Mapping[str, float]
    citation: Citation | None = None


def load_quality(root: Path, vocabulary: Vocabulary) -> tuple[QualityCheck, ...]:
    """Read `quality/*.yaml`, where the folder exists. Raises `InvalidKnowledge` with the place."""
    facts = comparable(vocabulary)
    checks: dict[str, QualityCheck] = {}
    for path in sorted((root / "quality").glob("*.yaml")):
        document = open_file(path, "quality", root=root)
        for i, entry in enumerate(document.data["checks"]):
            if entry["id"] in checks:
                raise InvalidKnowledge(f"the check {entry['id']!r} stands twice", where=document.where("checks", i))
            checks[entry["id"]] = _check(entry, document.where("checks", i), facts)
    return tuple(checks.values())


def comparable(vocabulary: Vocabulary) -> dict[str, Fact]:
    """Give everything that a condition of a check may name: facts, and the numbers that only a table holds."""
    more = {**vocabulary.inputs, **vocabulary.registry_columns}
    return {**{name: entry.as_fact for name, entry in more.items() if entry.kind == "number"}, **vocabulary.statable}


def _check(entry: Mapping[str, Any], where: str, facts: Mapping[str, Fact]) -> QualityCheck:
    from reall.rules.reader import read_condition  # noqa: PLC0415 - sqlglot, only where knowledge is compiled

    text = entry.get("finds", "")
    condition = read_condition(text, facts, where=where, background=True) if text else None
    cited = "source" in entry
    return QualityCheck(
        id=entry["id"],
        title=entry["title"],
        severity=entry["severity"],
        why=entry["why"],
        next=entry["next"],
        finds=text,
        condition=condition,
        computed=entry.get("computed", ""),
        of=tuple(facts_of(condition)) if condition else tuple(entry.get("of", ())),
        limits=dict(entry.get("limits", {})),
        citation=Citation(source=entry["source"], at=entry["at"], status=entry["status"]) if cited else None,
    )
