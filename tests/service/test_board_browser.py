"""The board page in a browser: answers while typing, what-if, keyboard, no scripts, paper, small and dark screens."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pypdf
import pytest
from board_support import BETWEEN_CUT_OFFS, answers_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[..., "Page"]
LEVEL = 'input[name="mrd.0.level_fraction"]'
A4_WIDTH_PIXELS = 794  # 210 mm at 96 pixels per inch
TARGET_PIXELS = 24  # WCAG 2.2, success criterion 2.5.8


def _load(page: Page, example: str = BETWEEN_CUT_OFFS) -> None:
    page.select_option("#example", example)
    page.get_by_role("button", name="Load the example").click()
    page.locator("#groups-head").wait_for()


def _answered(page: Page, act: Callable[[], object]) -> None:
    """Do something, and wait until the answers to it are on the page."""
    with page.expect_response("**/board/answers"):
        act()
    page.wait_for_timeout(100)


# Transplant answers of a late marrow relapse by its MRD level. The cut-offs are 1e-4 in UKALL R3 and IntReALL arm B and
# 1e-3 in ALL-REZ BFM 2002, IntReALL arm A and ALL-R08, each "at or above" (knowledge/systems, with their sources).
CUT_OFFS = [
    ("9.99e-5", "no", "no"),
    ("1e-4", "yes", "no"),
    ("1.01e-4", "yes", "no"),
    ("9.99e-4", "yes", "no"),
    ("1e-3", "yes", "yes"),
    ("1.01e-3", "yes", "yes"),
]


def test_transplant_answers_move_with_mrd_at_both_cut_offs(open_page: Open) -> None:
    """Just below, at, and just above each cut-off, typed into the field; the change is said aloud."""
    page = open_page("/board")
    _load(page)
    for level, at_1e4, at_1e3 in CUT_OFFS:
        _answered(page, lambda level=level: page.fill(LEVEL, level))
        answers = answers_of(page.content(), "transplant-head")
        assert (answers["UKALL R3"], answers["IntReALL SR 2010, arm B"]) == (at_1e4, at_1e4), level
        assert (answers["ALL-REZ BFM 2002"], answers["ALL-R08-II"]) == (at_1e3, at_1e3), level
    _answered(page, lambda: page.fill(LEVEL, "9.99e-5"))
    assert "Changed:" in page.locator("[role=status]").inner_text()
    assert page.locator("tr.changed").count() >= 4
    assert page.locator(LEVEL).input_value() == "9.99e-5"


def test_while_a_number_is_half_typed_the_fault_stands_beside_it_and_goes_away(open_page: Open) -> None:
    page = open_page("/board")
    _load(page)
    _answered(page, lambda: page.fill(LEVEL, "5e-"))
    assert "'5e-' is not a number" in page.locator("#e-mrd-0").inner_text()
    assert "counts as unknown in these answers" in page.locator("#answers").inner_text()
    _answered(page, lambda: page.fill(LEVEL, "5e-4"))
    assert page.locator("#e-mrd-0").inner_text() == ""


def test_an_unknown_lineage_is_asked_first_and_its_button_answers_it(open_page: Open) -> None:
    """The systems say what they need; pressing an answer fills the field in, and the next question comes."""
    page = open_page("/board")
    _load(page, "lineage-unknown")
    assert page.locator("#f-lineage").input_value() == ""
    assert "Which lineage" in page.locator("#question").inner_text()
    before = answers_of(page.content(), "groups-head")
    page.locator("#question").get_by_role("button", name="T-lineage ALL").click()
    page.locator("#question").wait_for()
    assert page.locator("#f-lineage").input_value() == "T"
    assert "Which lineage" not in page.locator("#question").inner_text()
    after = answers_of(page.content(), "groups-head")
    assert before["ALL-REZ BFM"] != "S4"
    assert after["ALL-REZ BFM"] == "S4"  # Hunger and Raetz 2020: any marrow relapse of T-lineage ALL


def test_what_if_stands_beside_the_case_and_never_becomes_it(open_page: Open) -> None:
    page = open_page("/board")
    _load(page)
    page.select_option("#change", "mrd_end_of_reinduction_block1_level_fraction")
    page.get_by_role("button", name="Change it").click()
    _answered(page, lambda: page.fill("#w-mrd_end_of_reinduction_block1_level_fraction", "1e-3"))
    assert "What if – not the case" in page.locator("#answers").inner_text()
    row = page.locator('section:has(#transplant-head) tr:has(th:has-text("ALL-REZ BFM 2002"))')
    assert row.locator("td.answer").inner_text().startswith("no")
    assert row.locator("td.differs").inner_text().startswith("yes")
    assert page.locator(LEVEL).input_value() == "5e-4"
    with page.expect_download() as taken:
        page.get_by_role("button", name="Case (YAML)").click()
    assert "1e-3" not in taken.value.path().read_text()


def test_keyboard_alone_loads_an_example_and_changes_an_answer(open_page: Open) -> None:
    """Tab, arrows and Enter; the focus is always to be seen and does not get lost when the answers change."""
    page = open_page("/board")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    _tab_to(page, "#example")
    page.keyboard.type("late marrow")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#groups-head").wait_for()
    _tab_to(page, 'input[name="fact.prior_allo_hsct"]')
    style = page.evaluate("getComputedStyle(document.activeElement.nextElementSibling).outlineStyle")
    assert style == "solid"
    _answered(page, lambda: page.keyboard.press("ArrowLeft"))
    assert (
        page.evaluate("document.activeElement.name + '=' + document.activeElement.value") == "fact.prior_allo_hsct=yes"
    )
    assert "Changed:" in page.locator("[role=status]").inner_text()
    _tab_to(page, "#answers summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('details').open")


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def test_enter_in_a_field_shows_the_answers_and_removes_nothing(open_page: Open) -> None:
    page = open_page("/board", java_script_enabled=False)
    _load(page)
    page.fill(LEVEL, "1e-3")
    page.press(LEVEL, "Enter")
    assert page.locator(LEVEL).input_value() == "1e-3"
    assert answers_of(page.content(), "transplant-head")["ALL-REZ BFM 2002"] == "yes"


def test_without_scripts_every_part_of_the_page_works(open_page: Open) -> None:
    page = open_page("/board", java_script_enabled=False)
    _load(page, "lineage-unknown")
    page.select_option("#f-lineage", "T")
    page.get_by_role("button", name="Show the answers").click()
    assert answers_of(page.content(), "groups-head")["ALL-REZ BFM"] == "S4"
    page.get_by_role("button", name="Add an MRD result").click()
    assert page.locator(LEVEL).is_visible()
    page.select_option("#change", "lineage")
    page.get_by_role("button", name="Change it").click()
    page.select_option("#w-lineage", "B")
    page.get_by_role("button", name="Show the answers").click()
    assert page.locator("td.differs").count() > 0


def test_the_report_prints_its_first_part_on_one_a4_sheet(open_page: Open) -> None:
    page = open_page("/board")
    _load(page)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Report for print").click()
    report = opened.value
    report.wait_for_load_state()
    assert report.evaluate("getComputedStyle(document.body).maxWidth") != "none", "the report's own style is refused"
    pages = [sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(report.pdf(prefer_css_page_size=True))).pages]
    assert "Knowledge" in pages[0]
    assert "Explanation of each group" not in pages[0]
    assert "Explanation of each group" in pages[1]


def test_the_pdf_is_tagged_for_screen_readers(open_page: Open) -> None:
    page = open_page("/board")
    _load(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Report as PDF").click()
    root = pypdf.PdfReader(taken.value.path()).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, A4_WIDTH_PIXELS, 1400])
def test_nothing_is_wider_than_the_screen_and_nothing_too_small_to_hit(
    open_page: Open, width: int, scheme: str
) -> None:
    page = open_page("/board", viewport={"width": width, "height": 900}, color_scheme=scheme)
    _load(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """([least, targets]) => [...document.querySelectorAll(targets)].filter(e => e.checkVisibility())
        .map(e => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
        .filter(([, box]) => box.height < least || box.width < least)
        .map(([words, box]) => words + ' ' + box.height)""",
        [TARGET_PIXELS, "main :is(button, select, summary, input:not([type=hidden], [type=radio]), .buttons span)"],
    )
    assert small == []
