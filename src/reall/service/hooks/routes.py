"""The addresses of CDS Hooks: discovery, the services, and feedback on their cards."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from reall.base.errors import ReallError, UnusableCase
from reall.exchange.fhir.load import parse
from reall.library.knowledge import Knowledge
from reall.service.access.entry import Access, AccessOf
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.operations import Operation, Principal
from reall.service.fhir import refusal
from reall.service.hooks.card import Card, Link
from reall.service.hooks.child import read_child
from reall.service.hooks.definitions import SERVICES
from reall.service.hooks.gather import Gathered, gather
from reall.service.hooks.order_cards import REASON_CODES, order_cards
from reall.service.hooks.orders import read_orders
from reall.service.hooks.patient_cards import patient_cards
from reall.service.hooks.request import Feedback, FeedbackRequest, HookRequest, OrderSign, refusal_of
from reall.service.parts import Parts, PartsOf
from reall.service.settings import Settings
from reall.service.store.records import Action, Detail
from reall.service.store.store import Store

_NAME = "the request"
Model = TypeVar("Model", bound=BaseModel)
router = APIRouter(prefix="/cds-services", include_in_schema=False)


@router.get("", dependencies=[require(Operation.OPEN)])
def discover(access: AccessOf) -> JSONResponse:
    """List the services; none where sign-in is configured and no record system may ask."""
    settings = access.settings
    closed = settings.has_sign_in and not settings.hooks.clients
    return JSONResponse({"services": [] if closed else [service.to_json() for service in SERVICES.values()]})


@router.post("/{service_id}", dependencies=[require(Operation.ANSWER_HOOKS)])
async def ask(service_id: str, request: Request, parts: PartsOf) -> Response:
    """Answer a call with cards. 412 where no part of the record came; a part that did not is an unknown."""
    service = SERVICES.get(service_id)
    if service is None:
        return _no_service()
    try:
        asked = read_request(await request.body(), service.request)
        gathered = await gather(asked, parts.settings)
        if gathered.nothing:
            return refusal(HTTPStatus.PRECONDITION_FAILED, _nothing_came())
        cards = await run_in_threadpool(answer, asked, gathered, parts)
    except ReallError as error:
        return refusal(HTTPStatus.BAD_REQUEST, error)
    return JSONResponse({"cards": [card.to_json() for card in cards]})


@router.post("/{service_id}/feedback", dependencies=[require(Operation.ANSWER_HOOKS)])
async def feedback(
    service_id: str, request: Request, parts: PartsOf, access: AccessOf, principal: PrincipalOf
) -> Response:
    """Count what was done with cards and, where there is a store, write it into the audit log."""
    if service_id not in SERVICES:
        return _no_service()
    try:
        told = read_request(await request.body(), FeedbackRequest)
        await run_in_threadpool(_note, told.feedback, service_id, parts.store, access, principal)
    except ReallError as error:
        return refusal(HTTPStatus.BAD_REQUEST, error)
    return JSONResponse({})


def read_request(content: bytes, model: type[Model]) -> Model:
    """Read the body of a call. Raises `UnusableCase` with the place of the fault, never with what stood there."""
    data = parse(content, name=_NAME)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refusal_of(error) from None


def answer(asked: HookRequest, gathered: Gathered, parts: Parts) -> list[Card]:
    """Give the cards for what was gathered."""
    knowledge: Knowledge = parts.knowledge
    child = read_child(gathered, knowledge)
    links, home = _links(parts.settings), f"{parts.settings.base_url}/knowledge"
    if isinstance(asked, OrderSign):
        orders = read_orders(asked.context.draftOrders.entry, asked.context.patientId, knowledge)
        return order_cards(child, orders, links, home)
    return patient_cards(child, links, home)


def _links(settings: Settings) -> tuple[Link, ...]:
    """Give the links of every card; none of them says anything of the child."""
    board = Link(label="Board page of ReALL (empty)", url=f"{settings.base_url}/board")
    if not settings.smart.client_id:
        return (board,)
    return Link(label="Open this child in ReALL", url=f"{settings.base_url}/smart/launch", kind="smart"), board


def _note(given: list[Feedback], service: str, store: Store | None, access: Access, principal: Principal) -> None:
    for one in given:
        access.metrics.feedback.labels(service, one.outcome).inc()
        if store is not None:
            chosen = one.overrideReason.reason if one.overrideReason else None
            reason = chosen.code if chosen is not None and chosen.code in REASON_CODES else "other" if chosen else ""
            detail: Mapping[Detail, str | int] = {Detail.OPERATION: f"{service}.{one.outcome}", Detail.REASON: reason}
            store.record(Action.FEEDBACK_GIVEN, by=principal.id, target=str(one.card), detail=detail)


def _nothing_came() -> ReallError:
    return UnusableCase(
        "no part of the patient's record could be had",
        where="prefetch",
        next="Send the prefetch, or name the server in [hooks] servers and send fhirAuthorization.",
    )


def _no_service() -> Response:
    return refusal(
        HTTPStatus.NOT_FOUND, UnusableCase("there is no such service", next="Ask /cds-services which there are.")
    )
