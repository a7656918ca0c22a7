"""Operations and roles, and which role may do which operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here."""

    READER = "reader"
    EDITOR = "editor"
    CURATOR = "curator"
    AUDITOR = "auditor"


class Operation(StrEnum):
    """What can be done through the service."""

    ASK = "ask"
    """Assess, list options, quantify and tell without keeping anything."""
    READ_KNOWLEDGE = "read knowledge"
    READ_FAMILY_PAGES = "read family pages"
    READ_CASES = "read cases"
    WRITE_CASES = "write cases"
    RECORD_DECISIONS = "record decisions"
    COMPARE_KNOWLEDGE = "compare knowledge"
    READ_AUDIT = "read audit"
    ANSWER_HOOKS = "answer hooks"
    """Give cards to a record system (CDS Hooks). No role of a person allows it."""
    OPEN = "open"
    """Open to everybody, signed in or not: sign-in itself, health, static files."""


_READER = {Operation.ASK, Operation.READ_KNOWLEDGE, Operation.READ_FAMILY_PAGES, Operation.READ_CASES}

MAY: dict[Role, frozenset[Operation]] = {
    Role.READER: frozenset(_READER),
    Role.EDITOR: frozenset(_READER | {Operation.WRITE_CASES, Operation.RECORD_DECISIONS}),
    Role.CURATOR: frozenset({Operation.READ_KNOWLEDGE, Operation.READ_FAMILY_PAGES, Operation.COMPARE_KNOWLEDGE}),
    Role.AUDITOR: frozenset({Operation.READ_KNOWLEDGE, Operation.READ_FAMILY_PAGES, Operation.READ_AUDIT}),
}


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who is asking. `id` is a pseudonym of the identity provider, never a name."""

    id: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    operations: frozenset[Operation] = field(default_factory=frozenset)
    """What is allowed besides the roles: a record system has none."""

    def may(self, operation: Operation) -> bool:
        """Tell whether one of the roles, or what the account is, allows the operation."""
        allowed = operation is Operation.OPEN or operation in self.operations
        return allowed or any(operation in MAY[role] for role in self.roles)


LOCAL = Principal(id="local", roles=frozenset(Role), operations=frozenset(Operation))
"""The one user of a service that listens on this computer only and has no identity provider."""

NOBODY = Principal(id="nobody")
"""Somebody who has not signed in."""
