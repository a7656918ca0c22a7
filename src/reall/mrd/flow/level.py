"""From counted events to a level: interval, detection and quantification limits, class.

Limits are numbers of clustered events in the laboratory's rule set; divided by the cells of this sample they
become fractions. Nothing is called without a rule set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.flow.fcs import FcsFile
from reall.mrd.flow.gates import GatingScheme
from reall.mrd.flow.gating import Gated
from reall.mrd.intervals import detection_limit, fraction_interval
from reall.mrd.result import (
    Finding,
    MrdClass,
    MrdResult,
    Purpose,
    Severity,
    no_rule_set_finding,
    significant,
)
from reall.mrd.ruleset import RuleSet

METHOD = "flow cytometry"
DENOMINATOR_NOT_STATED = "cells, kind not stated"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Leukaemic events among counted cells. `cells_counted` is None when nobody said what they are."""

    target_events: int
    cells: int
    cells_counted: str | None


@dataclass(frozen=True, kw_only=True)
class SampleLabel:
    """What is known of the sample; every part may be unknown."""

    sample: str | None = None
    timepoint: str | None = None
    tissue: str | None = None
    day: float | None = None
    purpose: Purpose | None = None


def level_from_counts(
    counts: Counts,
    ruleset: RuleSet | None,
    *,
    label: SampleLabel | None = None,
    findings: tuple[Finding, ...] = (),
    target: str | None = None,
) -> MrdResult:
    """Give the result of one tube.

    With a rule set: quantified from `flow.loq_events` on, positive but not quantifiable from
    `flow.lod_events` on, negative below. The sensitivity is the detection limit, and never better than what
    counting so many cells can show. The interval of a negative reaches to the sensitivity, or to the 95 % upper
    limit of the events that were seen after all, where that is higher.

    Raises:
        UnusableLaboratoryData: no cells, more leukaemic events than cells, or a negative count.
        InvalidKnowledge: the rule set lacks a limit.
    """
    _refuse_impossible(counts)
    measured = _measured(counts, label or SampleLabel(), target)
    measured = replace(measured, findings=(*findings, *_denominator_finding(counts)))
    if ruleset is None:
        return replace(measured, findings=(*measured.findings, no_rule_set_finding()))
    return _classify(measured, counts, ruleset)


def _measured(counts: Counts, where: SampleLabel, target: str | None) -> MrdResult:
    return MrdResult(
        method=METHOD,
        classification=MrdClass.NOT_EVALUABLE,
        sample=where.sample,
        timepoint=where.timepoint,
        tissue=where.tissue,
        day=where.day,
        purpose=where.purpose,
        target=target,
        level_fraction=significant(counts.target_events / counts.cells) if counts.target_events else None,
        interval=fraction_interval(counts.target_events, counts.cells),
        cells=counts.cells,
        denominator=counts.cells_counted or DENOMINATOR_NOT_STATED,
        details={
            "target_events": counts.target_events,
            # One event is seen with 95 % probability from here on, if every event is leukaemic.
            "counting_limit_fraction": detection_limit(counts.cells),
        },
    )


def level_from_gates(
    file: FcsFile,
    scheme: GatingScheme,
    gated: Gated,
    ruleset: RuleSet | None,
    *,
    label: SampleLabel | None = None,
) -> MrdResult:
    """Give the result of a gated file; `scheme` must declare a level.

    Raises:
        UnusableLaboratoryData: no level is declared, the denominator gate is empty, or leukaemic events lie
            outside it.
    """
    if scheme.level is None:
        raise UnusableLaboratoryData(
            "The gates do not say which of them hold leukaemic cells and which the cells counted.",
            where=f"gates {scheme.name!r}",
            why="Without a denominator counts are no level.",
            next="Add level: {targets: […], denominator: …, cells_counted: nucleated cells}.",
        )
    if gated.outside_denominator:
        raise UnusableLaboratoryData(
            f"{gated.outside_denominator} of {gated.union} leukaemic events lie outside the gate "
            f"{scheme.level.denominator!r}.",
            where=f"gates {scheme.name!r}, level",
            why="A share needs its part inside the whole.",
            next="Hang the target gates below the denominator gate.",
        )
    counts = Counts(
        target_events=gated.union,
        cells=gated.events(scheme.level.denominator),
        cells_counted=scheme.level.cells_counted,
    )
    result = level_from_counts(
        counts, ruleset, label=label, findings=file.findings, target=" or ".join(scheme.level.targets)
    )
    return replace(result, details={**result.details, "gates": gates_to_json(gated), "gating": scheme.name})


def gates_to_json(gated: Gated) -> list[dict[str, Any]]:
    """Give name, parent, events and share of the parent of every gate; an empty parent has no share."""
    return [
        {
            "name": count.name,
            "parent": count.parent,
            "events": count.events,
            "fraction_of_parent": count.events / count.parent_events if count.parent_events else None,
        }
        for count in gated.counts
    ]


def _classify(measured: MrdResult, counts: Counts, ruleset: RuleSet) -> MrdResult:
    lod, loq = ruleset.limit("flow", "lod_events"), ruleset.limit("flow", "loq_events")
    detectable = significant(max(min(1.0, lod.value / counts.cells), detection_limit(counts.cells)))
    quantifiable = significant(min(1.0, loq.value / counts.cells))
    judged = replace(
        measured,
        sensitivity_fraction=detectable,
        quantitative_range=(quantifiable, 1.0),
        ruleset=ruleset.label,
        knowledge_status=ruleset.status("flow"),
    )
    blocking = _blocking_findings(counts, ruleset)
    if blocking:
        return replace(judged, findings=(*judged.findings, *blocking))
    assert measured.interval is not None
    if counts.target_events >= loq.value:
        return replace(judged, classification=MrdClass.QUANTIFIED)
    if counts.target_events >= lod.value:
        return replace(
            judged,
            classification=MrdClass.POSITIVE_NOT_QUANTIFIABLE,
            level_fraction=None,
            interval=(0.0, max(quantifiable, measured.interval[1])),
            interval_meaning="above 0, up to the quantification limit or the 95 % upper limit if that is higher",
            findings=(
                *judged.findings,
                _note(f"{counts.target_events} events lie below {loq.quote()}.", "loq"),
            ),
        )
    return replace(
        judged,
        classification=MrdClass.NEGATIVE,
        level_fraction=None,
        interval=(0.0, max(detectable, measured.interval[1]) if counts.target_events else detectable),
        interval_meaning="not detected: up to the sensitivity or the 95 % upper limit if that is higher",
        findings=(*judged.findings, _note(f"{counts.target_events} events lie below {lod.quote()}.", "lod")),
    )


def _blocking_findings(counts: Counts, ruleset: RuleSet) -> list[Finding]:
    findings = []
    wanted, fewest = ruleset.optional("flow", "denominator"), ruleset.optional("flow", "cells_min")
    if wanted is not None and counts.cells_counted != wanted.value:
        said = counts.cells_counted or DENOMINATOR_NOT_STATED
        findings.append(
            Finding(
                rule="flow.denominator",
                severity=Severity.BLOCKING,
                text=f"Counted against {said}; the rule set is written for {wanted.value}.",
                look_at="Count against the cells of the rule set; shares of different cells are not converted.",
            )
        )
    if fewest is not None and counts.cells < fewest.value:
        findings.append(
            Finding(
                rule="flow.cells_min",
                severity=Severity.BLOCKING,
                text=f"{counts.cells} cells were counted; the rule set asks for {fewest.value}.",
                look_at="Acquire more cells, or report the sample as not evaluable.",
            )
        )
    return findings


def _denominator_finding(counts: Counts) -> list[Finding]:
    if counts.cells_counted is not None:
        return []
    return [
        Finding(
            rule="flow.denominator",
            severity=Severity.WARNING,
            text="Nobody said whether the cells are all nucleated or only mononuclear ones.",
            look_at="Say it with --cells-counted nucleated or --cells-counted mononuclear.",
        )
    ]


def _note(text: str, limit: str) -> Finding:
    return Finding(rule=f"flow.{limit}_events", severity=Severity.NOTE, text=text)


def _refuse_impossible(counts: Counts) -> None:
    if counts.cells <= 0:
        raise UnusableLaboratoryData(
            f"{counts.cells} cells were counted.",
            why="Without cells there is neither a level nor a sensitivity.",
            next="Look at the denominator gate, or acquire the sample again.",
        )
    if not 0 <= counts.target_events <= counts.cells:
        raise UnusableLaboratoryData(
            f"{counts.target_events} leukaemic events among {counts.cells} cells are impossible.",
            why="Leukaemic events are part of the cells they are counted against.",
            next="Look for swapped numbers, or for a target gate that is not inside the denominator gate.",
        )
