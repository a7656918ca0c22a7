"""How fast the board page answers a changed fact on loopback, and how heavy it is."""

from __future__ import annotations

import os
import platform
import re
import statistics
import sys
import threading
import time
from pathlib import Path

import httpx2
import uvicorn

from reall.service.app import create_app
from reall.service.settings import Settings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "service"))
from board_support import Fields  # noqa: E402 - reads a form as a browser sends it

CHANGES = [
    ("mrd.0.level_fraction", ["9.99e-5", "1e-4", "9.99e-4", "1e-3"]),
    ("fact.prior_allo_hsct", ["yes", "no", ""]),
    ("fact.lineage", ["T", "B", ""]),
    ("fact.months_from_diagnosis", ["17", "18", "36"]),
]
ROUNDS = 5
PICTURES = re.compile(r"<svg.*?</svg>", re.DOTALL)


def main() -> None:
    """Serve on a free port, change facts of every example, and print times and weights."""
    server = uvicorn.Server(uvicorn.Config(create_app(Settings()), host="127.0.0.1", port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("input: every worked example; each change is one POST of the whole form over loopback")
    print(f"{'example':38}{'facts':>6}{'median ms':>11}{'largest ms':>12}{'page kB':>9}{'without pictures':>18}")
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for file in sorted((ROOT / "examples" / "cases").iterdir()):
            _one(client, file)
    server.should_exit = True


def _one(client: httpx2.Client, file: Path) -> None:
    page = client.post("/board/load", files={"file": (file.name, file.read_bytes())}).text
    fields = Fields(page).fields
    known = sum(1 for name, text in fields.items() if name.startswith("fact.") and text)
    times = []
    for _ in range(ROUNDS):
        for name, texts in CHANGES:
            for text in texts:
                begun = time.perf_counter()
                client.post("/board/answers", data={**fields, name: text}).raise_for_status()
                times.append(1000 * (time.perf_counter() - begun))
    weight, plain = len(page.encode()) / 1000, len(PICTURES.sub("", page).encode()) / 1000
    print(f"{file.stem:38}{known:6}{statistics.median(times):11.1f}{max(times):12.1f}{weight:9.0f}{plain:18.0f}")


if __name__ == "__main__":
    main()
