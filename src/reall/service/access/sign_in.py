"""Signing in at the site's identity provider, and out again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reall.service.access import tokens
from reall.service.access.authority import Authority
from reall.service.access.entry import Access, AccessOf
from reall.service.access.gate import require
from reall.service.access.handshake import SECONDS, Handshake
from reall.service.access.identify import principal_of
from reall.service.access.operations import Operation
from reall.service.access.refusal import Refused
from reall.service.access.refusing import SIGN_IN
from reall.service.access.sessions import cookie_name, drop_cookie, set_cookie
from reall.service.pages.rendering import render

BACK = f"{SIGN_IN}/back"
_PURPOSE = "sign-in"
router = APIRouter(include_in_schema=False)


@router.get(SIGN_IN, dependencies=[require(Operation.OPEN)])
async def leave(access: AccessOf, next: str = "/") -> Response:  # noqa: A002
    """Send the browser to the identity provider."""
    if access.authority is None:
        return RedirectResponse("/", 303)
    handshake = access.handshakes.begin(next=_own_page(next))
    settings = access.settings
    address = await access.authority.leave(handshake, redirect_uri=settings.base_url + BACK, scope=settings.oidc.scopes)
    answer = RedirectResponse(address, 303)
    set_cookie(answer, settings, handshake.browser, purpose=_PURPOSE, seconds=SECONDS)
    return answer


@router.get(BACK, dependencies=[require(Operation.OPEN)])
async def come_back(request: Request, access: AccessOf) -> Response:
    """Take the code that the browser brings, check who signed in, and start a session with a new number."""
    if access.authority is None:
        return RedirectResponse("/", 303)
    settings = access.settings
    browser = request.cookies.get(cookie_name(settings, _PURPOSE), "")
    brought = request.query_params
    handshake = access.handshakes.finish(brought.get("state", ""), browser)
    await _check_sender(access.authority, settings.oidc.issuer, brought.get("iss", ""))
    code = brought.get("code", "")
    if "error" in brought or not code:
        raise sign_in_failed("the identity provider did not sign you in")
    claims = await _claims(access, access.authority, code, handshake)
    access.sessions.close(request.cookies.get(cookie_name(settings), ""))
    answer = RedirectResponse(handshake.notes["next"], 303)
    drop_cookie(answer, settings, purpose=_PURPOSE)
    number = access.sessions.open(principal_of(claims, settings.oidc))
    set_cookie(answer, settings, number, seconds=settings.sessions.absolute_hours * 3600)
    return answer


@router.post("/sign-out", dependencies=[require(Operation.OPEN)])
async def sign_out(request: Request, access: AccessOf) -> Response:
    """End the session here; the provider's own session is one link away."""
    access.sessions.close(request.cookies.get(cookie_name(access.settings), ""))
    request.state.session = None
    elsewhere = ""
    if access.authority is not None:
        with contextlib.suppress(Refused):  # the session here has ended, whether the provider answers or not
            elsewhere = str((await access.authority.described()).get("end_session_endpoint", ""))
    answer = render(request, "signed_out.html.j2", elsewhere=elsewhere)
    drop_cookie(answer, access.settings)
    return answer


async def _claims(access: Access, authority: Authority, code: str, handshake: Handshake) -> Mapping[str, Any]:
    settings = access.settings
    given = await authority.exchange(code, handshake, redirect_uri=settings.base_url + BACK)
    try:
        return await tokens.id_token(
            str(given.get("id_token", "")), authority, issuer=settings.oidc.issuer, nonce=handshake.nonce,
            leeway=settings.oidc.leeway_seconds, access=given.get("access_token"),
        )  # fmt: skip
    except Refused as refused:
        if refused.status_code == 401:  # noqa: PLR2004
            raise sign_in_failed("the identity provider's answer does not hold") from None
        raise


async def _check_sender(authority: Authority, issuer: str, named: str) -> None:
    """Refuse an answer of another provider (RFC 9207), where ours says that it names itself, or does so."""
    names_itself = (await authority.described()).get("authorization_response_iss_parameter_supported") is True
    if (named or names_itself) and named != issuer:
        raise sign_in_failed("the answer comes from another identity provider")


def sign_in_failed(what: str) -> Refused:
    """Say why somebody could not be signed in."""
    return Refused(status=400, code="reall/sign-in-failed", what=what, next="Begin again.")


def _own_page(address: str) -> str:
    r"""Give the address of a page here; anything else leads to the first page.

    >>> _own_page("/board"), _own_page("//elsewhere.example"), _own_page("/\\elsewhere.example")
    ('/board', '/', '/')
    """
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if own and "\\" not in address else "/"
