"""Options as the contract `reall.options/1`. Says what was found; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reall import __version__
from reall.facts.known import Known
from reall.library.knowledge import PublishedOutcome
from reall.library.therapy_rows import Arm, EvidenceRow
from reall.options.board import Board
from reall.options.ctgov import StudyAnswer
from reall.options.ctml import CtmlAnswer
from reall.options.eligibility import Caution, OptionAnswer
from reall.options.evidence import Evidence
from reall.options.labels import LabelAnswer
from reall.options.ledger import Ledger, Total
from reall.options.trials import TrialAnswer
from reall.report.to_json import outcome_json
from reall.rules.table import Citation

SCHEMA = "reall.options/1"


def board_json(board: Board, outcomes: Sequence[PublishedOutcome] = ()) -> dict[str, Any]:
    """Give everything that can be said about options for one case, and the published figures of its strata."""
    knowledge = board.knowledge
    return {
        "schema": SCHEMA,
        "case": board.case.name,
        "on": board.on.isoformat(),
        "country": board.country,
        "reall_version": __version__,
        "knowledge_version": knowledge.version,
        "knowledge_fingerprint": knowledge.fingerprint,
        "options": [option_json(answer) for answer in board.options],
        "next_facts": [
            {"fact": fact, "settles": list(settles), "narrows": list(narrows)}
            for fact, settles, narrows in board.next_facts
        ],
        "anthracyclines": None if board.ledger is None else _ledger(board.ledger),
        "trials": [_trial(answer) for answer in board.trials],
        "studies": [_study(answer) for answer in board.studies],
        "ctml": [_ctml(answer) for answer in board.ctml],
        "outcomes": [outcome_json(row) for row in outcomes],
    }


def option_json(answer: OptionAnswer) -> dict[str, Any]:
    """Give one option with all keys of the contract."""
    return {
        "id": answer.option.id,
        "title": answer.option.title,
        "purpose": answer.option.purpose,
        "status": answer.status,
        "because": [
            {
                "criterion": judged.criterion.id,
                "verdict": judged.verdict,
                "words": judged.criterion.words,
                "must": judged.criterion.must,
                "facts": dict(judged.facts),
                **_cite(judged.criterion.citation),
            }
            for judged in answer.because
        ],
        "decided_by": [judged.criterion.id for judged in answer.deciding],
        "missing": list(answer.missing),
        "settling_sets": [list(one) for one in answer.settling_sets],
        "settling_answers": [_answers(one) for one in answer.settling_sets],
        "would_change_if": list(answer.would_change_if),
        "cautions": [_caution(c) for c in answer.cautions if c.kind == "caution"],
        "sequencing": [_caution(c) for c in answer.cautions if c.kind == "sequencing"],
        "label": None if answer.label is None else _label(answer.label),
        "agents": list(answer.option.agents),
        "regimens": list(answer.option.regimens),
        "evidence": [evidence_json(one) for one in answer.evidence],
        "knowledge_status": answer.knowledge_status,
    }


def _answers(one: Mapping[str, Known]) -> dict[str, str]:
    return {name: str(known) for name, known in one.items()}


def _cite(citation: Citation) -> dict[str, str]:
    return {"source": citation.source, "at": citation.at, "status": citation.status}


def _caution(caution: Caution) -> dict[str, Any]:
    return {
        "id": caution.note.id,
        "holds": caution.holds,
        "words": caution.note.words,
        "missing": list(caution.missing),
        **_cite(caution.note.citation),
    }


def _label(label: LabelAnswer) -> dict[str, Any]:
    row = label.row
    return {
        "agent": label.agent,
        "country": label.country,
        "on": label.on.isoformat(),
        "status": label.status,
        "row": None if row is None else row.id,
        "words": label.words,
        "missing": list(label.missing),
        "source": None if row is None else row.citation.source,
        "at": None if row is None else row.citation.at,
        "row_status": None if row is None else row.citation.status,
        "review": None if row is None else row.review or None,
        "events": [event.words for event in label.events],
    }


def evidence_json(one: Evidence) -> dict[str, Any]:
    """Give one printed result, and whether the child is like those it came from."""
    row, fit = one.row, one.applies
    return {
        **evidence_row_json(row),
        "population": {"id": fit.population.id, "words": fit.population.words},
        "applies": fit.status,
        "by": list(fit.by),
        "missing": list(fit.missing),
    }


def evidence_row_json(row: EvidenceRow) -> dict[str, Any]:
    """Give one printed result; what the source does not print is null."""
    effect, p = row.effect, row.p
    return {
        "id": row.id,
        "trial": row.trial,
        "design": row.design,
        "phase": row.phase or None,
        "endpoint": row.endpoint,
        "endpoint_words": row.endpoint_words or None,
        "time_months": row.time_months,
        "denominator": row.denominator,
        "arms": [_arm(arm) for arm in row.arms],
        "effect": None
        if effect is None
        else {
            "measure": effect.measure,
            "numerator": effect.numerator,
            "denominator": effect.denominator,
            "estimate": effect.estimate,
            "interval": None if effect.interval is None else list(effect.interval),
            "level": effect.level,
            "printed": effect.printed or None,
        },
        "p": None if p is None else {"value": p.value, "sided": p.sided, "comparison": p.comparison},
        "assay": row.assay or None,
        "mrd_threshold_fraction": row.mrd_threshold_fraction,
        "data_cutoff": row.data_cutoff or None,
        "notes": list(row.notes),
        "read_in": row.read_in,
        **_cite(row.citation),
    }


def _arm(arm: Arm) -> dict[str, Any]:
    interval, median = arm.interval_pct, arm.median_interval
    return {
        "arm": arm.arm,
        "n": arm.n,
        "events": arm.events,
        "estimate_pct": arm.estimate_pct,
        "se_pct": arm.se_pct,
        "interval_pct": None if interval is None else list(interval),
        "level": arm.level,
        "median_months": arm.median_months,
        "median_interval": None if median is None else list(median),
    }


def _ledger(ledger: Ledger) -> dict[str, Any]:
    return {
        "exposures": [{"agent": e.agent, "cumulative_mg_m2": e.cumulative_mg_m2} for e in ledger.exposures],
        "unit": "mg/m² doxorubicin equivalents",
        "totals": [_total(total, ledger) for total in ledger.totals],
        "other_drugs": list(ledger.other_drugs),
        "not_recognised": list(ledger.not_recognised),
    }


def _total(total: Total, ledger: Ledger) -> dict[str, Any]:
    computable = total.low is not None
    return {
        "factor_set": total.factor_set.id,
        "title": total.factor_set.title,
        "status": "computed" if computable else "not computable",
        "total_mg_m2": total.low if total.low == total.high else None,
        "range_mg_m2": [total.low, total.high] if computable else None,
        "words": total.words,
        "no_factor_for": list(total.not_computable),
        "limits": [{"id": limit.id, "mg_m2": limit.mg_m2, "answer": total.against(limit)} for limit in ledger.limits],
        **_cite(total.factor_set.citation),
    }


def _trial(answer: TrialAnswer) -> dict[str, Any]:
    trial = answer.trial
    return {
        "id": trial.id,
        "nct": trial.nct,
        "acronym": trial.acronym,
        "title": trial.title,
        "phase": trial.phase,
        "status": trial.status,
        "status_as_of": trial.status_as_of,
        "match": answer.match,
        "decided_by": [j.criterion.words for j in answer.deciding] if answer.match != "yes" else [],
        "because": [
            {
                "criterion": j.criterion.id,
                "verdict": j.verdict,
                "words": j.criterion.words,
                "genomic": j.criterion.genomic,
                "facts": dict(j.facts),
                **_cite(j.criterion.citation),
            }
            for j in answer.because
        ],
        "missing": list(answer.missing),
        "arms": [{"id": a.arm.id, "words": a.arm.words, "match": a.match} for a in answer.arms],
        "check_by_hand": list(trial.by_hand),
        **_cite(trial.citation),
    }


def _study(answer: StudyAnswer) -> dict[str, Any]:
    study = answer.study
    return {
        "nct": study.nct,
        "title": study.title,
        "status": study.status,
        "status_as_of": study.status_as_of,
        "conditions": list(study.conditions),
        "sites": list(study.sites),
        "match_by_age_and_sex": answer.match,
        "because": dict(answer.because),
        "check_by_hand": answer.by_hand,
    }


def _ctml(answer: CtmlAnswer) -> dict[str, Any]:
    return {
        "protocol": answer.protocol,
        "nct": answer.nct,
        "title": answer.title,
        "arms": [
            {
                "code": arm.code,
                "description": arm.description,
                "suspended": arm.suspended,
                "match": arm.match,
                "because": [
                    {"field": c.field, "value": c.value, "verdict": c.verdict, "check_by_hand": not c.read}
                    for c in arm.clauses
                ],
            }
            for arm in answer.arms
        ],
    }
