"""What the layers around the application cost one request: an assessment-sized JSON through a bare and a guarded route.

Run: python -m benchmarks.service_guards
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import time
from typing import Any

from fastapi import FastAPI, Request

from reall.service.access.entry import guard
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.settings import Settings

ROUNDS, REPEATS = 2000, 5
BODY = json.dumps({"facts": {f"fact_{i}": i for i in range(30)}, "mrd": [{"timepoint": "x"}] * 4}).encode()
HEADERS = [(b"host", b"127.0.0.1:8765"), (b"content-type", b"application/json")]


def _app(*, guarded: bool) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.post("/api/v1/assess", dependencies=[require(Operation.ASK)] if guarded else [])
    async def read(request: Request) -> int:
        return len(await request.json())

    if guarded:
        guard(app, Settings())
    return app


async def _seconds(app: FastAPI) -> float:
    head = [*HEADERS, (b"content-length", str(len(BODY)).encode())]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    best = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for _ in range(ROUNDS):
            scope = {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
                "path": "/api/v1/assess", "raw_path": b"/api/v1/assess", "query_string": b"", "root_path": "",
                "headers": head, "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8765), "state": {},
            }  # fmt: skip
            await app(scope, receive, send)
        best.append((time.perf_counter() - began) / ROUNDS)
    return statistics.median(best)


def main() -> None:
    """Print machine, input, both times and the difference."""
    bare = asyncio.run(_seconds(_app(guarded=False)))
    guarded = asyncio.run(_seconds(_app(guarded=True)))
    print(f"{platform.machine()} {platform.python_version()}; JSON of {len(BODY)} bytes, {ROUNDS} requests in process")
    print(f"bare {bare * 1e6:.0f} µs, guarded {guarded * 1e6:.0f} µs: the guards cost {(guarded - bare) * 1e6:.0f} µs")


if __name__ == "__main__":
    main()
