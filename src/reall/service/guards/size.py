"""How large, how deep and how slow a request may be."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reall.service.access.refusal import Refused
from reall.service.access.refusing import refuse
from reall.service.settings import Limits

_SMALL_BODIES = ("application/json", "application/yaml", "application/x-yaml", "application/x-www-form-urlencoded", "")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_OPENING = b"[{"
_LARGE_PIECE = 65_536


class Size:
    """Refuses a body that is too large, a JSON that is too deep, and a client that keeps the service waiting."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Measured(scope, receive, send, self._limits)
        try:
            async with asyncio.timeout(self._limits.request_seconds) as request.deadline:
                await self._app(scope, await request.checked_receive(), request.send)
        except Refused as refused:
            if request.begun:
                raise
            await refuse(refused, scope, receive, send)
        except TimeoutError:
            if request.begun:
                raise
            await refuse(
                _late(503, "the answer takes too long", "Try again with less, or later."), scope, receive, send
            )
        finally:
            close = scope.get("state", {}).get("close")
            if close is not None:
                await close()


class _Measured:
    """One request, counted while it is read and answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        headers = Headers(scope=scope)
        self._kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        self._is_json = self._kind == "application/json" or self._kind.endswith("+json")
        self._most = limits.body_bytes if self._kind in _SMALL_BODIES else limits.upload_bytes
        self._length = headers.get("content-length", "")
        self._has_body = bool(self._length.strip("0")) or "transfer-encoding" in headers
        self._receive, self._send, self._limits = receive, send, limits
        self._read = 0
        self._until = 0.0
        self.begun = False
        self.deadline: asyncio.Timeout

    async def checked_receive(self) -> Receive:
        """Check what can be checked before anything is done, and give the way to read the body."""
        if self._length.isdigit() and int(self._length) > self._most:
            raise self._too_large()
        if not self._has_body:
            return self._receive
        self._until = asyncio.get_running_loop().time() + self._limits.body_seconds
        if not self._is_json:
            return self.receive
        return await self._whole_json()

    async def receive(self) -> Message:
        """Give the next piece of the body."""
        try:
            async with asyncio.timeout_at(self._until if self._until else None):
                message = await self._receive()
        except TimeoutError:
            raise _late(408, "the body of the request came too slowly", "Send it again.") from None
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            if self._read > self._most:
                raise self._too_large()
            if not message.get("more_body", False):
                self._until = 0.0  # what is received from now on is only that the client has gone
        return message

    async def _whole_json(self) -> Receive:
        """Read the whole body, which is small, and look at its depth before anything parses it."""
        pieces: list[bytes] = []
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return self._replay([message])
            pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                break
        body = b"".join(pieces)
        if deeper_than(body, self._limits.json_depth):
            raise Refused(
                status=400,
                code="reall/too-deep",
                what="the JSON is nested too deeply",
                next=f"At most {self._limits.json_depth} levels are read.",
            )
        return self._replay([{"type": "http.request", "body": body, "more_body": False}])

    def _replay(self, messages: list[Message]) -> Receive:
        async def receive() -> Message:
            return messages.pop(0) if messages else await self._receive()

        return receive

    async def send(self, message: Message) -> None:
        """Pass on a piece of the answer. Once an answer has begun, only the client's own slowness is measured."""
        if not self.begun:
            self.begun = True
            self.deadline.reschedule(None)
        if len(message.get("body", b"")) < _LARGE_PIECE and not message.get("more_body", False):
            await self._send(message)
            return
        async with asyncio.timeout(self._limits.send_seconds):
            await self._send(message)

    def _too_large(self) -> Refused:
        return Refused(
            status=413,
            code="reall/too-large",
            what="the request is too large",
            next=f"Up to {self._most:,} bytes are read.",
            headers={"Connection": "close"},
        )


def _late(status: int, what: str, then: str) -> Refused:
    return Refused(status=status, code="reall/too-slow", what=what, next=then, headers={"Connection": "close"})


def deeper_than(json: bytes, most: int) -> bool:
    """Tell whether brackets nest deeper than `most`, without building anything.

    >>> deeper_than(b'[[1], {"a": "[[[["}]', 2), deeper_than(b"[[[1]]]", 2)
    (False, True)
    """
    if json.count(b"[") + json.count(b"{") <= most:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_TEXT.sub(b"", json)):
        depth += 1 if bracket.group() in _OPENING else -1
        if depth > most:
            return True
    return False
