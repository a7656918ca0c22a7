"""Drafts a mapping file: what each column may be, why, and what is open. No guess is used before it is confirmed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reall.cohort.mapping.evidence import Guess, guess, words_of
from reall.cohort.mapping.seen import SeenColumn, SeenTable
from reall.cohort.registry import registry_columns
from reall.exchange.mapped import TICKED, UNTICKED
from reall.exchange.mapping import SCHEMA
from reall.facts.table_schema import TableColumn
from reall.facts.vocabulary import Vocabulary

_HEAD = """\
# Drafted by `reall cohort map`. Look at every entry: correct it, replace each "?" by its meaning, and set `sure: yes`.
# `ignore: yes` leaves a column as it is. `reall cohort map TABLE --check FILE` says what is still open.
"""
_MARROW_SITES = frozenset({"marrow", "bone", "cns", "testis", "testes", "testicular"})


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """One entry of the draft: what would be written, whether it is sure, and the reasons."""

    columns: tuple[str, ...]
    fact: str
    sure: bool
    because: str
    codes: Mapping[str, str] | None = None
    unit: str = ""
    dates: str = ""
    members: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A drafted mapping. Every column of the table stands in exactly one entry."""

    table: SeenTable
    entries: tuple[Drafted, ...]

    @property
    def mapped(self) -> tuple[Drafted, ...]:
        """The entries that propose a fact."""
        return tuple(entry for entry in self.entries if entry.fact)


def draft(table: SeenTable, vocabulary: Vocabulary) -> Draft:
    """Propose a registry column for every column that looks like one."""
    targets = registry_columns(vocabulary)
    lists, in_lists = _lists(table, targets, vocabulary)
    open_targets = {name: target for name, target in targets.items() if name not in {entry.fact for entry in lists}}
    alone = [column for column in table.columns if column.name not in in_lists and not column.box_of]
    guesses = {column.name: guess(column, open_targets, vocabulary) for column in alone}
    best = _best(guesses)
    entries = [
        _entry(column, best.get(column.name), guesses) for column in table.columns if column.name not in in_lists
    ]
    return Draft(table=table, entries=(*sorted(entries, key=lambda e: not e.fact), *lists))


def _best(guesses: Mapping[str, Sequence[Guess]]) -> dict[str, Guess]:
    """Give each target to the column that speaks best for it."""
    taken: dict[str, str] = {}
    found = [name for name, candidates in guesses.items() if candidates]
    ordered = sorted(found, key=lambda name: (-guesses[name][0].strength, len(guesses[name][0].doubts)))
    best: dict[str, Guess] = {}
    for name in ordered:
        for candidate in guesses[name]:
            if candidate.target.name not in taken:
                taken[candidate.target.name] = name
                best[name] = candidate
                break
    return best


def _entry(column: SeenColumn, found: Guess | None, guesses: Mapping[str, Sequence[Guess]]) -> Drafted:
    if found is None:
        others = guesses.get(column.name, ())
        because = (
            f"looks like {others[0].target.name}, which another column gives" if others else "no fact was recognised"
        )
        if column.identifier:
            because += "; marked as an identifier"
        return Drafted(columns=(column.name,), fact="", sure=True, because=because)
    rivals = [name for name, others in guesses.items() if name != column.name and any(_rival(o, found) for o in others)]
    doubts = [*found.doubts, *(f"{name!r} looks like it too" for name in rivals)]
    said = "; ".join([*found.reasons, *(f"unsure: {doubt}" for doubt in doubts)])
    return Drafted(
        columns=(column.name,),
        fact=found.target.name,
        sure=found.sure and not rivals,
        because=said,
        codes=found.codes or None,
        unit=found.unit,
        dates=found.dates,
    )


def _rival(other: Guess, found: Guess) -> bool:
    """Whether another column speaks as well for the same target."""
    same = other.target.name == found.target.name
    return same and other.strength >= found.strength and len(other.doubts) <= len(found.doubts)


def _lists(
    table: SeenTable, targets: Mapping[str, TableColumn], vocabulary: Vocabulary
) -> tuple[list[Drafted], set[str]]:
    """Collect the yes/no columns and boxes that together say which abnormalities or sites were found."""
    members: dict[str, dict[str, str]] = defaultdict(dict)
    boxes = False
    for column in table.columns:
        if column.name in targets or not _is_box(column):
            continue
        target, name = _member_of(column, vocabulary)
        if target:
            members[target][column.name] = name
            boxes |= bool(column.box_of)
    why = "a box that is not ticked may not have been asked" if boxes else "say what an answer of no means"
    entries = [
        Drafted(
            columns=tuple(of),
            fact=target,
            sure=False,
            members=of,
            because=f"yes/no columns named after members of the list; unsure: {why} (unticked: no, or unknown)",
        )
        for target, of in members.items()
    ]
    return entries, {column for of in members.values() for column in of}


def _is_box(column: SeenColumn) -> bool:
    return all(text.lower() in TICKED | UNTICKED for text in column.values)


def _member_of(column: SeenColumn, vocabulary: Vocabulary) -> tuple[str, str]:
    """Say which list a yes/no column is a member of, and under which name."""
    known = {" ".join(words_of(name)): entry for name, entry in vocabulary.genetics_by_name.items()}
    for said in (column.box, column.name, column.label):
        entry = known.get(" ".join(words_of(said)))
        if entry is not None:
            return "genetics", entry.name
    sites = {
        name for other in vocabulary.names.columns.get("other_em_sites", ()) for name in [" ".join(words_of(other))]
    }
    of_sites = column.box_of and " ".join(words_of(column.label)) in {*sites, "other em sites"}
    if of_sites and not set(words_of(column.box)) & _MARROW_SITES:
        return "other_em_sites", column.box
    return "", ""


def as_yaml(made: Draft) -> str:
    """Write a draft as a mapping file; JSON scalars are YAML."""
    lines = [_HEAD + f"schema: {SCHEMA}", f"drafted_for: {json.dumps(made.table.name)}"]
    if made.table.dictionary:
        lines += ["redcap:", f"  dictionary: {json.dumps(made.table.dictionary)}"]
        lines += [f"  repeat: {json.dumps(made.table.repeat)}"] if made.table.repeat else []
    lines.append("columns:")
    for entry in made.entries:
        lines += _lines(entry)
    return "\n".join(lines) + "\n"


def _lines(entry: Drafted) -> list[str]:
    def said(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    if not entry.fact:
        return [f"  - column: {said(entry.columns[0])}", "    ignore: yes", f"    because: {said(entry.because)}"]
    head = f"members: {said(entry.members)}" if entry.members else f"column: {said(entry.columns[0])}"
    more = {"codes": entry.codes, "unit": entry.unit, "dates": entry.dates}
    return [
        f"  - {head}",
        f"    fact: {entry.fact}",
        *(f"    {key}: {said(value)}" for key, value in more.items() if value),
        *(["    unticked: unknown"] if entry.members else []),
        f"    sure: {'yes' if entry.sure else 'no'}",
        f"    because: {said(entry.because)}",
    ]
