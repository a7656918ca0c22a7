"""Rule sets: when a curve is accepted and when a sample is positive, as signed data.

A rule set is one YAML file. The program has no default: without a rule set nothing is called positive or
negative. The set named `draft` ships with the program, holds unconfirmed values and must be asked for by
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reall.base.errors import InvalidKnowledge
from reall.base.schemas import first_breach
from reall.mrd.result import weakest_status

DRAFT = "draft"
_KNOWLEDGE = resources.files("reall") / "knowledge"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One value of a rule set with where it came from."""

    name: str
    value: Any
    unit: str
    source: str | None
    at: str
    status: str

    def quote(self) -> str:
        """Name the limit, its value and its source in words."""
        return f"{self.name} = {self.value} {self.unit} ({self.source or self.status})"


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The limits of one laboratory, by method (`rqpcr`, `ddpcr`, `flow`, `ngs`) and name."""

    name: str
    version: str
    title: str
    signed_by: Mapping[str, str] | None
    sections: Mapping[str, Mapping[str, Limit]]

    @property
    def label(self) -> str:
        """Name and version, as printed with each result."""
        return f"{self.name} {self.version}"

    def limit(self, section: str, name: str) -> Limit:
        """Give a limit that the method cannot do without.

        Raises:
            InvalidKnowledge: the rule set does not contain it.
        """
        found = self.optional(section, name)
        if found is None:
            raise InvalidKnowledge(
                f"The rule set {self.label!r} has no {section}.{name}.",
                where=f"rule set {self.name}, {section}.{name}",
                why="Without this limit the method cannot classify a sample.",
                next="Add your laboratory's value with its source, or leave out --rules to get levels only.",
            )
        return found

    def optional(self, section: str, name: str) -> Limit | None:
        """Give a limit, or None where the rule set does not ask for it."""
        return self.sections.get(section, {}).get(name)

    def status(self, section: str) -> str | None:
        """The weakest status among the limits of one method; None when it has none."""
        return weakest_status([limit.status for limit in self.sections.get(section, {}).values()])


def load_ruleset(choice: str | Path | None) -> RuleSet | None:
    """Open the rule set named `draft` or in a YAML file; None when none was chosen.

    Raises:
        InvalidKnowledge: the file is missing, is not YAML, breaks the schema, or nobody signed it.
    """
    if choice is None:
        return None
    shipped = str(choice) == DRAFT
    source = _KNOWLEDGE / "mrd" / "draft.yaml" if shipped else Path(choice)
    where = "rule set draft" if shipped else str(choice)
    try:
        text = source.read_text(encoding="utf-8")
        content = YAML(typ="safe", pure=True).load(text)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise InvalidKnowledge(
            f"The rule set cannot be read: {error}",
            where=where,
            why="Without its limits no sample can be classified.",
            next="Give the path of a YAML file, or the word draft.",
        ) from error
    _write_dates_as_text(content)
    _refuse_broken(content, where)
    if content["signed_by"] is None and not (shipped and content["ruleset"] == DRAFT):
        raise InvalidKnowledge(
            "Nobody has signed this rule set.",
            where=f"{where}, signed_by",
            why="A laboratory answers for the values that call a child's sample positive or negative.",
            next="Fill in signed_by: {laboratory, role, on}.",
        )
    return _to_ruleset(content)


def _write_dates_as_text(content: Any) -> None:
    """YAML reads 2026-01-31 as a date; to the schema and in print it is text."""
    signature = content.get("signed_by") if isinstance(content, dict) else None
    if isinstance(signature, dict) and isinstance(signature.get("on"), date):
        signature["on"] = signature["on"].isoformat()


def _refuse_broken(content: Any, where: str) -> None:
    if breach := first_breach(content, "mrd_ruleset"):
        place, message = breach
        raise InvalidKnowledge(
            message,
            where=f"{where}, {place}",
            why="A limit that is misread would misread patients.",
            next="Compare with knowledge/schema/mrd_ruleset.schema.json; draft.yaml is a complete example.",
        )


def _to_ruleset(content: Mapping[str, Any]) -> RuleSet:
    methods = {name: rows for name, rows in content.items() if name in {"rqpcr", "ddpcr", "flow", "ngs"}}
    return RuleSet(
        name=content["ruleset"],
        version=content["version"],
        title=content["title"],
        signed_by=content["signed_by"],
        sections={
            method: {
                name: Limit(
                    name=name,
                    value=row["value"],
                    unit=row.get("unit", ""),
                    source=row["source"],
                    at=row["at"],
                    status=row["status"],
                )
                for name, row in rows.items()
            }
            for method, rows in methods.items()
        },
    )
