"""Every page in Debian's Chromium: rules of accessibility, narrow screens, keyboard, weight, nothing from elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pages_support import EXAMPLES, every_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent.parent / "browser"
PLATE = EXAMPLES / "mrd" / "plate_day35.csv"
LOOKS = {"light": {}, "dark": {"color_scheme": "dark"}, "German": {"locale": "de-DE"}}
NARROW = {"width": 320, "height": 640}  # WCAG 2.2, success criterion 1.4.10

_OUTLINE = """(e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth, e.outerHTML])
    (document.activeElement)"""

Open = Callable[..., "Page"]


@pytest.fixture(scope="session")
def axe() -> str:
    """Give the text of axe-core, installed once into the user's cache as tests/browser/package-lock.json says."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so that axe-core cannot be fetched")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "reall-browser-tests"
    script = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(AXE / name, cache / name)
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=cache, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"axe-core cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def opened(browser: Browser, served: str) -> Iterator[Page]:
    """Give one page for the walk through all pages; a request to anybody but the service fails it."""
    page = browser.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: request.url.startswith(served) or elsewhere.append(request.url))
    page.goto(served)
    yield page
    page.context.close()
    assert elsewhere == []


def violations(page: Page, rules: str = "") -> list[str]:
    """Say what breaks a rule of WCAG 2.2 A or AA or a best practice; `rules` names a few instead of all."""
    # The rule on the size of targets belongs to WCAG 2.2 AA, but axe-core asks for it only when told to.
    only = f", runOnly: {{type: 'rule', values: ['{rules}']}}" if rules else ", rules: {'target-size': {enabled: true}}"
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {{resultTypes: ['violations']{only}}})")
    return [f"{page.url} {v['id']}: {node['html'][:120]}" for v in found["violations"] for node in v["nodes"][:3]]


@pytest.mark.parametrize("path", every_page())
def test_no_page_breaks_a_rule_of_accessibility(opened: Page, axe: str, path: str) -> None:
    """All rules in English and in German; contrast also in dark and in print; no sideways scrolling at 320 px."""
    root = opened.url[: opened.url.index("/", len("http://"))]
    wrong = []
    for language in ("en", "de"):
        opened.context.add_cookies([{"name": "language", "value": language, "url": root}])
        opened.goto(root + path)
        opened.evaluate(axe)
        wrong += violations(opened)
        assert opened.get_attribute("html", "lang") == language
        opened.set_viewport_size(NARROW)
        width = opened.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{language}: {width} px wide"] if width > NARROW["width"] else []
        opened.set_viewport_size({"width": 1280, "height": 720})
    opened.emulate_media(color_scheme="dark")
    wrong += [f"dark: {text}" for text in violations(opened, "color-contrast")]
    opened.emulate_media(color_scheme="light", media="print")
    wrong += [f"print: {text}" for text in violations(opened, "color-contrast")]
    opened.emulate_media(media="screen")
    assert wrong == []


@pytest.mark.parametrize("look", LOOKS)
def test_a_result_and_an_error_break_no_rule(open_page: Open, axe: str, look: str) -> None:
    page = open_page("/laboratory/rqpcr", **LOOKS[look])
    page.set_input_files("#field-file", PLATE)
    page.fill("#field-control_gene", "ABL")
    page.click("button.main")
    page.wait_for_selector(".error")
    page.evaluate(axe)
    wrong = violations(page)
    page.fill("#field-control_gene", "ALB")  # the file is kept from the first attempt
    page.fill("#field-samples", "follow-up")
    page.select_option("#field-timepoint", "end_of_reinduction_block1")
    page.select_option("#field-rules", "draft")
    page.click("button.main")
    page.wait_for_selector("div.answer", timeout=60_000)
    page.evaluate(axe)
    wrong += violations(page)
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    for image in page.query_selector_all("img"):
        image.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image)
    assert wrong == []


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(open_page: Open) -> None:
    """Tab from the top: skip link first, then every link, button and field in order; each has a visible outline."""
    page = open_page("/laboratory/flow")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    wanted = page.evaluate(f'[...document.querySelectorAll("{controls}")].filter(e => e.checkVisibility()).length')
    seen = set()
    for _ in range(wanted):
        style = page.evaluate(_OUTLINE)
        assert style[0] != "none", style[2]
        assert style[1] != "0px", style[2]
        seen.add(style[2])
        page.keyboard.press("Tab")
    assert len(seen) == wanted


def test_the_skip_link_leads_to_the_content(open_page: Open) -> None:
    page = open_page("/knowledge")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_language_is_switched_and_the_page_stays(open_page: Open) -> None:
    page = open_page("/knowledge/systems/ukall_r3", locale="en-GB")
    page.click("button[lang=de]")
    assert page.url.endswith("/knowledge/systems/ukall_r3")
    assert page.get_attribute("html", "lang") == "de"
    page.goto(page.url.replace("/systems/ukall_r3", ""))
    assert page.inner_text("h1") == "Wissen"


def test_the_board_keeps_what_was_entered_when_the_language_is_switched(open_page: Open) -> None:
    page = open_page("/board", locale="en-GB")
    page.click("button:text('Load the example')")
    known = page.input_value("[name=case]")
    page.click("button[lang=de]")
    assert page.get_attribute("html", "lang") == "de"
    assert page.input_value("[name=case]") == known != ""


def test_long_work_shows_that_it_goes_on_and_then_its_answer(open_page: Open) -> None:
    page = open_page("/laboratory/clones")
    page.set_input_files("#field-file", EXAMPLES / "clones" / "SJBALL031.ssm")
    page.set_input_files("#field-params", EXAMPLES / "clones" / "SJBALL031.params.json")
    page.click("button.main")
    page.wait_for_selector("ul.story", timeout=120_000)
    assert page.url.count("/laboratory/results/") == 1
    assert page.evaluate("[...document.images].length") >= 3
