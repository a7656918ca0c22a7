"""Listening: uvicorn, with a limit on how slowly and how long a request may introduce itself."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reall.service.access.binding import listening_socket
from reall.service.running.log import SERVICE, set_up_logging
from reall.service.settings import Limits, Settings

_KEEP_ALIVE_SECONDS = 15


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol, closing a connection whose next request head is too slow or too long."""

    limits = Limits()
    _waiting: asyncio.TimerHandle | None = None
    _head = 0
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; count what belongs to a head."""
        if not self._in_body:
            self._head += len(data)
            if self._waiting is None:
                self._wait()
        super().data_received(data)
        if self._waiting is not None and self._head > self.limits.header_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._stop_waiting()
        self._head = 0
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body has come; what follows is another head."""
        self._in_body = False
        super().on_message_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.limits.header_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no more requests, finish those under way, and return.

    Raises `WrongUsage` when the address cannot be listened on or may not be.
    """
    bound = listening_socket(settings)
    set_up_logging()
    limits = settings.limits
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=type("Protocol", (Impatient,), {"limits": limits}),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            limit_concurrency=limits.connections,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=limits.shutdown_seconds,
        )
    )
    # uvicorn raises the signal once more when it has stopped; stopping in order is no failure.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    address = settings.public_url or "http://{}:{}".format(*_shown(bound.getsockname()))
    SERVICE.info("serving at %s", address)
    gc.collect()
    gc.freeze()  # the knowledge stays as long as the service does; looking through it again and again costs a tenth
    server.run(sockets=[bound])
    if not server.started:
        sys.exit(1)


def _shown(name: tuple[str, int]) -> tuple[str, int]:
    host, port = name[:2]
    return (f"[{host}]" if ":" in host else host), port
