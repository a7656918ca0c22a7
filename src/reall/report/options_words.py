"""Options in words: one screen for the terminal, and the phrases that the page shares with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from reall.library.knowledge import PublishedOutcome
from reall.library.therapy import ELIGIBLE
from reall.library.therapy_rows import Arm, Effect, EvidenceRow
from reall.options.board import Board
from reall.options.ctml import Clause
from reall.options.eligibility import NOT_ELIGIBLE, PURPOSES, UNDETERMINED, OptionAnswer
from reall.options.labels import NOT_RECORDED, OPEN, LabelAnswer
from reall.options.lookup import UNKNOWN
from reall.report.outcomes import in_order
from reall.report.published import outcome_words
from reall.report.words import fact_name

WIDTH = 100
PERCENT = 100
SHOWN_FACTS, SHOWN_CAUTIONS, SHOWN_OUTCOMES = 5, 2, 6
DISCLAIMER = (
    "For research, education and professionals who can review the basis of each line. Not a medical device; "
    "a list, not a recommendation. Doses are shown as published, never for a child."
)
PURPOSE_WORDS = {
    "reinduction": "Reinduction",
    "consolidation": "Consolidation",
    "maintenance": "Maintenance",
    "cns_therapy": "CNS therapy",
    "radiation": "Local therapy",
    "transplant": "Transplant",
    "targeted": "Targeted drugs",
    "immunotherapy": "Immunotherapy",
    "trial": "Trials and referral",
    "supportive": "Supportive care",
}
STATUS_WORDS = {ELIGIBLE: "criteria fulfilled", UNDETERMINED: "open", NOT_ELIGIBLE: "not eligible"}


def shown(value: Any) -> str:
    """Say the value of a fact: yes or no, a number with at most three digits, or the word itself.

    >>> shown(True), shown(40.290322), shown(1.0), shown("unknown")
    ('yes', '40.3', '1', 'unknown')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, int | float) else str(value)


def why(answer: OptionAnswer) -> str:
    """Say in one phrase what decides: the criteria that fail, or the facts that are missing."""
    if answer.status == NOT_ELIGIBLE:
        needed = "; ".join(judged.criterion.words for judged in answer.deciding)
        return f"needs: {needed}"
    if answer.status == UNDETERMINED:
        fewest = answer.settling_sets[0] if answer.settling_sets else dict.fromkeys(answer.missing)
        return f"missing: {', '.join(fact_name(name) for name in fewest)}"
    return ""


def label_words(label: LabelAnswer | None) -> str:
    """Say the label status with country; nothing where the option is no single drug."""
    if label is None:
        return ""
    missing = f" ({', '.join(fact_name(name) for name in label.missing)}?)" if label.missing else ""
    words = {NOT_RECORDED: "label not read", OPEN: "label open"}.get(label.status, label.status)
    return f"{words}, {label.country}{missing}"


def arm_words(arm: Arm) -> str:
    """Say one arm of a result with n, interval and level, as printed."""
    parts = []
    if arm.estimate_pct is not None:
        parts.append(f"{arm.estimate_pct:g} %")
    if arm.median_months is not None:
        parts.append(f"median {arm.median_months:g} months")
    if arm.se_pct is not None:
        parts.append(f"± {arm.se_pct:g} (SE)")
    interval = arm.interval_pct or arm.median_interval
    if interval is not None and arm.level is not None:
        parts.append(f"({round(PERCENT * arm.level)} % interval {_end(interval[0])} to {_end(interval[1])})")
    if arm.n is not None:
        parts.append(f"n = {arm.n}" if arm.events is None else f"{arm.events} of {arm.n}")
    return f"{arm.arm}: {' '.join(parts) or 'not printed'}"


def _end(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def effect_words(effect: Effect) -> str:
    """Say a ratio with its numerator arm and the level of its interval."""
    text = f"{effect.measure} {effect.estimate:g}, {effect.numerator} over {effect.denominator}"
    if effect.interval is None or effect.level is None:
        return f"{text} (interval not seen)"
    low, high = effect.interval
    return f"{text} ({round(PERCENT * effect.level)} % interval {low:g} to {high:g})"


def endpoint_words(row: EvidenceRow) -> str:
    """Say what was counted, when, and among whom."""
    when = f" at {row.time_months:g} months" if row.time_months is not None else ""
    what = f" ({row.endpoint_words})" if row.endpoint_words else ""
    return f"{row.endpoint.replace('_', ' ')}{when}{what}, among {row.denominator}"


def summary(board: Board, outcomes: Sequence[PublishedOutcome] = ()) -> str:
    """Give the terminal summary: options by purpose, never ranked; what is missing, exposures, trials, outcomes."""
    name = board.case.name or "case without a name"
    lines = [f"{name}: options on {board.on.isoformat()}, labels of {board.country}", ""]
    for purpose in PURPOSES:
        answers = [answer for answer in board.options if answer.option.purpose == purpose]
        lines.append(PURPOSE_WORDS[purpose].upper())
        for status in (ELIGIBLE, UNDETERMINED, NOT_ELIGIBLE):
            lines += _group(status, [answer for answer in answers if answer.status == status])
    lines += _next_facts(board) + _exposures(board) + _trials(board) + _outcomes(outcomes)
    lines += ["", *textwrap.wrap(DISCLAIMER, WIDTH)]
    version = f"knowledge {board.knowledge.version} ({board.knowledge.fingerprint[:8]})"
    return "\n".join([*lines, version]) + "\n"


def _group(status: str, answers: list[OptionAnswer]) -> list[str]:
    if not answers:
        return []
    if status == NOT_ELIGIBLE:
        names = "; ".join(f"{answer.option.title} ({why(answer)})" for answer in answers)
        return _wrapped(f"not eligible: {names}")
    lines: list[str] = []
    for answer in answers:
        extra = [text for text in (label_words(answer.label), why(answer)) if text]
        draft = " [draft]" if answer.knowledge_status == "draft" else ""
        head = f"{STATUS_WORDS[status]}: {answer.option.title}{draft}"
        lines += _wrapped(" - ".join([head, *extra]))
        lines += _cautions(answer)
    return lines


def _cautions(answer: OptionAnswer) -> list[str]:
    certain = [c for c in answer.cautions if c.holds != UNKNOWN and c.note.when]
    lines = [line for c in certain[:SHOWN_CAUTIONS] for line in _wrapped(f"! {c.note.words}", indent=6)]
    if len(certain) > SHOWN_CAUTIONS:
        lines.append(f"      ! {len(certain) - SHOWN_CAUTIONS} more on the page")
    return lines


def _next_facts(board: Board) -> list[str]:
    shown = board.next_facts[:SHOWN_FACTS]
    if not shown:
        return []
    lines = ["", "FACTS THAT WOULD SETTLE MOST"]
    for fact, settles, narrows in shown:
        more = f", narrow {len(narrows)}" if narrows else ""
        lines.append(f"  {fact_name(fact)} would settle {len(settles)}{more}")
    return lines


def _exposures(board: Board) -> list[str]:
    if board.ledger is None:
        return ["", "ANTHRACYCLINES", "  no exposure is recorded: unknown, not zero"]
    lines = ["", "ANTHRACYCLINES (doxorubicin equivalents; the published sets disagree, none is chosen)"]
    lines += [f"  {total.factor_set.title}: {total.words}" for total in board.ledger.totals]
    if board.ledger.not_recognised:
        lines.append(f"  not recognised, not counted: {', '.join(board.ledger.not_recognised)}")
    return lines


def _trials(board: Board) -> list[str]:
    lines = ["", "TRIALS (criteria that a rule can read; the rest has to be checked by hand)"]
    for answer in board.trials:
        by = "" if answer.match == "yes" else ": " + "; ".join(j.criterion.words for j in answer.deciding)
        status = f"{answer.trial.status.replace('_', ' ')}, as of {answer.trial.status_as_of}"
        lines += _wrapped(f"{answer.match} - {answer.trial.acronym} {answer.trial.nct} ({status}){by}")
    lines += [
        line
        for study in board.studies
        for line in _wrapped(f"{study.match} by age and sex - {study.study.nct} ({study.study.status}); text by hand")
    ]
    return lines + [
        line
        for trial in board.ctml
        for arm in trial.arms
        for line in _wrapped(f"{arm.match} - {trial.protocol} arm {arm.code} (CTML){_clauses(arm.clauses, arm.match)}")
    ]


def _outcomes(rows: Sequence[PublishedOutcome]) -> list[str]:
    if not rows:
        return []
    lines = ["", "PUBLISHED OUTCOMES (each cohort alone; groups of the past, not this child)"]
    lines += [line for row in in_order(rows)[:SHOWN_OUTCOMES] for line in _wrapped(outcome_words(row))]
    more = len(rows) - SHOWN_OUTCOMES
    return [*lines, f"  {more} more on the page (--html) and in --json"] if more > 0 else lines


def _clauses(clauses: Iterable[Clause], match: str) -> str:
    wanted = {"no": "no", "undetermined": "unknown"}.get(match)
    named = [f"{c.field} {c.value}" for c in clauses if c.verdict == wanted]
    return f": {'; '.join(named)}" if named else ""


def _wrapped(text: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
