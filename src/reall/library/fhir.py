"""Open `knowledge/fhir`: the codes of record systems, and what makes a record doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reall.base.errors import InvalidKnowledge
from reall.exchange.fhir.mapping import CodeMap, CodeRow, CodeSystem, Fusion, Key, Medicine, QualityRule, Risk
from reall.exchange.fhir.rules import compiled
from reall.facts.vocabulary import Vocabulary
from reall.library.files import PACKAGED, open_file
from reall.library.knowledge import Knowledge
from reall.library.therapy_rows import Agent

_SYSTEMS = {"RxNorm": "rxnorm", "ATC": "atc", "NCIt": "ncit"}
_ANTHRACYCLINES = ("anthracycline", "anthraquinone")


@cache
def code_map(knowledge_agents: tuple[Agent, ...], root: Path = PACKAGED) -> CodeMap:
    """Read the mapping. Raises `InvalidKnowledge` for a broken schema, an unknown system or agent."""
    codes = open_file(root / "fhir" / "codes.yaml", "fhir_codes", root=root).data
    quality = open_file(root / "fhir" / "quality.yaml", "fhir_quality", root=root).data
    risk = quality["initial_risk"]
    made = CodeMap(
        own=codes["own"],
        window_days=codes["window_days"],
        systems=tuple(CodeSystem(id=s["id"], url=s["url"], also=tuple(s.get("also", ()))) for s in codes["systems"]),
        rows=tuple(
            CodeRow(**{**row, "other_specimens": tuple(row.get("other_specimens", ()))}) for row in codes["rows"]
        ),
        fusions=tuple(_fusion(raw) for raw in codes["fusions"]),
        medicines=tuple(_medicines(codes, {agent.id: agent for agent in knowledge_agents})),
        absent={one["code"]: (one["kind"], one["words"]) for one in codes["absent"]},
        rules=tuple(QualityRule(**{**raw, "uses": tuple(raw["uses"])}) for raw in quality["rules"]),
        initial_risk=Risk(**{**risk, "standard_code": _key(risk["standard_code"])}),
        two_codes={
            one["system"]: {group: _key(key) for group, key in one["groups"].items()} for one in codes["two_codes"]
        },
    )
    _check(made)
    return made


def codes_of(knowledge: Knowledge, root: Path = PACKAGED) -> CodeMap:
    """Give the mapping with the agents of a knowledge. Raises as `code_map` does."""
    return code_map(_Agents(knowledge.therapy.agents.values()), root)


class _Agents(tuple[Agent, ...]):
    """Agents as a key of the cache, by their ids: a knowledge is opened once."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple(agent.id for agent in self))


def _key(pair: list[str]) -> Key:
    return pair[0], pair[1]


def _fusion(raw: Mapping[str, Any]) -> Fusion:
    pairs = {"genes": _key(raw["genes"]), "symbols": _key(raw["symbols"])}
    return Fusion(**{**raw, **pairs, "not_seen_by": tuple(raw.get("not_seen_by", ()))})


def _medicines(codes: Mapping[str, Any], agents: Mapping[str, Agent]) -> Iterator[Medicine]:
    facts = {one["agent"]: one for one in codes["medicines"]}
    routes = {one["agent"]: tuple(one["not_by_route"]) for one in codes["routes"]}
    for id_ in {**facts, **routes}:
        if agents and id_ not in agents:
            raise InvalidKnowledge(f"there is no agent {id_!r}", where="fhir/codes.yaml", next="Name one of agents/.")
    for agent in agents.values():
        said = facts.get(agent.id, {})
        yield Medicine(
            agent=agent.id,
            names=(agent.name, *agent.also),
            codes=tuple((_SYSTEMS[name], code) for name, code in agent.codes.items() if name in _SYSTEMS),
            fact=said.get("fact", ""),
            before_relapse=said.get("before_relapse", False),
            not_by_route=routes.get(agent.id, ()),
            anthracycline=agent.drug_class in _ANTHRACYCLINES,
        )


def _check(codes: CodeMap) -> None:
    known = set(codes.url_of)
    for row in codes.rows:
        if row.system not in known:
            raise InvalidKnowledge(f"row {row.id!r} names the system {row.system!r}", where="fhir/codes.yaml")
    ids = [one.id for one in codes.rows] + [one.id for one in codes.fusions] + [one.id for one in codes.rules]
    twice = next((id_ for id_ in ids if ids.count(id_) > 1), None)
    if twice:
        raise InvalidKnowledge(f"{twice!r} stands there twice", where="fhir", next="Keep one.")


def check_fhir(root: Path, vocabulary: Vocabulary, sources: Mapping[str, Any]) -> None:
    """Check facts, names, sources and FHIRPath of every row. Raises `InvalidKnowledge`."""
    codes = code_map((), root)
    for row in codes.rows:
        for fact in (row.fact, *(row.says or {})):
            if fact and fact not in vocabulary.statable and fact not in vocabulary.inputs:
                raise InvalidKnowledge(f"row {row.id!r} names the unknown fact {fact!r}", where="fhir/codes.yaml")
    for fusion in codes.fusions:
        if fusion.name.lower() not in vocabulary.genetics_by_name:
            raise InvalidKnowledge(f"{fusion.name!r} is no name of `genetics`", where="fhir/codes.yaml")
    cited = [one.source for one in codes.rows] + [one.source for one in codes.fusions]
    for source in (*cited, *(rule.source for rule in codes.rules), codes.initial_risk.source):
        if source not in sources:
            raise InvalidKnowledge(f"the bibliography has no {source!r}", where="fhir")
    for rule in codes.rules:
        try:
            compiled(rule.when)
        except Exception as error:
            raise InvalidKnowledge(f"rule {rule.id!r} is not FHIRPath: {error}", where="fhir/quality.yaml") from None
