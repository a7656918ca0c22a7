"""The REST door under load on loopback: POST /api/v1/assess at a steady rate, at its peak, and for long.

Run: python -m benchmarks.service_load [seconds at 100 requests/s] [requests for the memory figure]

Every request is another child: 2,000 variations of the example cases, so that no answer as a whole comes again. Latency
counts from the moment a request was due, so that waiting behind others is in it. Driver and service share the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reall.base.documents import read_document
from reall.base.errors import UnusableCase

CASES = sorted((Path(__file__).parents[1] / "examples" / "cases").iterdir())
RATE, CONNECTIONS, PEAK_SECONDS = 100, 16, 10
COMMAND = "from reall.cli.main import main; main()"


def main() -> None:
    """Print every figure with its input."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    bodies = variations(2_000)
    with service() as (port, process):
        asyncio.run(_closed_loop(port, bodies[:200]))
        print(f"{RATE} requests/s for {seconds} s, one worker, {len(bodies):,} different cases:")
        _print(asyncio.run(_open_loop(port, bodies, seconds)))
        before = _resident(process.pid)
        started = time.perf_counter()
        for start in range(0, many, 1_000):
            asyncio.run(_closed_loop(port, [bodies[i % len(bodies)] for i in range(start, min(start + 1_000, many))]))
        rate = many / (time.perf_counter() - started)
        print(f"closed loop, {CONNECTIONS} connections: {rate:.0f} requests/s over {many:,} requests")
        print(f"memory of the service: {before} MB before, {_resident(process.pid)} MB after")
        _wrk(port, bodies[0])


def variations(count: int) -> list[bytes]:
    """Make different cases from the examples: other ages and blasts, some answers left out. Same for the same seed."""
    rng = random.Random(20261121)
    documents = [read_document(path.read_bytes(), name=path.name, error=UnusableCase).data for path in CASES]
    made = []
    for number in range(count):
        case = json.loads(json.dumps(rng.choice(documents), default=str))
        facts = {name: value for name, value in case["facts"].items() if rng.random() > 0.1}
        if "age_at_relapse_years" in facts:
            facts["age_at_relapse_years"] = round(rng.uniform(2, 17), 1)
        if "marrow_blasts_pct" in facts and facts["marrow_blasts_pct"] >= 25:
            facts["marrow_blasts_pct"] = rng.randint(25, 99)
        made.append(json.dumps({**case, "case": f"load-{number}", "facts": facts}).encode())
    return made


@contextmanager
def service() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start `reall serve` on a free port, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, "serve", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def _request(port: int, body: bytes) -> bytes:
    head = (
        f"POST /api/v1/assess HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connections:
    """A few connections that are kept open; each serves one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            self._free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port, limit=2**22))

    async def ask(self, body: bytes) -> int:
        """Send one case and read the whole answer; gives the status."""
        reader, writer = await self._free.get()
        writer.write(_request(self._port, body))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        self._free.put_nowait((reader, writer))
        return int(head.split(b" ", 2)[1])


async def _open_loop(port: int, bodies: Sequence[bytes], seconds: int) -> list[tuple[float, int]]:
    """Send at a steady rate whatever the answers do; gives latency in milliseconds and status of each."""
    connections = _Connections(port)
    await connections.open()
    begun, done = time.perf_counter(), []

    async def one(number: int) -> None:
        status = await connections.ask(bodies[number % len(bodies)])
        done.append(((time.perf_counter() - begun - number / RATE) * 1e3, status))

    async with asyncio.TaskGroup() as tasks:
        for number in range(seconds * RATE):
            await asyncio.sleep(max(0.0, number / RATE - (time.perf_counter() - begun)))
            tasks.create_task(one(number))
    return done


async def _closed_loop(port: int, bodies: Sequence[bytes]) -> None:
    connections = _Connections(port)
    await connections.open()
    async with asyncio.TaskGroup() as tasks:
        for body in bodies:
            tasks.create_task(connections.ask(body))


def _print(done: list[tuple[float, int]]) -> None:
    ordered = sorted(latency for latency, _ in done)
    shown = ", ".join(f"p{share:g} {ordered[int(len(ordered) * share / 100)]:.0f} ms" for share in (50, 90, 99, 99.9))
    refused = sum(status != 200 for _, status in done)
    print(f"  {len(done):,} answers, {refused} not 200; {shown}, longest {ordered[-1]:.0f} ms")


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _wrk(port: int, body: bytes) -> None:
    """Let wrk, a program nobody here wrote, ask for the peak with one case again and again."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: no peak figure by it")
        return
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        text = json.dumps(body.decode())
        script.write_text(
            f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {text}\n',
            encoding="utf-8",
        )
        address = f"http://127.0.0.1:{port}/api/v1/assess"
        words = ["wrk", "-t1", "-c4", f"-d{PEAK_SECONDS}", "--latency", "-s", str(script), address]
        print(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
