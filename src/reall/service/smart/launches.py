"""Launches under way and open: which server, which patient, whose browser."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reall.service.access import tokens
from reall.service.access.authority import Authority
from reall.service.access.binding import require_protected
from reall.service.access.handshake import Handshake, Handshakes
from reall.service.access.operations import Principal
from reall.service.access.refusal import Refused
from reall.service.settings import Settings
from reall.service.smart.record import Lent

_DISCOVERY = "/.well-known/smart-configuration"
_LONGEST_SECONDS = 3600
_MOST = 1_000
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One patient opened by one account."""

    lent: Lent
    principal: str
    ends: float


class Launches:
    """The part of the service that speaks SMART. Raises `WrongUsage` for servers without https."""

    def __init__(self, settings: Settings) -> None:
        smart = settings.smart
        self.settings = smart
        self.redirect_uri = f"{settings.base_url}/smart/back"
        self.handshakes = Handshakes()
        self._leeway = settings.oidc.leeway_seconds
        self._open: OrderedDict[str, Launch] = OrderedDict()
        for server in smart.servers:
            require_protected(server, "[smart] servers")
        self._authorities = {
            server.rstrip("/"): Authority(
                server.rstrip("/") + _DISCOVERY, client_id=smart.client_id, client_secret=smart.client_secret
            )
            for server in smart.servers
        }

    @property
    def servers(self) -> list[str]:
        """The FHIR servers of the settings, as they are shown."""
        return list(self._authorities) if self.settings.client_id else []

    def authority(self, server: str) -> Authority:
        """Give the authorization server of a FHIR server. Raises `Refused` for one that is not in the settings."""
        if server.rstrip("/") not in self.servers:
            raise refused("this record system is not one that the service was set up for")
        return self._authorities[server.rstrip("/")]

    async def leave(self, server: str, launch: str = "") -> tuple[str, Handshake]:
        """Give the address to which the browser is sent, for a launch of the record system or of the page here."""
        authority = self.authority(server)
        methods = (await authority.described()).get("code_challenge_methods_supported", ["S256"])
        if "S256" not in methods:
            raise refused("this record system does not offer code exchange with S256")
        handshake = self.handshakes.begin(server=server.rstrip("/"))
        more = {"launch": launch} if launch else {}
        scope = self.settings.scopes if launch else self.settings.standalone_scopes
        address = await authority.leave(
            handshake, redirect_uri=self.redirect_uri, scope=scope, aud=handshake.notes["server"], **more
        )
        return address, handshake

    async def arrive(self, code: str, handshake: Handshake, principal: Principal) -> tuple[str, int]:
        """Exchange the code; give the number of the open launch and the seconds that it lasts."""
        server = handshake.notes["server"]
        authority = self.authority(server)
        given = await authority.exchange(code, handshake, redirect_uri=self.redirect_uri)
        await self._check_identity(given, authority, handshake)
        seconds = _seconds(given.get("expires_in"))
        lent = Lent(server=server, token=_token(given), patient=_patient(given))
        number = secrets.token_urlsafe(32)
        self._open[_digest(number)] = Launch(lent=lent, principal=principal.id, ends=time.monotonic() + seconds)
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return number, seconds

    def find(self, number: str, principal: Principal) -> Lent | None:
        """Give what an open launch of this account lends."""
        launch = self._open.get(_digest(number))
        if launch is None or launch.principal != principal.id:
            return None
        if time.monotonic() >= launch.ends:
            self.close(number)
            return None
        return launch.lent

    def close(self, number: str) -> None:
        """Forget a launch and its token."""
        self._open.pop(_digest(number), None)

    async def _check_identity(self, given: Mapping[str, Any], authority: Authority, handshake: Handshake) -> None:
        """Check the ID token, which must be there when `openid` was granted."""
        granted = str(given.get("scope", "")).split()
        if "id_token" not in given and "openid" not in granted:
            return
        issuer = str((await authority.described()).get("issuer", ""))
        if not issuer:
            raise refused("the record system does not name who signs its tokens")
        try:
            await tokens.id_token(
                str(given.get("id_token", "")), authority, issuer=issuer, nonce=handshake.nonce,
                leeway=self._leeway, access=str(given.get("access_token", "")),
            )  # fmt: skip
        except Refused:
            raise refused("the record system's answer does not hold") from None


def _token(given: Mapping[str, Any]) -> str:
    granted = str(given.get("scope", "")).split()
    if str(given.get("token_type", "")).lower() != "bearer" or not given.get("access_token"):
        raise refused("the record system gave no token")
    if not any(scope.startswith("patient/") for scope in granted):
        raise refused("the record system did not allow reading the patient")
    return str(given["access_token"])


def _patient(given: Mapping[str, Any]) -> str:
    patient = given.get("patient")
    if not isinstance(patient, str) or not _FHIR_ID.fullmatch(patient):
        raise refused("the record system did not say which patient is open")
    return patient


def _seconds(told: Any) -> int:
    return min(told, _LONGEST_SECONDS) if isinstance(told, int) and told > 0 else _LONGEST_SECONDS


def _digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


def refused(what: str) -> Refused:
    """Say why a launch cannot be used."""
    return Refused(status=400, code="reall/launch-failed", what=what, next="Launch again from the record system.")
