"""The gate in front of every route: names the operation, and lets in whose role allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from reall.service.access.operations import LOCAL, Operation, Principal


def _principal(request: Request) -> Principal:
    """Say who asks. Until an identity provider is configured, the service serves this computer's own user."""
    found: Principal = getattr(request.state, "principal", LOCAL)
    return found


PrincipalOf = Annotated[Principal, Depends(_principal)]
"""Parameter type of a route that needs to know who asks."""


def require(operation: Operation) -> Any:
    """Give the dependency that guards a route: `@router.get("/x", dependencies=[require(Operation.ASK)])`."""

    def gate(principal: PrincipalOf) -> None:
        if not principal.may(operation):
            raise HTTPException(403, f"this account may not {operation.value}")

    guard: Callable[[Principal], None] = gate
    guard.operation = operation  # type: ignore[attr-defined]
    return Depends(guard)
