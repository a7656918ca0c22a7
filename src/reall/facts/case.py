"""A case: what is known about one relapse of one child, read from the contract `reall.case/1`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reall.base.documents import Document
from reall.base.errors import ReallError, UnusableCase
from reall.facts.derive import derive
from reall.facts.known import Known
from reall.facts.mrd import MrdSample, decision_facts, read_sample
from reall.facts.reading import is_nothing, read_date, read_fact, read_names
from reall.facts.vocabulary import Fact, Vocabulary, nearest

SCHEMA = "reall.case/1"
PARTS = ("case", "facts", "mrd", "exposures", "schema")
_NOT_READ = "What is not read would count as unknown without anybody noticing."
_SEE = "See docs/reference/facts.md for what a case may hold."


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """A drug already given, with its cumulative dose in mg per square metre of body surface."""

    agent: str
    cumulative_mg_m2: float


@dataclass(frozen=True, kw_only=True)
class Case:
    """One relapse: each fact as the set of values it may still have; facts left out are unknown.

    `notes` say how a value was reached where that is not plain; `assumptions` were declared by the user.
    """

    name: str
    known: Mapping[str, Known]
    mrd: tuple[MrdSample, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


def nobody_fits(case: Case, table: str) -> UnusableCase:
    """Say that the facts of a case, each possible alone, leave no completion in a table."""
    return UnusableCase(
        f"the facts contradict each other: no child can fulfil them all ({table})",
        where=case.name,
        next="Check dates, ages and genetics against each other.",
    )


def read_case(document: Document, vocabulary: Vocabulary, *, name: str = "") -> Case:
    """Read one case.

    Raises `UnusableCase` with file and line: unknown keys (with the nearest known name), wrong types, impossible
    values, and dates or MRD entries that contradict each other.
    """
    data = document.data
    if not isinstance(data, dict):
        raise UnusableCase("a case is a set of named facts", where=document.name, next="Start with `facts:`.")
    for key in data:
        if key not in PARTS:
            hint = nearest(key, PARTS) or ("It belongs under `facts:`." if key in vocabulary.statable else "")
            raise UnusableCase(f"unknown key {key!r}", where=document.where(key), why=_NOT_READ, next=hint or _SEE)
    _check_head(document)
    facts = {} if data.get("facts") is None else data["facts"]
    if not isinstance(facts, dict):
        raise UnusableCase("`facts` is not a set of named facts", where=document.where("facts"))
    reader = _Reader(document, vocabulary)
    for key, value in facts.items():
        reader.read(key, value, ("facts", key))
    samples = reader.samples(data.get("mrd"))
    known, notes = derive(reader.known, reader.inputs, document.where("facts"), vocabulary)
    for fact, value, note in decision_facts(samples, vocabulary, known):
        known[fact] = value
        notes += note
    return Case(
        name=str(name if is_nothing(data.get("case")) else data["case"]),
        known=known,
        mrd=samples,
        exposures=reader.exposures(data.get("exposures")),
        notes=(*reader.notes, *notes),
        inputs=reader.inputs,
    )


def _check_head(document: Document) -> None:
    """Refuse a name that is none, and a contract that this program does not know."""
    name, schema = document.data.get("case"), document.data.get("schema")
    if isinstance(name, bool) or not isinstance(name, str | int | None):
        raise UnusableCase(
            f"{name!r} is no name of a case", where=document.where("case"), next="Write a pseudonym, in quotes."
        )
    if schema not in (None, SCHEMA):
        raise UnusableCase(
            f"{schema!r} is another contract", where=document.where("schema"), why=_NOT_READ, next=f"Write {SCHEMA}."
        )


class _Reader:
    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.known: dict[str, Known] = {}
        self.inputs: dict[str, Any] = {}
        self.notes: list[str] = []

    def read(self, key: str, value: Any, place: tuple[str | int, ...]) -> None:
        """Read one entry under `facts`."""
        if is_nothing(value):
            return
        try:
            if key in self.vocabulary.statable:
                self.know(self.vocabulary.statable[key], read_fact(self.vocabulary.statable[key], value))
            elif key in self.vocabulary.inputs:
                self._input(key, value, place)
            else:
                names = [*self.vocabulary.statable, *self.vocabulary.inputs]
                raise UnusableCase(f"unknown fact {key!r}", why=_NOT_READ, next=nearest(key, names) or _SEE)
        except UnusableCase as error:
            raise _placed(error, self.document.where(*place), key) from None

    def know(self, fact: Fact, value: Known | None) -> None:
        """Keep what is known; a fact given twice must agree with itself."""
        if value is None:
            return
        before = self.known.get(fact.name, fact.everything)
        left = before.intersect(value)  # type: ignore[arg-type]
        if left is None:
            raise UnusableCase(f"{fact.name} is given as {before} and as {value}", next="Correct whichever is wrong.")
        self.known[fact.name] = left

    def _input(self, key: str, value: Any, place: tuple[str | int, ...]) -> None:
        entry = self.vocabulary.inputs[key]
        if entry.kind == "date":
            self.inputs[key] = read_date(value)
        elif entry.kind == "number":
            self.inputs[key] = read_fact(entry.as_fact, value)
        elif entry.kind == "group":
            self._group(key, value, entry.members or {}, place)
        else:
            self.inputs[key] = read_names(value)
            getattr(self, f"_{key}")(self.inputs[key])

    def _group(self, key: str, value: Any, members: Mapping[str, str], place: tuple[str | int, ...]) -> None:
        if not isinstance(value, dict):
            raise UnusableCase(f"{key} is not a set of named facts", next=f"Use {', '.join(members)}.")
        for member, content in value.items():
            if member not in members:
                raise UnusableCase(f"unknown key {member!r} in {key}", next=nearest(member, members))
            self.read(members[member], content, (*place, member))

    def _other_em_sites(self, sites: list[str]) -> None:
        for site in sites:
            if site.lower() in {"cns", "testis", "testes", "marrow", "bone marrow"}:
                raise UnusableCase(
                    f"{site!r} is not an *other* extramedullary site",
                    next="Use cns_status, testis_biopsy_positive or marrow_blasts_pct.",
                )
        fact = self.vocabulary.facts["other_em_involved"]
        self.know(fact, read_fact(fact, bool(sites)))

    def _genetics(self, names: list[str]) -> None:
        by_name = self.vocabulary.genetics_by_name
        for name in names:
            denied = name.lower().startswith("not ")
            plain = name[4:].strip() if denied else name
            entry = by_name.get(plain.lower())
            if entry is None:
                close = nearest(plain.lower(), by_name)
                self.notes.append(f"genetics: no rule uses {plain!r}{'. ' + close if close else ''}")
                continue
            fact = self.vocabulary.facts[entry.fact]
            answers = set(fact.answers) - entry.values if denied else entry.values
            self.know(fact, read_fact(fact, sorted(answers, key=str)))

    def samples(self, entries: Any) -> tuple[MrdSample, ...]:
        """Read the list of MRD results."""
        if is_nothing(entries):
            return ()
        entries = [entries] if isinstance(entries, dict) else entries
        if not isinstance(entries, list):
            raise UnusableCase("`mrd` is not a list of results", where=self.document.where("mrd"))
        read = []
        for i, entry in enumerate(entries):
            try:
                read.append(read_sample(entry, self.vocabulary))
            except UnusableCase as error:
                raise _placed(error, self.document.where("mrd", i), f"mrd entry {i + 1}") from None
        return tuple(read)

    def exposures(self, entries: Any) -> tuple[Exposure, ...]:
        """Read the list of drugs already given."""
        made: list[Exposure] = []
        if not isinstance(entries, list | None):
            raise UnusableCase("`exposures` is not a list", where=self.document.where("exposures"))
        for i, entry in enumerate(entries or ()):
            where = self.document.where("exposures", i)
            if not isinstance(entry, dict) or set(entry) != {"agent", "cumulative_mg_m2"}:
                raise UnusableCase("an exposure has `agent` and `cumulative_mg_m2`", where=where)
            agent, dose = entry["agent"], entry["cumulative_mg_m2"]
            if not isinstance(agent, str) or not agent.strip():
                raise UnusableCase(f"{agent!r} is no name of a drug", where=where, next="Write its generic name.")
            if isinstance(dose, bool) or not isinstance(dose, int | float) or not 0 <= dose < math.inf:
                raise UnusableCase(f"{dose!r} is not a cumulative dose", where=where, next="Write mg per square metre.")
            made.append(Exposure(agent=agent, cumulative_mg_m2=float(dose)))
        return tuple(made)


def _placed(error: ReallError, where: str, key: str) -> UnusableCase:
    what = error.what if error.what.startswith(("unknown", key)) else f"{key}: {error.what}"
    return UnusableCase(what, where=error.where or where, why=error.why, next=error.next)
