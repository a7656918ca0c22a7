"""Whether the service lives, whether it can answer, and its figures."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from reall.base.errors import ReallError
from reall.service.access.entry import AccessOf
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.access.refusal import Refused
from reall.service.parts import PartsOf
from reall.service.running.metrics import CONTENT_TYPE
from reall.service.store.store import Store

_READY, _NOT_READY = 200, 503
router = APIRouter(include_in_schema=False)


@router.get("/healthz", dependencies=[require(Operation.OPEN)])
async def lives() -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"alive": True})


@router.get("/readyz", dependencies=[require(Operation.OPEN)])
async def is_ready(parts: PartsOf) -> JSONResponse:
    """Say which parts can be used; 503 when one cannot."""
    ready = {"knowledge": True}  # there is no service without it
    if parts.store is not None:
        ready["store"] = await run_in_threadpool(_answers, parts.store)
    return JSONResponse({"ready": all(ready.values()), "parts": ready}, _READY if all(ready.values()) else _NOT_READY)


def _answers(store: Store) -> bool:
    """Read something small; tables of another version are refused when the store is opened."""
    try:
        store.audit_head()
    except ReallError:
        return False
    return True


@router.get("/metrics", dependencies=[require(Operation.OPEN)])
async def metrics(request: Request, access: AccessOf) -> Response:
    """Give the figures: to this computer's user, or, where there is sign-in, to who holds the token of the settings."""
    settings = access.settings
    if settings.has_sign_in or settings.metrics_token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not settings.metrics_token or not hmac.compare_digest(given.encode(), settings.metrics_token.encode()):
            raise Refused(
                status=403,
                code="reall/not-allowed",
                what="the figures need the token of the settings",
                next="Send it as `Authorization: Bearer`; metrics_token sets it.",
            )
    access.metrics.sessions.set(len(access.sessions))
    return Response(access.metrics.text(), media_type=CONTENT_TYPE)
