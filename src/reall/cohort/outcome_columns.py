"""The outcome columns of a registry table: what became of the child after the relapse of the row.

Every time counts from the relapse of its row, in days, or in years of 365.25 days. None of these columns is a fact:
no rule may name what lies after the decision that the rule is for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS_PER_YEAR = 365.25

NONE = "none"
NO_REMISSION = "no_remission"
RELAPSE = "relapse"
DEATH = "death"
SECOND_MALIGNANCY = "second_malignancy"
EVENTS = (NO_REMISSION, RELAPSE, DEATH, SECOND_MALIGNANCY)
"""What ends event-free survival. `death` is death as the first event: in remission, or before one was reached."""


@dataclass(frozen=True, kw_only=True)
class OutcomeColumn:
    """One column: its name, what it answers, `kind` (`number`, `yes_no` or `category`), unit, allowed answers."""

    name: str
    question: str
    kind: str
    unit: str = ""
    answers: tuple[str, ...] = ()


def _time(stem: str, question: str) -> tuple[OutcomeColumn, OutcomeColumn]:
    return (
        OutcomeColumn(name=f"{stem}_days", question=question, kind="number", unit="days"),
        OutcomeColumn(name=f"{stem}_years", question=question, kind="number", unit="years"),
    )


OVERALL, EVENT_FREE = "overall_survival", "event_free_survival"
DIED, EVENT = "death", "event_type"
REMISSION, REMISSION_TIME = "remission_after_relapse", "remission"
TRANSPLANT, TRANSPLANT_TIME = "transplant_in_this_remission", "transplant"

OUTCOME_COLUMNS: dict[str, OutcomeColumn] = {
    column.name: column
    for column in (
        *_time(OVERALL, "How long after this relapse did the child die, or was last known to be alive?"),
        OutcomeColumn(name=DIED, question="Did the child die?", kind="yes_no"),
        *_time(EVENT_FREE, "How long after this relapse did the first event come, or was the child last seen without?"),
        OutcomeColumn(
            name=EVENT,
            question="Which event came first after this relapse?",
            kind="category",
            answers=(NONE, *EVENTS),
        ),
        OutcomeColumn(name=REMISSION, question="Was a remission reached after this relapse?", kind="yes_no"),
        *_time(REMISSION_TIME, "How long after this relapse was remission reached?"),
        OutcomeColumn(name=TRANSPLANT, question="Was the child transplanted in this remission?", kind="yes_no"),
        *_time(TRANSPLANT_TIME, "How long after this relapse was the transplant?"),
    )
}
"""The columns by name. Beside them: `mrd_<time point>_days`, the day of the sample (see `sample_day`)."""

_SAMPLE_DAY = re.compile(r"mrd_(.+)_days")


def sample_day(timepoint: str) -> str:
    """Name the column that holds the day, after this relapse, of the MRD sample at a time point.

    >>> sample_day("end_of_reinduction_block1")
    'mrd_end_of_reinduction_block1_days'
    """
    return f"mrd_{timepoint}_days"


def is_outcome(column: str) -> bool:
    """Tell whether a column of a table is an outcome, or the day of an MRD sample.

    >>> is_outcome("death"), is_outcome("mrd_end_of_consolidation_days"), is_outcome("lineage")
    (True, True, False)
    """
    return column in OUTCOME_COLUMNS or _SAMPLE_DAY.fullmatch(column) is not None
