"""The store of the service: cases, assessments and board decisions with all their versions, and an audit log.

Nothing is overwritten and nothing is deleted. Each write is one transaction together with its audit entry, and has
reached the disk when the call returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from reall import __version__
from reall.base.errors import ReallError
from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.service.store import assessments, audit, cases, checking, decisions, kept_knowledge, replay, sealing
from reall.service.store.backup import Backup, make_backup
from reall.service.store.engine import file_of, make_file, open_engine, reading, shown, store_url, writing
from reall.service.store.errors import StoreFull, StoreUnreachable, StoreUnwritable
from reall.service.store.migrate import must_be_current, revision_of, upgrade
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

ITSELF = "reall"
"""Who acts where no user does."""


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the store at `url` (`sqlite:///FILE`, a plain path, or `postgresql+pg8000://…`); make it if it is empty.

    Raises `StoreUnreachable` (also where `create` is False and there is none), `StoreUnwritable`, `StoreDamaged`, and
    `StoreVersion` when its tables are older (`reall store migrate`) or newer than this program.
    """
    address = store_url(url)
    path = file_of(address)
    if path is not None and not path.exists():
        if not create:
            raise no_store(shown(address))
        make_file(path)
    engine = open_engine(address)
    try:
        with reading(engine) as connection:
            revision = revision_of(connection)
        if revision is not None:
            must_be_current(revision)
        elif create:
            migrate(engine, by=ITSELF)
        else:
            raise no_store(shown(address))
    except ReallError:
        engine.dispose()
        raise
    return Store(engine)


def migrate(engine: Engine, *, by: str) -> tuple[str | None, str]:
    """Make the tables, or bring them to this program's version, in one transaction; give the revision before and after.

    Raises `StoreVersion` when they are newer than this program.
    """
    with writing(engine) as connection:
        before, after = upgrade(connection)
        if before is None:
            audit.append(connection, Action.STORE_CREATED, by=by, target=sealing.new_id("store"))
        elif before != after:
            audit.append(connection, Action.STORE_MIGRATED, by=by, detail={Detail.REVISION: after})
    return before, after


def migrate_store(url: str, *, by: str) -> tuple[str | None, str]:
    """Do the same for the store at an address. Raises `StoreUnreachable` when there is none."""
    address = store_url(url)
    path = file_of(address)
    if path is not None and not path.exists():
        raise no_store(shown(address))
    engine = open_engine(address)
    try:
        with reading(engine) as connection:
            if revision_of(connection) is None:
                raise no_store(shown(address))
        return migrate(engine, by=by)
    finally:
        engine.dispose()


def no_store(where: str) -> StoreUnreachable:
    """Say that there is no store."""
    return StoreUnreachable("there is no store", where=where, next="Check the address; `reall serve` makes a store.")


class Store:
    """An open store; safe to share between threads. Every `by` names the acting user, never a patient."""

    def __init__(self, engine: Engine) -> None:
        """Work with a database whose tables are current; use `open_store`."""
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def save_case(self, case_id: str | None, document: str, *, by: str, expected: int | None = None) -> CaseVersion:
        """Keep a case file as a new case (`case_id` None) or as the next version of one.

        `expected` is the version that the change was made from; `SavedMeanwhile` if that is no longer the newest.
        """
        content = cases.read(document)
        with writing(self._engine) as connection:
            return cases.save(connection, case_id, content, by=by, expected=expected)

    def withdraw_case(self, case_id: str, *, by: str, expected: int) -> CaseVersion:
        """Mark a case as withdrawn, by a new version without document; older versions stay readable."""
        with writing(self._engine) as connection:
            return cases.save(connection, case_id, cases.WITHDRAWN, by=by, expected=expected)

    def case(self, case_id: str, version: int | None = None) -> CaseVersion:
        """Give one version of a case, by default the newest. Raises `NotInStore`."""
        with reading(self._engine) as connection:
            return cases.find(connection, case_id, version)

    def history(self, case_id: str) -> tuple[CaseVersion, ...]:
        """Give all versions of a case, the oldest first. Raises `NotInStore`."""
        with reading(self._engine) as connection:
            return cases.history(connection, case_id)

    def cases(self, *, state: CaseState | None = CaseState.KEPT) -> tuple[CaseSummary, ...]:
        """List the cases by their newest version, the latest change first; `state` None lists withdrawn ones too."""
        with reading(self._engine) as connection:
            return cases.summaries(connection, state)

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
        """Keep an assessment of a case version: the bytes of `reall.assessment/1` that were shown (`replay.answer`).

        The files of `knowledge`, which lie below `root`, are kept with the first assessment under them. Raises
        `NotKeepable` when case version, knowledge and terms do not give these very bytes.
        """
        made = assessments.shown(content, knowledge, terms)
        with reading(self._engine) as connection:
            assessed = cases.find(connection, case_id, version)
            known = kept_knowledge.is_kept(connection, knowledge.fingerprint)
        replay.must_give(content, assessed, knowledge, terms)
        packed = b"" if known else kept_knowledge.pack(root, knowledge)
        with writing(self._engine) as connection:
            return assessments.keep(connection, case_id, version, made, packed_knowledge=packed, by=by)

    def assessment(self, assessment_id: str) -> KeptAssessment:
        """Give one kept assessment. Raises `NotInStore`."""
        with reading(self._engine) as connection:
            return assessments.find(connection, assessment_id)

    def assessments(self, case_id: str) -> tuple[KeptAssessment, ...]:
        """Give the kept assessments of a case, the oldest first."""
        with reading(self._engine) as connection:
            return assessments.of_case(connection, case_id)

    def rerun(self, assessment_id: str, *, by: str) -> Rerun:
        """Give a kept assessment again, from its case version and under its kept knowledge, and compare."""
        with reading(self._engine) as connection:
            kept = assessments.find(connection, assessment_id)
            document = cases.find(connection, kept.case_id, kept.case_version).document
            packed = kept_knowledge.packed_files(connection, kept.knowledge_fingerprint)
        done = replay.rerun(kept, document, kept_knowledge.reopen(kept.knowledge_fingerprint, packed))
        detail = {Detail.IDENTICAL: "yes" if done.identical else "no", Detail.PROGRAM: __version__}
        self.record(Action.ASSESSMENT_RERUN, by=by, target=assessment_id, detail=detail)
        return done

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
        about = decisions.About(case_id=case_id, case_version=case_version, assessment_id=assessment_id)
        content = decisions.Content(who=who, decided_on=when, what=what, follow_up=follow_up)
        with writing(self._engine) as connection:
            return decisions.record(connection, about, content, by=by)

    def amend_decision(
        self, decision_id: str, *, who: str, when: dt.date, what: str, follow_up: str = "", expected: int, by: str
    ) -> Decision:
        """Record a correction or a follow-up as the next version of a decision; the older ones stay."""
        content = decisions.Content(who=who, decided_on=when, what=what, follow_up=follow_up)
        with writing(self._engine) as connection:
            return decisions.amend(connection, decision_id, content, expected=expected, by=by)

    def decision(self, decision_id: str, version: int | None = None) -> Decision:
        """Give one version of a decision, by default the newest. Raises `NotInStore`."""
        with reading(self._engine) as connection:
            return decisions.find(connection, decision_id, version)

    def decision_history(self, decision_id: str) -> tuple[Decision, ...]:
        """Give all versions of a decision, the oldest first. Raises `NotInStore`."""
        with reading(self._engine) as connection:
            return decisions.history(connection, decision_id)

    def decisions(self, case_id: str) -> tuple[Decision, ...]:
        """Give the newest version of each decision on a case, in the order in which they were first recorded."""
        with reading(self._engine) as connection:
            return decisions.of_case(connection, case_id)

    def record(
        self, action: Action, *, by: str, target: str = "", detail: Mapping[Detail, str | int] | None = None
    ) -> AuditEntry:
        """Write an action into the audit log: codes, ids and hashes only, never a value of a patient."""
        with writing(self._engine) as connection:
            return audit.append(connection, action, by=by, target=target, detail=detail)

    def audit_head(self) -> AuditHead:
        """Give the newest entry's number and hash, to be printed on reports."""
        with reading(self._engine) as connection:
            return audit.head(connection)

    def audit_entries(
        self, *, after: int = 0, limit: int | None = None, target: str | None = None
    ) -> Iterator[AuditEntry]:
        """Give the entries after number `after`, in order; with `target` only those about one record."""
        with reading(self._engine) as connection:
            yield from audit.entries(connection, after=after, limit=limit, target=target)

    def verify_audit(self, head: str | None = None) -> AuditReport:
        """Recompute the chain; with a `head` printed earlier, also prove that it is still part of it."""
        with reading(self._engine) as connection:
            return audit.verify(connection, head)

    def check(self, head: str | None = None) -> CheckReport:
        """Check everything: the database itself, its guards, the chain, and every record against its audit entry."""
        with reading(self._engine) as connection:
            return checking.check(connection, head)

    def backup(self, file: Path, *, by: str) -> Backup:
        """Write the whole store into a new file, as it is at one moment, and say so in the log.

        A store that takes no more entries (a full disk) is backed up all the same. Raises `WrongUsage` when the file
        is already there.
        """
        with suppress(StoreFull, StoreUnwritable):
            self.record(Action.STORE_BACKED_UP, by=by)
        return make_backup(self._engine, file)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()
