"""The knowledge: what there is, one entry, what rests on a source, what changed between two versions."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reall import __version__
from reall.base.errors import WrongUsage
from reall.facts.vocabulary import nearest
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge, Source, open_knowledge
from reall.report.knowledge_json import entries, titles
from reall.report.knowledge_words import entry_in_words, to_csl

KINDS = ("facts", "definitions", "systems", "transplant", "options", "outcomes", "sources")


def about(knowledge: Knowledge | None = None) -> dict[str, Any]:
    """Say which knowledge answers, and how much of each kind it holds."""
    knowledge = knowledge or open_knowledge()
    return {**_stamp(knowledge), "holds": {kind: len(made) for kind, made in entries(knowledge).items()}}


def _stamp(knowledge: Knowledge) -> dict[str, Any]:
    return {
        "reall_version": __version__,
        "knowledge_version": knowledge.version,
        "knowledge_fingerprint": knowledge.fingerprint,
    }


def names(kind: str, knowledge: Knowledge | None = None) -> dict[str, Any]:
    """List the entries of a kind (`KINDS`). Raises `WrongUsage` for an unknown kind."""
    knowledge = knowledge or open_knowledge()
    if kind not in KINDS:
        raise WrongUsage(f"the knowledge has no kind {kind!r}", next=nearest(kind, KINDS) or f"Use {', '.join(KINDS)}.")
    return {"kind": kind, "knowledge_version": knowledge.version, "entries": titles(kind, entries(knowledge)[kind])}


def show(id_: str, kind: str | None = None, knowledge: Knowledge | None = None) -> dict[str, Any]:
    """Give one entry in words and as data; a system and its transplant rule may share an id, then `kind` tells.

    Raises `WrongUsage`, with the nearest known id, where there is none.
    """
    knowledge = knowledge or open_knowledge()
    id_ = id_.removeprefix("transplant_").removeprefix("option_")  # as the tables are called inside
    made = entries(knowledge)
    kinds = [one for one in made if id_ in made[one] and kind in {None, one}]
    if not kinds:
        known = [name for one in made for name in made[one] if kind in {None, one}]
        raise WrongUsage(f"the knowledge has no {id_!r}", next=nearest(id_, known))
    entry = made[kinds[0]][id_]()
    table = knowledge.transplant_ids[id_] if kinds[0] == "transplant" else id_
    words = entry_in_words(table, knowledge) or f"{entry['title']}\n{entry['words']}"
    return {"id": id_, "kind": kinds[0], "words": words, "knowledge_version": knowledge.version, "entry": entry}


def source(key: str, knowledge: Knowledge | None = None) -> Source:
    """Give an entry of the bibliography. Raises `WrongUsage`, with the nearest known key, where there is none."""
    knowledge = knowledge or open_knowledge()
    found = knowledge.sources.get(key)
    if found is None:
        raise WrongUsage(f"the bibliography has no {key!r}", next=nearest(key, knowledge.sources))
    return found


def cite(key: str, root: Path = PACKAGED) -> dict[str, Any]:
    """Give a source as CSL-JSON, and every entry that rests on it. Raises `WrongUsage` where there is none."""
    from reall.library.uses import uses_of  # noqa: PLC0415 - reads every file

    found = source(key, open_knowledge(root))
    return {"source": to_csl(found), "uses": [asdict(use) for use in uses_of(root, key)]}


def diff(old: Path, new: Path = PACKAGED) -> dict[str, Any]:
    """Say which entries changed between two knowledge folders, and which worked cases are answered differently."""
    from reall.library.diff import changes  # noqa: PLC0415 - answers every worked case

    before, after = open_knowledge(old), open_knowledge(new)
    return {
        "old_version": before.version,
        "new_version": after.version,
        "changes": [asdict(change) for change in changes(old, before, new, after)],
    }


def check(root: Path = PACKAGED) -> dict[str, Any]:
    """Prove every table, answer every worked case, check every citation; `faults` is empty where all is well."""
    from reall.library.check import STANDARD, check_knowledge  # noqa: PLC0415 - takes seconds
    from reall.options.evidence import faulty_evidence  # noqa: PLC0415

    started = time.perf_counter()
    report = check_knowledge(root, {**STANDARD, "evidence": faulty_evidence})
    counts = {key: value for key, value in vars(report).items() if key != "faults"}
    faults = [{**asdict(fault), "words": str(fault)} for fault in report.faults]
    return {"faults": faults, **counts, "seconds": round(time.perf_counter() - started, 2)}
