"""Several targets of one sample, one answer.

The highest level counts; a quantified target outweighs one that is only positive; negative needs every target
negative, and then holds with the weaker of their sensitivities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reall.mrd.result import Finding, MrdClass, MrdResult, Severity
from reall.mrd.rqpcr_assay import SECTION
from reall.mrd.ruleset import RuleSet


def combine_targets(results: Sequence[MrdResult], rules: RuleSet | None) -> MrdResult:
    """Give the sample's result from its targets' results; one target passes through with its warnings.

    Raises:
        ValueError: no results, or results of different samples.
    """
    if len({result.sample for result in results}) != 1:
        raise ValueError("combine_targets needs the results of exactly one sample")
    chosen = _decisive(results)
    findings = [*chosen.findings, *_disagreement(results), *_too_few(results, chosen, rules)]
    if len(results) == 1:
        return replace(chosen, findings=tuple(findings))
    parts = [{**result.to_json(), "findings": None} for result in results]
    sensitivity, interval = chosen.sensitivity_fraction, chosen.interval
    if chosen.classification is MrdClass.NEGATIVE:
        sensitivity = max(r.sensitivity_fraction for r in results if r.sensitivity_fraction is not None)
        interval = (0.0, sensitivity)
    return replace(
        chosen,
        target=" + ".join(result.target or "?" for result in results),
        sensitivity_fraction=sensitivity,
        interval=interval,
        findings=tuple(dict.fromkeys([*findings, *(f for r in results for f in r.findings)])),
        details={**chosen.details, "decisive_target": chosen.target, "targets": parts},
    )


def _decisive(results: Sequence[MrdResult]) -> MrdResult:
    by_class: dict[MrdClass, list[MrdResult]] = {}
    for result in results:
        by_class.setdefault(result.classification, []).append(result)
    if quantified := by_class.get(MrdClass.QUANTIFIED):
        return max(quantified, key=lambda r: r.level_fraction or 0.0)
    if positive := by_class.get(MrdClass.POSITIVE_NOT_QUANTIFIABLE):
        return max(positive, key=lambda r: r.interval[1] if r.interval else 0.0)
    if doubtful := by_class.get(MrdClass.NOT_EVALUABLE):
        return max(doubtful, key=lambda r: r.interval[1] if r.interval else 1.0)
    return max(results, key=lambda r: r.sensitivity_fraction or 1.0)


def _disagreement(results: Sequence[MrdResult]) -> list[Finding]:
    classes = {result.classification for result in results}
    if len(classes) == 1:
        return []
    words = "; ".join(f"{result.target}: {result.classification}" for result in results)
    blocked = MrdClass.NOT_EVALUABLE in classes
    return [
        Finding(
            rule="targets agree",
            severity=Severity.WARNING,
            text=f"The targets read differently ({words}).",
            look_at="Repeat the target that is not evaluable."
            if blocked
            else "Loss of a target, or unspecific signal.",
        )
    ]


def _too_few(results: Sequence[MrdResult], chosen: MrdResult, rules: RuleSet | None) -> list[Finding]:
    limit = rules.optional(SECTION, "negative_targets_min") if rules else None
    if limit is None or chosen.classification is not MrdClass.NEGATIVE or len(results) >= limit.value:
        return []
    text = f"Negative by {len(results)} target only."
    return [Finding(rule=limit.quote(), severity=Severity.WARNING, text=text, look_at="Measure a second target.")]
