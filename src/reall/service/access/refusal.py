"""That the service says no, and why. How it is said is in `refusing`."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException


class Refused(HTTPException):
    """A request is not answered. Its words never quote the request, for they may reach a log or another person."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        what: str,
        next: str = "",  # noqa: A002
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, what, dict(headers or {}))
        self.code = code
        self.what = what
        self.next = next
