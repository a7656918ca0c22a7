"""The reader's language: chosen, remembered, complete; no word of ours escapes the catalogues."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from string import Formatter

import pytest
from fastapi.testclient import TestClient
from pages_catalogue import MESSAGES, catalogue, gathered
from pages_support import every_page

from reall.library.knowledge import open_knowledge
from reall.service.app import create_app
from reall.service.pages import rendering
from reall.service.pages.language import LANGUAGES
from reall.service.settings import Settings

HOME = Settings().base_url
GATHERED = {(m.id, m.context) for m in gathered() if m.id}
RUN = "run python tests/service/pages_catalogue.py, then translate what is new"
OTHERS = sorted(set(LANGUAGES) - {"en"})


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_complete(language: str) -> None:
    """Every message is translated, none is fuzzy, none is left over."""
    known = {(m.id, m.context): m for m in catalogue(language) if m.id}
    assert sorted(map(str, GATHERED - known.keys())) == [], RUN
    assert sorted(map(str, known.keys() - GATHERED)) == []
    assert [m.id for m in known.values() if m.fuzzy] == []
    assert [m.id for m in known.values() if not all(_forms(m.string))] == []


def test_the_template_of_catalogues_is_fresh() -> None:
    text = (MESSAGES / "messages.pot").read_text(encoding="utf-8")
    assert text.count("\nmsgid ") - 1 == len(GATHERED), RUN


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_the_same_places_for_values(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            wanted = set().union(*map(_places, _forms(message.id)))
            for text in _forms(message.string):
                assert _places(text) <= wanted, message.id
            assert _places(_forms(message.string)[-1]) == _places(_forms(message.id)[-1]), message.id


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> set[str]:
    percent = set(re.findall(r"%\((\w+)\)s", text))
    return percent or {name for _, name, _, _ in Formatter().parse(text.replace("%%", "")) if name}


@pytest.mark.parametrize(
    ("cookie", "asked", "shown"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr,it", "en"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("xx", "de", "de"),
    ],
)
def test_the_language_is_the_chosen_one_then_the_browsers_then_english(cookie: str, asked: str, shown: str) -> None:
    with TestClient(create_app(Settings()), base_url=HOME, cookies={"language": cookie} if cookie else {}) as client:
        page = client.get("/families", headers={"accept-language": asked})
        assert f'<html lang="{shown}">' in page.text


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("/knowledge/facts/lineage", "/knowledge/facts/lineage"),
        ("/knowledge?q=late", "/knowledge?q=late"),
        ("//elsewhere.example/x", "/"),
        ("https://elsewhere.example/x", "/"),
        ("/\\elsewhere.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_the_switch_goes_back_to_the_page_and_nowhere_else(client: TestClient, page: str, back: str) -> None:
    answer = client.post("/language", data={"language": "de", "page": page}, follow_redirects=False)
    client.cookies.clear()
    assert answer.status_code == 303
    assert answer.headers["location"] == back
    assert answer.headers["set-cookie"].startswith("language=de;")
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_a_language_that_is_not_ours_is_ignored(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "xx", "page": "/"}, follow_redirects=False)
    assert "set-cookie" not in answer.headers


class _Marking(gettext.NullTranslations):
    """Puts every message between brackets, so that what stands outside them never went through a catalogue."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class _Outside(HTMLParser):
    """Collects the words of a page that stand outside brackets, outside code, and outside parts said to be English."""

    EMPTY = frozenset({"meta", "link", "br", "input", "img", "hr"})
    SPOKEN = ("alt", "aria-label", "placeholder", "title")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.depth = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        not_ours = tag in {"code", "script", "style", "textarea", "title"} or (said.get("lang") or "de") != "de"
        if tag not in self.EMPTY:
            self.open.append(not_ours)
        if not any(self.open) and not not_ours:
            for name in self.SPOKEN:
                self._collect(said.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self._collect(data, outside=any(self.open))

    def _collect(self, text: str, *, outside: bool = False) -> None:
        kept = []
        for sign in text:
            self.depth += (sign == "⟦") - (sign == "⟧")
            kept.append(sign if self.depth == 0 and sign != "⟧" else " ")
        if not outside:
            self.found += re.findall(r"[^\W\d_]{2,}(?:[-_.:+/][\w.:+/-]+)*\S*", "".join(kept))


# Names that are the same in every language: ids and keys of the knowledge, units, methods, product and file names.
ALLOWED = re.compile(
    r"ReALL|English|Deutsch|DOI|PMID|Cq|ng|CSV|VCF|MAF|YAML|JSON|MRD|ng|hg\d+|NCT\d+|\w*[_\d:<>=/]\w*\S*|https?:\S+|[A-Z]{2,}\S*|IntReALL|RxNorm"
)

FAMILY_WORDS = {
    word
    for page in open_knowledge().therapy.pages.values()
    for text in (page.in_language("de").title, *page.in_language("de").paragraphs, *page.in_language("de").questions)
    for word in re.findall(r"\S+", text)
}
"""The knowledge's own German words."""


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Give the service with every message of the German catalogue between brackets."""
    monkeypatch.setattr(rendering, "translations", lambda _: _Marking())
    rendering.speech_of.cache_clear()
    rendering._environment.cache_clear()
    with TestClient(create_app(Settings()), base_url=HOME, cookies={"language": "de"}) as client:
        yield client
    rendering.speech_of.cache_clear()
    rendering._environment.cache_clear()


def test_no_word_of_ours_escapes_the_catalogues(marked: TestClient) -> None:
    """The board shows words of the knowledge, in English, and says so; its own words are in the catalogue test."""
    escaped = {}
    for path in every_page():
        if path == "/board":
            continue
        reader = _Outside()
        reader.feed(marked.get(path).text)
        left = sorted({word for word in reader.found if not ALLOWED.fullmatch(word)} - FAMILY_WORDS)
        if left:
            escaped[path] = left
    assert escaped == {}
