"""Which trials may a child enter? Yes, no or undetermined, with the criterion; nothing matches by absence.

A child without sequencing is undetermined on a genomic criterion: it is neither matched nor dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reall.facts.case import Case
from reall.library.knowledge import Knowledge
from reall.library.therapy import arm_question
from reall.library.therapy_rows import Criterion, Trial, TrialArm
from reall.options.lookup import NO, UNKNOWN, YES, Lookup
from reall.rules.settle import open_facts
from reall.rules.table import Compiled

MATCH = {YES: "yes", NO: "no", UNKNOWN: "undetermined"}


@dataclass(frozen=True, kw_only=True)
class TrialCriterion:
    """One criterion of a trial and what it says of this child."""

    criterion: Criterion
    verdict: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ArmAnswer:
    """One arm: its own criteria beside those of the trial."""

    arm: TrialArm
    match: str
    because: tuple[TrialCriterion, ...]


@dataclass(frozen=True, kw_only=True)
class TrialAnswer:
    """One trial for one child. `match` is yes, no or undetermined; `by_hand` is what a person has to check."""

    trial: Trial
    match: str
    because: tuple[TrialCriterion, ...]
    missing: tuple[str, ...]
    arms: tuple[ArmAnswer, ...]

    @property
    def deciding(self) -> tuple[TrialCriterion, ...]:
        """The criteria that fail; else those that are open; else all."""
        for verdict in (NO, UNKNOWN):
            found = tuple(judged for judged in self.because if judged.verdict == verdict)
            if found:
                return found
        return self.because


def answer_trials(case: Case, masks: Sequence[int], knowledge: Knowledge) -> tuple[TrialAnswer, ...]:
    """Answer every trial of the knowledge for one case, in the order of their names."""
    look = Lookup(knowledge, case, tuple(masks))
    return tuple(_answer(look, knowledge.therapy.trials[id_]) for id_ in sorted(knowledge.therapy.trials))


def _answer(look: Lookup, trial: Trial) -> TrialAnswer:
    base = look.knowledge.base
    compiled = base.compiled[f"trial_{trial.id}"]
    lines = {line.row.id: line for line in compiled.criteria}
    because = tuple(
        TrialCriterion(criterion=c, verdict=look.line(lines[c.id]), facts=look.facts(lines[c.id].facts))
        for c in trial.criteria
    )
    match = together([judged.verdict for judged in because])
    return TrialAnswer(
        trial=trial,
        match=match,
        because=because,
        missing=_missing(look, compiled) if match == MATCH[UNKNOWN] else (),
        arms=tuple(_arm(look, trial, arm, match) for arm in trial.arms),
    )


def _missing(look: Lookup, compiled: Compiled) -> tuple[str, ...]:
    """The open facts on which the criteria rest; others only bear on them through the background."""
    base = look.knowledge.base
    names = open_facts(base, compiled.outcome, look.masks)
    return tuple(name for name in names if base.space.position[name] in compiled.direct)


def _arm(look: Lookup, trial: Trial, arm: TrialArm, of_trial: str) -> ArmAnswer:
    because = tuple(
        TrialCriterion(criterion=c, verdict=look.ask(arm_question(trial.id, arm.id, c.id)), facts={})
        for c in arm.criteria
    )
    own = together([judged.verdict for judged in because])
    order = (MATCH[NO], MATCH[UNKNOWN], MATCH[YES])
    return ArmAnswer(arm=arm, match=min(of_trial, own, key=order.index), because=because)


def together(verdicts: Sequence[str]) -> str:
    """Join the verdicts of criteria that must all hold.

    >>> together(["yes", "unknown"]), together(["unknown", "no"]), together([])
    ('undetermined', 'no', 'yes')
    """
    if NO in verdicts:
        return MATCH[NO]
    return MATCH[UNKNOWN] if UNKNOWN in verdicts else MATCH[YES]
