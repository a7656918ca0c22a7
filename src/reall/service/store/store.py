"""The store of the service: cases, assessments and board decisions with all their versions, and an audit log.

Nothing is overwritten and nothing is deleted. Each write is one transaction together with its audit entry, and has
reached the disk when the call returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.service.store.records import (
    Action,
    AnswerTerms,
    AuditEntry,
    AuditHead,
    AuditReport,
    CaseState,
    CaseSummary,
    CaseVersion,
    CheckReport,
    Decision,
    Detail,
    KeptAssessment,
    Rerun,
)


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the store at `url` (`sqlite:///FILE`, a plain path, or `postgresql+pg8000://…`); make it if it is empty.

    Raises `StoreUnreachable`, `StoreUnwritable`, `StoreDamaged`, and `StoreVersion` when its tables are older
    (`reall store migrate`) or newer than this program.
    """
    raise NotImplementedError


class Store:
    """An open store; safe to share between threads. Every `by` names the acting user, never a patient."""

    def save_case(self, case_id: str | None, document: str, *, by: str, expected: int | None = None) -> CaseVersion:
        """Keep a case file as a new case (`case_id` None) or as the next version of one.

        `expected` is the version that the change was made from; `SavedMeanwhile` if that is no longer the newest.
        """
        raise NotImplementedError

    def withdraw_case(self, case_id: str, *, by: str, expected: int) -> CaseVersion:
        """Mark a case as withdrawn, by a new version without document; older versions stay readable."""
        raise NotImplementedError

    def case(self, case_id: str, version: int | None = None) -> CaseVersion:
        """Give one version of a case, by default the newest. Raises `NotInStore`."""
        raise NotImplementedError

    def history(self, case_id: str) -> tuple[CaseVersion, ...]:
        """Give all versions of a case, the oldest first. Raises `NotInStore`."""
        raise NotImplementedError

    def cases(self, *, state: CaseState | None = CaseState.KEPT) -> tuple[CaseSummary, ...]:
        """List the cases by their newest version, the latest change first; `state` None lists withdrawn ones too."""
        raise NotImplementedError

    def keep_assessment(
        self,
        case_id: str,
        version: int,
        content: bytes,
        knowledge: Knowledge,
        *,
        terms: AnswerTerms,
        by: str,
        root: Path = PACKAGED,
    ) -> KeptAssessment:
        """Keep an assessment (`reall.assessment/1` as `report.to_json.dumps` writes it, UTF-8) of a case version.

        The files of `knowledge`, which lie below `root`, are kept with the first assessment under them.
        """
        raise NotImplementedError

    def assessment(self, assessment_id: str) -> KeptAssessment:
        """Give one kept assessment. Raises `NotInStore`."""
        raise NotImplementedError

    def assessments(self, case_id: str) -> tuple[KeptAssessment, ...]:
        """Give the kept assessments of a case, the oldest first."""
        raise NotImplementedError

    def rerun(self, assessment_id: str, *, by: str) -> Rerun:
        """Give a kept assessment again, from its case version and under its kept knowledge, and compare."""
        raise NotImplementedError

    def record_decision(
        self,
        case_id: str,
        *,
        who: str,
        when: dt.date,
        what: str,
        follow_up: str = "",
        case_version: int,
        assessment_id: str | None = None,
        by: str,
    ) -> Decision:
        """Record what a board decided on one version of a case."""
        raise NotImplementedError

    def amend_decision(
        self, decision_id: str, *, who: str, when: dt.date, what: str, follow_up: str = "", expected: int, by: str
    ) -> Decision:
        """Record a correction or a follow-up as the next version of a decision; the older ones stay."""
        raise NotImplementedError

    def decision(self, decision_id: str, version: int | None = None) -> Decision:
        """Give one version of a decision, by default the newest. Raises `NotInStore`."""
        raise NotImplementedError

    def decision_history(self, decision_id: str) -> tuple[Decision, ...]:
        """Give all versions of a decision, the oldest first. Raises `NotInStore`."""
        raise NotImplementedError

    def decisions(self, case_id: str) -> tuple[Decision, ...]:
        """Give the newest version of each decision on a case, in the order in which they were first recorded."""
        raise NotImplementedError

    def record(
        self, action: Action, *, by: str, target: str = "", detail: Mapping[Detail, str | int] | None = None
    ) -> AuditEntry:
        """Write an action into the audit log: codes, ids and hashes only, never a value of a patient."""
        raise NotImplementedError

    def audit_head(self) -> AuditHead:
        """Give the newest entry's number and hash, to be printed on reports."""
        raise NotImplementedError

    def audit_entries(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditEntry]:
        """Give the entries after number `after`, in order."""
        raise NotImplementedError

    def verify_audit(self, head: str | None = None) -> AuditReport:
        """Recompute the chain; with a `head` printed earlier, also prove that it is still part of it."""
        raise NotImplementedError

    def check(self) -> CheckReport:
        """Check everything: the database itself, its guards, the chain, and every record against its audit entry."""
        raise NotImplementedError

    def close(self) -> None:
        """Give back all connections."""
        raise NotImplementedError
