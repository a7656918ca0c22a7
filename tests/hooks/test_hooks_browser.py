"""A page of another site acts as a record system in a real browser: it discovers, asks, and shows the card.

The page stands in for the official sandbox, whose sources are not at hand where these tests were written: it knows the
specification's form of discovery, prefetch and cards, fills templates from a stub FHIR server, and nothing of ReALL.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hooks_support import example, prefetch_of

from reall.service.app import create_app
from reall.service.settings import Settings
from reall.service.smart.record import searchset

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGE = (Path(__file__).parent / "client.html").read_text(encoding="utf-8")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed at /usr/bin/chromium")


@pytest.fixture(scope="module")
def record_system() -> Iterator[tuple[str, str]]:
    """Give the address of a stub record system (a page, and a FHIR server behind it) and the patient that it holds."""
    patient, prefetch = prefetch_of(example("early-combined-cns"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind = re.match(r"/fhir/(\w+)", self.path)
            body, form = (PAGE, "text/html") if kind is None else (_answer(kind[1]), "application/fhir+json")
            self.send_response(200)
            self.send_header("content-type", f"{form}; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    def _answer(kind: str) -> str:
        return json.dumps(prefetch.get(kind, searchset([])))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://localhost:{server.server_port}", patient
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=[True, False], ids=["named", "not named"])
def served(request: pytest.FixtureRequest, record_system: tuple[str, str]) -> Iterator[tuple[str, bool]]:
    """Serve ReALL; the record system's origin is named in its settings, or not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(port=port, other_origins=(record_system[0],) if request.param else ())
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    yield settings.base_url, request.param
    server.should_exit = True
    thread.join(timeout=10)


def test_a_record_system_in_a_browser_shows_the_card(
    record_system: tuple[str, str], served: tuple[str, bool], tmp_path: Path
) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    (home, patient), (address, named) = record_system, served
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page()
        page.goto(f"{home}/?service={address}&patient={patient}")
        page.wait_for_selector("[data-done]")
        if not named:
            assert page.locator("article").count() == 0
            assert "refused" in page.locator("[data-done]").inner_text()
            browser.close()
            return
        assert page.locator("article").count() > 3
        first = page.locator("article").first
        assert first.locator("h2").inner_text().startswith("First relapse")
        link = first.get_by_role("link", name="Board page")
        assert link.get_attribute("href") == f"{address}/board"
        page.screenshot(path=str(tmp_path / "cards.png"), full_page=True)
        page.goto(f"{address}/board")  # what the link opens
        assert page.locator("h1").inner_text() == "One child at the board"
        browser.close()
