"""The vocabulary files to facts, background, genetic names and MRD time points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reall.base.documents import Document
from reall.base.errors import InvalidKnowledge
from reall.facts.vocabulary import (
    Background,
    Convention,
    Fact,
    GeneticName,
    Input,
    OtherNames,
    Section,
    Timepoint,
    Vocabulary,
)
from reall.library.files import open_file


def load_vocabulary(root: Path) -> Vocabulary:
    """Read `vocabulary/facts*.yaml` and what belongs to them. Raises `InvalidKnowledge` with the place."""
    folder = root / "vocabulary"
    facts: dict[str, Fact] = {}
    for path in sorted(folder.glob("facts*.yaml")):
        document = open_file(path, "vocabulary", root=root)
        for i, entry in enumerate(document.data["facts"]):
            if entry["name"] in facts:
                raise InvalidKnowledge(f"the fact {entry['name']!r} is named twice", where=document.where("facts", i))
            facts[entry["name"]] = _fact(entry)
    background = tuple(
        Background(id=entry["id"], always=entry["always"], why=entry["why"], names=tuple(entry["names"]))
        for path in sorted(folder.glob("background*.yaml"))
        for entry in open_file(path, "background", root=root).data["background"]
    )
    timepoints = tuple(
        Timepoint(name=entry["name"], words=entry["words"], also=tuple(entry["also"]))
        for entry in open_file(folder / "mrd_timepoints.yaml", "mrd_timepoints", root=root).data["timepoints"]
    )
    genetics = open_file(folder / "genetics.yaml", "genetics", root=root)
    return Vocabulary(
        facts=facts,
        background=background,
        genetics=_genetics(genetics, facts),
        timepoints=timepoints,
        inputs=_inputs(open_file(folder / "inputs.yaml", "inputs", root=root), "inputs"),
        registry_columns=_registry_columns(folder / "registry_columns.yaml", root),
        names=_names(folder / "column_names.yaml", root),
        sections=_sections(folder / "sections.yaml", root),
    )


def _sections(path: Path, root: Path) -> tuple[Section, ...]:
    if not path.exists():
        return ()  # knowledge kept from before there were forms
    return tuple(
        Section(id=entry["id"], title=entry["title"], names=tuple(entry["names"]), open=entry.get("open") == "yes")
        for entry in open_file(path, "sections", root=root).data["sections"]
    )


def _names(path: Path, root: Path) -> OtherNames:
    """Read other names, where the folder has them."""
    if not path.exists():
        return OtherNames()
    data = open_file(path, "column_names", root=root).data
    return OtherNames(
        columns={name: tuple(others) for name, others in data["columns"].items()},
        answers={name: tuple(others) for name, others in data["answers"].items()},
        doubts=data.get("doubts", {}),
    )


def _registry_columns(path: Path, root: Path) -> dict[str, Input]:
    """Read the columns of registry tables; a knowledge folder without registries has no such file."""
    return _inputs(open_file(path, "registry_columns", root=root), "columns") if path.exists() else {}


def _inputs(document: Document, key: str) -> dict[str, Input]:
    return {
        entry["name"]: Input(
            name=entry["name"],
            question=entry["question"],
            kind=entry["type"],
            gives=tuple(entry.get("gives", ())),
            unit=entry.get("unit", ""),
            minimum=float(entry.get("minimum", float("-inf"))),
            maximum=float(entry.get("maximum", float("inf"))),
            members=entry.get("members"),
        )
        for entry in document.data[key]
    }


def _fact(entry: Mapping[str, Any]) -> Fact:
    answers: tuple[str | bool, ...] = tuple(entry.get("answers", ()))
    if entry["type"] == "yes_no":
        answers = (False, True)
    return Fact(
        name=entry["name"],
        question=entry["question"],
        kind=entry["type"],
        answers=answers,
        words=entry.get("answers"),
        unit=entry.get("unit", ""),
        minimum=float(entry.get("minimum", float("-inf"))),
        maximum=float(entry.get("maximum", float("inf"))),
        confirmatory=entry.get("confirmatory", ""),
        derived_from=tuple(entry.get("derived_from", ())),
        derivation=entry.get("derivation", ""),
        given_by=tuple(entry.get("given_by", ())),
        unless_stated=_convention(entry.get("unless_stated")),
        mrd_timepoint=entry.get("mrd_timepoint", ""),
    )


def _convention(entry: Mapping[str, Any] | None) -> Convention | None:
    if entry is None:
        return None
    return Convention(
        answer=entry["answer"] == "yes", fact=entry["fact"], at_least=float(entry["at_least"]), words=entry["words"]
    )


def _genetics(document: Document, facts: Mapping[str, Fact]) -> tuple[GeneticName, ...]:
    made = []
    for i, entry in enumerate(document.data["genetics"]):
        fact = facts.get(entry["fact"])
        wrong = [value for value in entry["values"] if fact is None or value not in fact.answers]
        if fact is None or wrong:
            raise InvalidKnowledge(
                f"{entry['name']!r} points to {entry['fact']!r} with answers it does not have: {wrong}",
                where=document.where("genetics", i),
            )
        made.append(
            GeneticName(
                name=entry["name"], also=tuple(entry["also"]), fact=entry["fact"], values=frozenset(entry["values"])
            )
        )
    return tuple(made)
