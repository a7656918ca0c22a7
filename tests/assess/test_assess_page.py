"""The page for the tumour board: self-contained, safe, readable, and one A4 sheet first."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from assess_examples import EXAMPLE_FILES, EXAMPLES, NOTHING_KNOWN

from reall.report.assessment_page import as_pdf, page, report
from reall.stratify.assess import Assessment

Assessed = Callable[[str], Assessment]
ALL = [*(f.read_text() for f in EXAMPLE_FILES), NOTHING_KNOWN]


class _Seen(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def html(assessed: Assessed) -> str:
    """Write a page for all examples and for a child about whom nothing is known."""
    return page([report(assessed(text)) for text in ALL])


@pytest.fixture(scope="module")
def seen(html: str) -> _Seen:
    """Parse it."""
    return _Seen(html)


def test_nothing_is_requested_from_outside(html: str, seen: _Seen) -> None:
    assert seen.of("script", "link", "img", "iframe", "object", "embed", "form", "base") == []
    assert not any(
        "src" in attrs or "style" in attrs or any(k.startswith("on") for k in attrs) for _, attrs in seen.tags
    )
    assert all((attrs["href"] or "").startswith("#") for attrs in seen.of("a"))
    assert "url(" not in html
    assert "@import" not in html


def test_every_link_leads_somewhere(seen: _Seen) -> None:
    ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {(attrs["href"] or "")[1:] for attrs in seen.of("a")} <= set(ids)
    assert {attrs["aria-labelledby"] for _, attrs in seen.tags if "aria-labelledby" in attrs} <= set(ids)


def test_the_policy_allows_this_style_and_nothing_else(html: str, seen: _Seen) -> None:
    policy = next(a["content"] for a in seen.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style = html.split("<style>")[1].split("</style>", maxsplit=1)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "</style>"]
)
def test_text_from_a_case_is_escaped(hostile: str, assessed: Assessed) -> None:
    plain = page([report(assessed("case: x\nfacts:\n  genetics: [x]\n"))])
    quoted = hostile.replace("'", "''")
    made = page([report(assessed(f"case: '{quoted}'\nfacts:\n  genetics: ['{quoted}']\n"))])
    parsed = _Seen(made)
    assert parsed.of("script", "img") == []
    assert hostile in parsed.text
    assert made.count("</style>") == 1
    assert made.count("<") == plain.count("<")


def test_headings_never_skip_a_level(seen: _Seen) -> None:
    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_a_caption_and_scoped_headers(html: str, seen: _Seen) -> None:
    assert html.count("<table") == html.count("<caption") > 0
    assert {attrs.get("scope") for attrs in seen.of("th")} == {"row", "col"}


def test_the_page_says_its_language_and_fits_a_telephone(seen: _Seen) -> None:
    assert seen.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in seen.of("meta")


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("soft", "paper"),
        ("accent", "paper"),
        ("warn-ink", "paper"),
        ("warn-ink", "warn-band"),
        ("ink", "band"),
    ],
)
def test_contrast_is_at_least_aa(scheme: str, ink: str, paper: str, html: str) -> None:
    """WCAG 2.2 level AA asks for 4.5 to 1."""
    block = re.findall(r":root \{(.*?)\}", html, re.DOTALL)[["light", "dark", "print"].index(scheme)]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    bright, dark = sorted((_luminance(colours[ink]), _luminance(colours[paper])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_every_rule_is_given_in_words_and_sql_with_its_source(assessed: Assessed) -> None:
    text = _Seen(page([report(assessed((EXAMPLES / "very-early-t-cell.yaml").read_text()))])).text
    for said in (
        "lineage = 'T' AND site_class IN ('isolated_marrow', 'combined')",
        "lineage: T-lineage ALL",
        "the split of S3 from S4 was seen in no open source",
        "doi:",
        "draft",
        "fingerprint",
        "Not a medical device",
    ):
        assert said in text


def test_assumptions_are_printed(assessed: Assessed) -> None:
    from dataclasses import replace  # noqa: PLC0415

    done = assessed(NOTHING_KNOWN)
    done = replace(done, case=replace(done.case, assumptions=("therapy ended 24 months after diagnosis",)))
    assert "therapy ended 24 months after diagnosis" in page([report(done)])


def _weasyprint():  # type: ignore[no-untyped-def]
    try:
        import weasyprint  # noqa: PLC0415
    except OSError as error:
        pytest.skip(
            f"Pango is not installed ({str(error).splitlines()[0]}); apt-get install libpango-1.0-0 libpangoft2-1.0-0"
        )
    return weasyprint


@pytest.mark.parametrize("text", ALL, ids=[*(f.stem for f in EXAMPLE_FILES), "nothing known"])
def test_the_board_sheet_is_one_a4_page(text: str, assessed: Assessed) -> None:
    weasyprint = _weasyprint()
    board = page([report(assessed(text))]).split('<section aria-labelledby="c1-why">')[0]
    pages = weasyprint.HTML(string=board + "</article></main></body></html>").render().pages
    assert len(pages) == 1
    assert (round(pages[0].width), round(pages[0].height)) == (794, 1123)  # A4 at 96 dots per inch


def test_the_explanation_begins_on_the_second_page(assessed: Assessed) -> None:
    weasyprint = _weasyprint()
    made = page([report(assessed((EXAMPLES / "early-combined-cns.yaml").read_text()))])
    pages = weasyprint.HTML(string=made).render().pages
    assert [i for i, each in enumerate(pages) if "c1-why" in each.anchors] == [1]


def test_the_pdf_is_a_pdf(assessed: Assessed) -> None:
    _weasyprint()
    board = page([report(assessed(NOTHING_KNOWN))]).split('<section aria-labelledby="c1-why">')[0]
    assert as_pdf(board + "</article></main></body></html>").startswith(b"%PDF")
