"""The addresses of a launch: from the record system, from the page here, back again, and what was read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from reall.report.words import label
from reall.service.access.entry import AccessOf
from reall.service.access.gate import PrincipalOf, require
from reall.service.access.handshake import SECONDS, Handshake
from reall.service.access.operations import Operation, Principal
from reall.service.access.sessions import cookie_name, drop_cookie, set_cookie
from reall.service.pages.board_page import page_of
from reall.service.pages.rendering import render
from reall.service.parts import PartsOf
from reall.service.settings import Settings
from reall.service.smart.case import asking_of, case_of, value_words
from reall.service.smart.launches import Launches, refused
from reall.service.smart.record import PatientRecord, read_record

_LEAVING, _OPEN = "launching", "launch"
router = APIRouter(prefix="/smart", include_in_schema=False)


def _launches(request: Request) -> Launches:
    launches: Launches = request.app.state.launches
    return launches


LaunchesOf = Annotated[Launches, Depends(_launches)]


@router.get("", dependencies=[require(Operation.ASK)])
async def choose(request: Request, launches: LaunchesOf) -> Response:
    """List the record systems from which a patient can be opened here."""
    return render(request, "smart.html.j2", servers=launches.servers)


@router.get("/launch", dependencies=[require(Operation.ASK)])
async def launch(access: AccessOf, launches: LaunchesOf, iss: str = "", launch: str = "") -> Response:
    """Begin where the record system opened us for the patient that it shows."""
    return _away(access.settings, *await launches.leave(iss, launch))


@router.get("/standalone", dependencies=[require(Operation.ASK)])
async def standalone(access: AccessOf, launches: LaunchesOf, server: str = "") -> Response:
    """Begin here; the record system asks which patient."""
    return _away(access.settings, *await launches.leave(server))


@router.get("/back", dependencies=[require(Operation.ASK)])
async def come_back(request: Request, access: AccessOf, launches: LaunchesOf, principal: PrincipalOf) -> Response:
    """Take the code that the browser brings and keep the token here."""
    brought = request.query_params
    settings = access.settings
    browser = request.cookies.get(cookie_name(settings, _LEAVING), "")
    handshake = launches.handshakes.finish(brought.get("state", ""), browser)
    if "error" in brought or "code" not in brought:
        raise refused("the record system did not allow the launch")
    number, seconds = await launches.arrive(brought["code"], handshake, principal)
    answer = RedirectResponse("/smart/patient", 303)
    drop_cookie(answer, settings, purpose=_LEAVING)
    set_cookie(answer, settings, number, purpose=_OPEN, seconds=seconds)
    return answer


@router.get("/patient", dependencies=[require(Operation.ASK)])
async def patient(
    request: Request, access: AccessOf, launches: LaunchesOf, principal: PrincipalOf, parts: PartsOf
) -> Response:
    """Show what the record system holds about the patient, and what could not be read."""
    record = await record_of(request, access.settings, launches, principal)
    reading = await run_in_threadpool(case_of, record, parts.knowledge)
    return render(
        request, "smart_patient.html.j2", found=record.found, not_read=record.not_read, reading=reading,
        label=lambda name: label(name, parts.knowledge), value_words=value_words,
    )  # fmt: skip


@router.post("/board", dependencies=[require(Operation.ASK)])
async def open_board(
    request: Request, access: AccessOf, launches: LaunchesOf, principal: PrincipalOf, parts: PartsOf
) -> Response:
    """Show the board page with the facts of the open patient; nothing of the patient stands in an address."""
    record = await record_of(request, access.settings, launches, principal)
    reading = await run_in_threadpool(case_of, record, parts.knowledge)
    return page_of(request, parts, principal, asking_of(reading, parts.knowledge))


@router.post("/end", dependencies=[require(Operation.ASK)])
async def end(request: Request, access: AccessOf, launches: LaunchesOf) -> Response:
    """Close the patient and forget the token."""
    launches.close(request.cookies.get(cookie_name(access.settings, _OPEN), ""))
    answer = RedirectResponse("/smart", 303)
    drop_cookie(answer, access.settings, purpose=_OPEN)
    return answer


async def record_of(request: Request, settings: Settings, launches: Launches, principal: Principal) -> PatientRecord:
    """Read the record of the patient that this browser has open. Raises `Refused` when there is none."""
    lent = launches.find(request.cookies.get(cookie_name(settings, _OPEN), ""), principal)
    if lent is None:
        raise refused("no patient is open")
    return await read_record(lent, most=settings.smart.most_resources)


def _away(settings: Settings, address: str, handshake: Handshake) -> Response:
    answer = RedirectResponse(address, 303)
    set_cookie(answer, settings, handshake.browser, purpose=_LEAVING, seconds=SECONDS)
    return answer
