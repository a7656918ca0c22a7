"""What the store hands out: frozen records, and the closed list of actions that the audit log knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class CaseState(StrEnum):
    """Whether a version of a case is a document or its withdrawal."""

    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """Everything that the audit log can say; a log of free text could hold a patient's value."""

    STORE_CREATED = "store.created"
    STORE_MIGRATED = "store.migrated"
    STORE_BACKED_UP = "store.backed_up"
    STORE_RESTORED = "store.restored"
    KNOWLEDGE_KEPT = "knowledge.kept"
    CASE_SAVED = "case.saved"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_READ = "case.read"
    CASE_LISTED = "case.listed"
    CASE_EXPORTED = "case.exported"
    CASE_ERASED = "case.erased"
    ASSESSMENT_KEPT = "assessment.kept"
    ASSESSMENT_READ = "assessment.read"
    ASSESSMENT_RERUN = "assessment.rerun"
    DECISION_RECORDED = "decision.recorded"
    DECISION_AMENDED = "decision.amended"
    DECISION_READ = "decision.read"
    REPORT_PRINTED = "report.printed"
    AUDIT_READ = "audit.read"
    AUDIT_VERIFIED = "audit.verified"
    SESSION_OPENED = "session.opened"
    SESSION_CLOSED = "session.closed"
    SESSION_REFUSED = "session.refused"
    ACCESS_REFUSED = "access.refused"
    FEEDBACK_GIVEN = "feedback.given"


class Detail(StrEnum):
    """The only keys that a detail of an audit entry may have; each holds a code, a number, an id or a hash."""

    VERSION = "version"
    CASE = "case"
    CASE_VERSION = "case_version"
    ASSESSMENT = "assessment"
    KNOWLEDGE = "knowledge"
    SEAL = "seal"
    PROGRAM = "program"
    REVISION = "revision"
    FILE = "file"
    HEAD = "head"
    IDENTICAL = "identical"
    REASON = "reason"
    ROLE = "role"
    OPERATION = "operation"
    FORMAT = "format"


@dataclass(frozen=True, kw_only=True)
class CaseVersion:
    """One version of a case, as it was saved; the document of a withdrawal is empty.

    `document` is the case file (`reall.case/1`, YAML or JSON) exactly as given; `name` its pseudonym, empty if it
    has none. `seal` is a salted SHA-256 of the document, also written into the audit log. `at` is in UTC.
    """

    case_id: str
    version: int
    state: CaseState
    name: str
    document: str
    seal: str
    at: dt.datetime
    by: str
    audit_seq: int


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """The newest version of a case, without its document, for lists."""

    case_id: str
    version: int
    state: CaseState
    name: str
    at: dt.datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class AnswerTerms:
    """What, beside case and knowledge, an assessment depends on.

    `on` and `country` choose the labels of its options; `systems` restricts it (empty: all); `name` is used where
    the document gives no pseudonym.
    """

    on: dt.date
    country: str
    systems: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class KeptAssessment:
    """An assessment as it was shown: the JSON bytes, and everything needed to give it again."""

    assessment_id: str
    case_id: str
    case_version: int
    terms: AnswerTerms
    knowledge_version: str
    knowledge_fingerprint: str
    program_version: str
    content: bytes
    seal: str
    at: dt.datetime
    by: str
    audit_seq: int


def in_words(places: Sequence[str], most: int = 5) -> str:
    """List the places where two documents differ, the first few by name.

    >>> in_words([]), in_words(["/a", "/b"], most=1)
    ('the written form only', '/a and 1 more')
    """
    more = f" and {len(places) - most} more" if len(places) > most else ""
    return (", ".join(places[:most]) or "the written form only") + more


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """A kept assessment, given again under its own knowledge.

    `differences` are the places (JSON pointers, never values) where the two differ; the version of the program is
    part of an assessment, so that an answer given by another version can be the same without being identical.
    """

    kept: KeptAssessment
    again: bytes
    program_version: str
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether the answer is the same, byte for byte."""
        return self.again == self.kept.content

    @property
    def same_answers(self) -> bool:
        """Whether nothing differs but the version of the program."""
        return self.identical or self.differences == ("/reall_version",)

    @property
    def in_words(self) -> str:
        """One sentence that says what came out, and claims no more."""
        kept_by, now = self.kept.program_version, self.program_version
        by = f"It was given by ReALL {kept_by}; this is ReALL {now}."
        if self.identical:
            return "Given again under its own knowledge: the same, byte for byte."
        if self.same_answers:
            return f"Given again under its own knowledge: every answer is the same; only the program differs. {by}"
        return f"NOT the same under its own knowledge. Different: {in_words(self.differences)}. {by}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One version of what a board decided: who took part, on which day, what, and what follows."""

    decision_id: str
    version: int
    case_id: str
    case_version: int
    assessment_id: str | None
    who: str
    decided_on: dt.date
    what: str
    follow_up: str
    seal: str
    at: dt.datetime
    by: str
    audit_seq: int


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One entry of the log: `hash` is the SHA-256 over `previous` and the entry's canonical text."""

    seq: int
    at: str
    action: str
    by: str
    target: str
    detail: Mapping[str, str]
    previous: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class AuditHead:
    """The newest entry's number and hash. Whoever holds it can later prove that nothing before it was changed."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """Write it as it is printed: number and whole hash."""
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """What a verification of the log found; no faults means that the chain holds."""

    entries: int
    head: AuditHead
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a check of the whole store found."""

    revision: str
    counts: Mapping[str, int]
    audit: AuditReport
    faults: tuple[str, ...]
