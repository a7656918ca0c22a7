"""The whole way in a real browser, which applies cookies, content security and origin headers for itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from access_provider import CLIENT, SECRET, Provider

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed at /usr/bin/chromium")


@pytest.fixture
def page() -> Iterator[Any]:
    """Give an empty page of a fresh browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser.new_page()
        browser.close()


@pytest.fixture
def service(provider: Provider) -> Iterator[str]:
    """Run a service with sign-in. The provider is another site to the browser: localhost, not 127.0.0.1."""
    kept = provider.issuer
    provider.issuer = kept.replace("127.0.0.1", "localhost")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "REALL_PUBLIC_URL": address,
        "REALL_PORT": str(port),
        "REALL_OIDC_ISSUER": provider.issuer,
        "REALL_OIDC_CLIENT_ID": CLIENT,
        "REALL_OIDC_CLIENT_SECRET": SECRET,
    }
    command = [sys.executable, "-c", "from reall.cli.main import main; main()", "serve"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    assert "serving at" in process.stderr.readline()
    yield address
    process.terminate()
    process.communicate(timeout=30)
    provider.issuer = kept


def test_somebody_signs_in_and_out_in_a_browser(page: Any, service: str) -> None:
    """Redirects, cookies, the form's token, `Origin: null` under no-referrer, and no complaint of the browser."""
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.goto(f"{service}/smart")
    assert page.url == f"{service}/smart", "signed in at the provider and back on the page that was wanted"
    cookie = next(c for c in page.context.cookies() if c["name"] == "reall-session")
    assert cookie["httpOnly"]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", name="You are signed out here").is_visible()
    assert not [c for c in page.context.cookies() if c["name"] == "reall-session"]
    assert all(host.startswith(("127.0.0.1:", "localhost:")) for host in asked)
    assert not complaints


def test_another_site_cannot_post_in_the_name_of_who_signed_in(page: Any, service: str, provider: Provider) -> None:
    page.goto(f"{service}/smart")
    page.goto(f"{provider.issuer}/keys")  # any page of another site
    with page.expect_navigation() as gone:
        page.evaluate(
            """address => {
                const form = document.createElement("form");
                form.method = "post"; form.action = address; document.body.append(form); form.submit();
            }""",
            f"{service}/sign-out",
        )
    assert gone.value.status == 403
    page.goto(f"{service}/smart")
    assert page.get_by_role("button", name="Sign out").is_visible(), "still signed in"
