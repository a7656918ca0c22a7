"""Everything the published rules say about one relapse: definitions, systems, transplant answers, outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reall.base.errors import UnusableCase
from reall.facts.case import Case, nobody_fits
from reall.facts.known import Interval, Known, one_of
from reall.facts.vocabulary import NOT_STATED
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.rules.diagram import FALSE, TRUE, Walk
from reall.rules.evaluate import Finding, evaluate


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """The answers for one case, each as a finding; nothing is ranked and nothing is hidden."""

    case: Case
    knowledge: Knowledge
    masks: tuple[int, ...]
    derived: Mapping[str, Finding]
    systems: Mapping[str, Finding]
    transplant: Mapping[str, Finding]
    outcomes: tuple[PublishedOutcome, ...]

    @property
    def findings(self) -> Iterable[Finding]:
        """All findings, in the order of the report."""
        return (*self.derived.values(), *self.systems.values(), *self.transplant.values())


def assess(case: Case, knowledge: Knowledge, *, only: Iterable[str] = ()) -> Assessment:
    """Answer every definition, system and transplant rule for one case (or only the systems named).

    Raises `UnusableCase` when facts contradict each other; the background condition that they break is named.
    """
    masks = case_masks(case, knowledge)
    wanted = set(only)
    chosen = [id_ for id_ in knowledge.system_ids if not wanted or id_ in wanted]
    walk = Walk(knowledge.base.diagrams, masks)
    derived = {id_: _finding(knowledge, case, id_, walk) for id_ in knowledge.derived_ids}
    systems = {id_: _finding(knowledge, case, id_, walk) for id_ in chosen}
    transplant = {
        public: _finding(knowledge, case, table, walk)
        for public, table in knowledge.transplant_ids.items()
        if not wanted or knowledge.base.tables[table].inherits in wanted or public in wanted
    }
    return Assessment(
        case=case,
        knowledge=knowledge,
        masks=masks,
        derived=derived,
        systems=systems,
        transplant=transplant,
        outcomes=matching_outcomes(knowledge, walk),
    )


def case_masks(case: Case, knowledge: Knowledge) -> tuple[int, ...]:
    """Turn a case into one set of cells per fact. Raises `UnusableCase` when facts contradict each other."""
    base = knowledge.base
    known: dict[str, Known] = {id_: one_of(NOT_STATED) for id_ in knowledge.derived_ids}
    known.update(case.known)
    masks = tuple(base.space.masks(known))
    walk = Walk(base.diagrams, masks)
    for background, diagram in base.background:
        if TRUE not in walk.leaves(diagram) or _out_of_order(background.names, background.always, known):
            given = ", ".join(f"{name} = {known[name]}" for name in background.names if name in known)
            raise UnusableCase(
                f"these facts contradict each other: {given}",
                where=case.name,
                why=f"{background.why[0].upper()}{background.why[1:]}.",
                next="Correct one of them, or leave out what is not certain.",
            )
    return masks


def _out_of_order(names: tuple[str, ...], always: str, known: Mapping[str, Known]) -> bool:
    """Catch two numbers that share a cell and yet stand in the wrong order."""
    if "<=" not in always or len(names) != 2:  # noqa: PLR2004 - a pair
        return False
    smaller, larger = known.get(names[0]), known.get(names[1])
    return isinstance(smaller, Interval) and isinstance(larger, Interval) and smaller.low >= larger.high


def _finding(knowledge: Knowledge, case: Case, table: str, walk: Walk) -> Finding:
    finding = evaluate(knowledge.base, table, walk)
    if finding is None:
        raise nobody_fits(case, table)
    return _with_sensitivity(finding, case, knowledge)


def _with_sensitivity(finding: Finding, case: Case, knowledge: Knowledge) -> Finding:
    """Where an MRD result below detection leaves the answer open, a more sensitive assay is what is missing."""
    blunt = {s.decides_at.name for s in case.mrd if s.decides_at and s.detected is False}
    more = sharper_assays(finding.missing, blunt, knowledge)
    if not more:
        return finding
    return replace(finding, answer=replace(finding.answer, missing=(*finding.missing, *more)))


def sharper_assays(missing: Iterable[str], blunt: Collection[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Name the assay sensitivities that are missing too, where nothing was detected at some time points (`blunt`)."""
    facts = knowledge.vocabulary.facts
    timepoints = [facts[name].mrd_timepoint for name in missing if name in facts]
    return tuple(f"mrd_{t}_assay_sensitivity_fraction" for t in timepoints if t in blunt)


def matching_outcomes(knowledge: Knowledge, walk: Walk) -> tuple[PublishedOutcome, ...]:
    """Give the published rows whose stratum this child certainly belongs to."""
    found: list[PublishedOutcome] = []
    for diagram, rows in knowledge.outcomes_by_condition:
        reached = walk.leaves(diagram)
        if TRUE in reached and FALSE not in reached:
            found.extend(rows)
    return tuple(found)


def disagreements(assessment: Assessment) -> list[tuple[str, Mapping[str, tuple[str, ...]]]]:
    """Say where systems that answer the same question give different answers to this child.

    Compared are transplant answers, and risk groups by whether the system's own transplant rule or name calls them
    highest; only determined answers count.
    """
    answers: dict[str, list[str]] = {}
    for id_, finding in assessment.transplant.items():
        if finding.status == "determined" and finding.value is not None:
            answers.setdefault(finding.value, []).append(id_)
    found: list[tuple[str, Mapping[str, tuple[str, ...]]]] = []
    if len(answers) > 1:
        found.append(("transplant in second remission", {k: tuple(v) for k, v in answers.items()}))
    clocks: dict[str, list[str]] = {}
    for id_, finding in (*assessment.derived.items(), *assessment.systems.items()):
        table = assessment.knowledge.base.tables[id_]
        if table.kind == "time" and finding.status == "determined" and finding.value is not None:
            clocks.setdefault(finding.value, []).append(id_)
    if len(clocks) > 1:
        found.append(("time of relapse", {k: tuple(v) for k, v in clocks.items()}))
    return found


def next_questions(assessment: Assessment) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Rank the missing facts by how many findings some answer to them would settle.

    Each entry is the fact, the findings that a single answer can settle, and those it only narrows.
    """
    settling: dict[str, list[str]] = {}
    narrowing: dict[str, list[str]] = {}
    places: dict[str, list[int]] = {}
    named = {**assessment.derived, **assessment.systems, **assessment.transplant}
    for id_, finding in named.items():
        for place, (fact, left) in enumerate(finding.settles.items()):
            settles_it = any(len(outcomes) == 1 for outcomes in left.values())
            (settling if settles_it else narrowing).setdefault(fact, []).append(id_)
            places.setdefault(fact, []).append(place)

    def first_asked(fact: str) -> tuple[int, int, float]:
        where = places[fact]
        return (-len(settling.get(fact, ())), -len(narrowing.get(fact, ())), sum(where) / len(where))

    facts = sorted(places, key=first_asked)
    return [(f, tuple(settling.get(f, ())), tuple(narrowing.get(f, ()))) for f in facts]


def plain(known: Known) -> Any:
    """Give a known set as plain data: the value itself (whole numbers without a point), or words for more than one."""
    value = known.point
    if value is None:
        return str(known)
    return int(value) if isinstance(value, float) and value.is_integer() else value
