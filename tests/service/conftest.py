"""What tests of the service share: the application in this process, and a served one with Debian's Chromium on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from fastapi.testclient import TestClient

from reall.service.app import create_app
from reall.service.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_START_SECONDS = 60


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """Give the application without a network: no store, no identity provider."""
    settings = Settings()
    with TestClient(create_app(settings), base_url=settings.base_url) as one:
        yield one


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Serve the application on a free port of this computer and give its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(port=0)), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(_START_SECONDS * 20):
        if server.started or not thread.is_alive():
            break
        time.sleep(0.05)
    assert server.started, "the service did not start"
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Chromium; skip where Debian's chromium or Playwright is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """Open a page of the service; options are those of a browser context (`java_script_enabled`, `viewport`, …).

    A script error, or a request to anybody but the service, fails the test.
    """
    contexts = []
    wrong: list[str] = []

    def go(path: str, **options: object) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: request.url.startswith((served, "data:")) or wrong.append(request.url))
        page.goto(served + path)
        return page

    yield go
    for context in contexts:
        context.close()
    assert wrong == []
