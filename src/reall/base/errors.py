"""Errors a user can act on: what is wrong, where, why it matters, what to do next.

The exit code belongs to the kind of error, so that the command line, the Python interface and the web service
answer alike. Messages name files, rows and fields; they never go into a log, because they may quote a patient's value.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every `reall` command (design, section 3)."""

    DONE = 0
    WRONG_USAGE = 2
    UNUSABLE_CASE = 10
    INVALID_KNOWLEDGE = 11
    UNUSABLE_LABORATORY_DATA = 12


class ReallError(Exception):
    """The base of every error that ReALL raises on purpose."""

    exit_code = ExitCode.WRONG_USAGE
    code = "reall/error"

    def __init__(self, what: str, *, where: str = "", why: str = "", next: str = "") -> None:  # noqa: A002
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.next = next

    def __str__(self) -> str:
        """Read as one paragraph of sentences: place, problem, reason, repair.

        >>> str(WrongUsage("there is no system 'X'", where="--system", next="Did you mean 'Y'?"))
        "--system: there is no system 'X'. Did you mean 'Y'?"
        """
        head = f"{self.where}: {self.what}" if self.where else self.what
        return " ".join(part if part[-1] in ".?!" else f"{part}." for part in (head, self.why, self.next) if part)

    def to_json(self) -> dict[str, str]:
        """Give the parts by name, for `--json` and the web service."""
        return {"code": self.code, "what": self.what, "where": self.where, "why": self.why, "next": self.next}


class WrongUsage(ReallError):
    """The command was called in a way that it cannot serve."""

    code = "reall/wrong-usage"


class UnusableCase(ReallError):
    """A case or a registry row cannot be used as it stands."""

    exit_code = ExitCode.UNUSABLE_CASE
    code = "reall/unusable-case"


class InvalidKnowledge(ReallError):
    """A file of the knowledge breaks its schema, its types or one of the proofs."""

    exit_code = ExitCode.INVALID_KNOWLEDGE
    code = "reall/invalid-knowledge"


class UnusableLaboratoryData(ReallError):
    """Raw laboratory data (qPCR, dPCR, NGS, flow, read counts) cannot be used."""

    exit_code = ExitCode.UNUSABLE_LABORATORY_DATA
    code = "reall/unusable-laboratory-data"
