"""Assessments as the contract `reall.assessment/1`. Says what was found; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reall import __version__
from reall.facts.known import Known
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.report.json_text import dumps as dumps  # noqa: PLC0414 - callers find it here
from reall.rules.evaluate import Finding, Reason
from reall.rules.table import Citation, Remark
from reall.stratify.assess import Assessment, disagreements, next_questions, plain

SCHEMA = "reall.assessment/1"


def assessment_json(assessment: Assessment, options: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Give the whole assessment as plain data; keys and their order are fixed by the contract.

    `options` are the answers of `report.options_json.option_json`, for a day and a country that the caller chooses.
    """
    case = assessment.case
    return {
        "schema": SCHEMA,
        "case": case.name,
        "reall_version": __version__,
        "knowledge_version": assessment.knowledge.version,
        "knowledge_fingerprint": assessment.knowledge.fingerprint,
        "derived": {id_: finding_json(f, assessment) for id_, f in assessment.derived.items()},
        "systems": {id_: finding_json(f, assessment) for id_, f in assessment.systems.items()},
        "transplant": {id_: finding_json(f, assessment) for id_, f in assessment.transplant.items()},
        "disagreements": [{"about": about, "answers": dict(answers)} for about, answers in disagreements(assessment)],
        "next_questions": [
            {"fact": fact, "settles": list(settles), "narrows": list(narrows)}
            for fact, settles, narrows in next_questions(assessment)
        ],
        "options": list(options),
        "outcomes": [outcome_json(row) for row in assessment.outcomes],
        "facts": {name: plain(known) for name, known in case.known.items()},
        "mrd": [
            {
                "timepoint": s.timepoint,
                "method": s.method or None,
                "tissue": s.tissue or None,
                "level": plain(s.level),
                "assay_sensitivity_fraction": s.sensitivity_fraction,
            }
            for s in case.mrd
        ],
        "notes": list(case.notes),
        "assumptions": list(case.assumptions),
    }


def finding_json(finding: Finding, assessment: Assessment) -> dict[str, Any]:
    """Give one finding with all keys of the contract."""
    return {
        "status": finding.status,
        "value": finding.value,
        "possible": list(finding.possible),
        "because": [_reason_json(reason, assessment) for reason in finding.because],
        "missing": list(finding.missing),
        "excluded_by": finding.excluded_by,
        "conflicts": [_remark_json(remark) for remark in finding.conflicts],
        "knowledge_status": finding.knowledge_status,
        "cautions": [_remark_json(remark) for remark in finding.cautions],
        "needs": finding.needs,
        "settles": {fact: {a: list(left) for a, left in answers.items()} for fact, answers in finding.settles.items()},
    }


def _reason_json(reason: Reason, assessment: Assessment) -> dict[str, Any]:
    return {
        "rule": reason.row,
        "value": reason.value,
        "words": reason.words,
        "facts": {name: fact_value(name, assessment) for name in reason.facts},
        "source": reason.citation.source,
        "at": reason.citation.at,
        "status": reason.citation.status,
    }


def fact_value(name: str, assessment: Assessment) -> Any:
    """Give what is known of a fact that a rule names: the case's own, or what its table answers; else "unknown"."""
    known: Known | None = assessment.case.known.get(name)
    if known is not None:
        return plain(known)
    finding = assessment.derived.get(name) or assessment.systems.get(name)
    if finding is None:
        return "unknown"
    return finding.value if finding.value is not None else " or ".join(finding.possible)


def _remark_json(remark: Remark) -> dict[str, Any]:
    return {"id": remark.id, "words": remark.words, "sources": [citation_json(c) for c in remark.citations]}


def citation_json(citation: Citation) -> dict[str, str]:
    """Give a citation as plain data."""
    return {"source": citation.source, "at": citation.at, "status": citation.status}


def outcome_json(row: PublishedOutcome) -> dict[str, Any]:
    """Give one published outcome, numbers as printed (percent)."""
    keys = (
        "id", "cohort", "era", "clock_start", "stratum", "arm", "system", "n", "endpoint", "years", "estimate_pct",
        "se_pct", "ci_low_pct", "ci_high_pct", "ci_level_pct", "note",
    )  # fmt: skip
    return {**{key: getattr(row, key) for key in keys}, **citation_json(row.citation)}


def dumps_with(data: Any, key: str, texts: Sequence[str]) -> str:
    """Write JSON as `dumps` does, where the list under one key at the top is written already, each part by `dumps`."""
    whole = dumps({**data, key: []})
    if not texts:
        return whole
    parts = ",\n".join(texts).replace("\n", "\n    ")  # a text of JSON holds no line break but those of its layout
    return whole.replace(f'\n  "{key}": []', f'\n  "{key}": [\n    {parts}\n  ]', 1)


def sources_used(assessment: Assessment) -> dict[str, str]:
    """Give the bibliography entries that the assessment cites, in order of first use."""
    keys: dict[str, None] = {}
    for finding in assessment.findings:
        for reason in finding.because:
            keys[reason.citation.source] = None
        for remark in (*finding.conflicts, *finding.cautions):
            for citation in remark.citations:
                keys[citation.source] = None
    for row in assessment.outcomes:
        keys[row.citation.source] = None
    knowledge: Knowledge = assessment.knowledge
    return {key: str(knowledge.sources[key]) for key in keys if key in knowledge.sources}
