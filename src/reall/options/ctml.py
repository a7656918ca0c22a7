"""Trials in CTML, the trial format of MatchMiner: read, matched and written.

Matching differs from MatchMiner on purpose. There, a patient without a result satisfies every "not this gene", and
drops out of every "this gene" without a word. Here both are undetermined, and the criterion is named.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reall.base.documents import Document
from reall.base.errors import UnusableCase
from reall.facts.known import Interval
from reall.library.therapy import ctml_question
from reall.library.therapy_rows import Trial
from reall.options.lookup import NO, UNKNOWN, YES, Lookup
from reall.options.trials import MATCH

_COMPARISON = re.compile(r"^\s*(>=|<=|>|<|==|=)\s*(\d+(?:\.\d+)?)\s*$")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq, "==": operator.eq,
}  # fmt: skip
_OPPOSITE = {YES: NO, NO: YES, UNKNOWN: UNKNOWN}


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One comparison of a CTML tree and what it says of this child; `read` is false where no fact stands for it."""

    field: str
    value: str
    verdict: str
    read: bool


@dataclass(frozen=True, kw_only=True)
class CtmlArm:
    """One arm: its match (yes, no, undetermined) and the clauses it rests on."""

    code: str
    description: str
    suspended: bool
    match: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class CtmlAnswer:
    """One CTML trial for one child."""

    protocol: str
    nct: str
    title: str
    arms: tuple[CtmlArm, ...]


def answer_ctml(document: Document, look: Lookup) -> CtmlAnswer:
    """Match every arm of a CTML trial. Raises `UnusableCase` with the place where the file is no CTML."""
    data = document.data
    treatments = data.get("treatment_list") if isinstance(data, dict) else None
    if not isinstance(treatments, dict) or not isinstance(treatments.get("step"), list):
        raise UnusableCase("this is no CTML trial", where=document.name, why="It has no treatment_list.step.")
    arms = []
    for i, step in enumerate(_objects(treatments, "step", document.name)):
        for j, arm in enumerate(_objects(step, "arm", document.where("treatment_list", "step", i))):
            where = document.where("treatment_list", "step", i, "arm", j)
            trees = [tree for part in (data, step, arm) for tree in _objects(part, "match", where)]
            clauses: list[Clause] = []
            verdict = _all([_tree(tree, look, clauses, where) for tree in trees])
            arms.append(
                CtmlArm(
                    code=str(arm.get("arm_code", j + 1)),
                    description=str(arm.get("arm_description", "")),
                    suspended=str(arm.get("arm_suspended", "n")).lower() in {"y", "yes", "true"},
                    match=MATCH[verdict],
                    clauses=tuple(clauses),
                )
            )
    return CtmlAnswer(
        protocol=str(data.get("protocol_no", "")),
        nct=str(data.get("nct_id", "")),
        title=str(data.get("long_title") or data.get("short_title", "")),
        arms=tuple(arms),
    )


def _objects(within: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """Give the list of objects under a key, which may be left out. Raises `UnusableCase` for anything else."""
    found = within.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnusableCase(f"{key} is not a list of sets of named values", where=where)
    return found


def _all(verdicts: list[str]) -> str:
    if NO in verdicts:
        return NO
    return UNKNOWN if UNKNOWN in verdicts else YES


def _any(verdicts: list[str]) -> str:
    if YES in verdicts:
        return YES
    return UNKNOWN if UNKNOWN in verdicts else NO


def _tree(tree: Mapping[str, Any], look: Lookup, clauses: list[Clause], where: str) -> str:
    if len(tree) != 1:
        raise UnusableCase("a node of a match tree has one key", where=where, next="Use and, or, clinical or genomic.")
    ((key, content),) = tree.items()
    if key in {"and", "or"}:
        verdicts = [_tree(child, look, clauses, where) for child in _objects(tree, key, where)]
        return _all(verdicts) if key == "and" else _any(verdicts)
    if key not in {"clinical", "genomic", "prior_treatment"} or not isinstance(content, dict):
        raise UnusableCase(f"unknown node {key!r} in a match tree", where=where)
    found = _genomic(content, look) if key == "genomic" else _clinical(content, look, readable=key == "clinical")
    clauses.extend(found)
    return _all([clause.verdict for clause in found])


def _genomic(content: Mapping[str, Any], look: Lookup) -> list[Clause]:
    """A gene, possibly denied; a finer question than the gene as a whole cannot be answered with yes."""
    symbol = str(content.get("hugo_symbol", ""))
    gene = symbol.removeprefix("!")
    finer = sorted(set(content) - {"hugo_symbol", "variant_category"})
    value = ", ".join(f"{k} {content[k]}" for k in content)
    question = ctml_question("genes", gene)
    if question not in look.knowledge.base.questions:
        return [Clause(field="genomic", value=value, verdict=UNKNOWN, read=False)]
    verdict = look.ask(question)
    if finer and verdict == YES:
        verdict = UNKNOWN
    denied = symbol.startswith("!") or str(content.get("variant_category", "")).startswith("!")
    return [Clause(field="genomic", value=value, verdict=_OPPOSITE[verdict] if denied else verdict, read=True)]


def _clinical(content: Mapping[str, Any], look: Lookup, *, readable: bool) -> list[Clause]:
    made = []
    for field, value in content.items():
        verdict = _field(field, value, look) if readable else None
        made.append(
            Clause(
                field=field, value=str(value), verdict=UNKNOWN if verdict is None else verdict, read=verdict is not None
            )
        )
    return made


def _field(field: str, value: Any, look: Lookup) -> str | None:
    if field == "age_numerical":
        return _age(str(value), look)
    name = {"oncotree_primary_diagnosis": "diagnoses", "gender": "gender", "disease_status": "disease_status"}.get(
        field
    )
    if name is None:
        return None
    verdicts = [_named(name, str(each), look) for each in (value if isinstance(value, list) else [value])]
    known = [verdict for verdict in verdicts if verdict is not None]
    return _any(known) if len(known) == len(verdicts) else None


def _named(name: str, value: str, look: Lookup) -> str | None:
    question = ctml_question(name, value.removeprefix("!"))
    if question not in look.knowledge.base.questions:
        return None
    verdict = look.ask(question)
    return _OPPOSITE[verdict] if value.startswith("!") else verdict


def _age(text: str, look: Lookup) -> str | None:
    found = _COMPARISON.match(text)
    if found is None:
        return None
    known = look.case.known.get("age_at_relapse_years")
    if not isinstance(known, Interval):
        return UNKNOWN
    compare = _OPERATORS[found[1]]
    ends = {compare(edge, float(found[2])) for edge in (known.low[0], known.high[0])}
    if len(ends) > 1:
        return UNKNOWN
    return YES if ends == {True} else NO


def to_ctml(trial: Trial) -> dict[str, Any]:
    """Write a trial as CTML.

    CTML has no field for relapse number, MRD, site, antigens or earlier transplant. The conditions are therefore kept
    in full, with words and citation, under `reall_criteria`; `match` holds the part that CTML can say.
    """
    fields: list[dict[str, Any]] = [{"clinical": {"disease_status": ["Recurrent", "Refractory"]}}]
    lineages = [c.must for c in trial.criteria if c.must in {"lineage = 'B'", "lineage = 'T'"}]
    fields += [{"clinical": {"oncotree_primary_diagnosis": "BLL" if "'B'" in must else "TLL"}} for must in lineages]
    return {
        "protocol_no": trial.id,
        "nct_id": trial.nct,
        "short_title": trial.acronym,
        "long_title": trial.title,
        "phase": trial.phase,
        "status": trial.status,
        "match": [{"and": fields}],
        "treatment_list": {
            "step": [
                {
                    "arm": [
                        {"arm_code": arm.id, "arm_description": arm.words, "arm_suspended": "N"} for arm in trial.arms
                    ]
                }
            ]
        },
        "reall_criteria": [
            {"id": c.id, "must": c.must, "words": c.words, "source": c.citation.source, "at": c.citation.at}
            for c in trial.criteria
        ],
        "check_by_hand": list(trial.by_hand),
    }
