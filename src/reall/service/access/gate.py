"""The gate in front of every route: names the operation, and lets in whose role allows it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from reall.service.access.form_token import TOKEN_FIELD, TOKEN_HEADER
from reall.service.access.operations import NOBODY, Operation, Principal
from reall.service.access.refusal import Refused
from reall.service.access.sessions import Session
from reall.service.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _principal(request: Request) -> Principal:
    """Say who asks, as `Identify` found out; nobody where nothing was found."""
    found: Principal = getattr(request.state, "principal", NOBODY)
    return found


PrincipalOf = Annotated[Principal, Depends(_principal)]
"""Parameter type of a route that needs to know who asks."""


def require(operation: Operation) -> Any:
    """Give the dependency that guards a route: `@router.get("/x", dependencies=[require(Operation.ASK)])`."""

    async def gate(request: Request) -> None:
        check_role(_principal(request), operation)
        await _check_form(request)

    guard: Callable[[Request], Any] = gate
    guard.operation = operation  # type: ignore[attr-defined]
    return Depends(guard)


def check_role(principal: Principal, operation: Operation) -> None:
    """Refuse, with `Refused`, an operation that no role of the account allows."""
    if principal.may(operation):
        return
    if principal is NOBODY:
        raise sign_in_needed()
    raise Refused(
        status=403,
        code="reall/not-allowed",
        what=f"this account has no role that may {operation.value}",
        next="Ask who manages the roles of your site.",
    )


def sign_in_needed() -> Refused:
    """Say that nobody is known to be asking."""
    return Refused(
        status=401,
        code="reall/sign-in-needed",
        what="sign-in is needed",
        next="Sign in, or send an access token.",
        headers={"WWW-Authenticate": "Bearer"},
    )


async def _check_form(request: Request) -> None:
    """Refuse a change that a session's cookie alone asks for: another site could have made the browser send it."""
    if request.method in _SAFE:
        return
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS
    if is_form:
        request.state.close = request.close  # the uploaded files, whoever reads the form; `Size` calls it
    session: Session | None = getattr(request.state, "session", None)
    if session is None:
        return
    given: Any = request.headers.get(TOKEN_HEADER)
    if given is None and is_form:
        given = (await request.form(**form_limits(request.app.state.settings))).get(TOKEN_FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), session.form_token.encode()):
        raise Refused(
            status=403,
            code="reall/foreign-form",
            what="this form was not made for your session",
            next="Open the page again and send it once more.",
        )


def form_limits(settings: Settings) -> Any:
    """Give the limits under which every form is read."""
    limits = settings.limits
    return {
        "max_files": limits.upload_files,
        "max_fields": limits.form_fields,
        "max_part_size": limits.body_bytes,
    }
