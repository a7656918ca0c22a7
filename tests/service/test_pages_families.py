"""Pages for families in English and German: general, plain, the same topics and sources."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from reall.library.knowledge import open_knowledge

PAGES = open_knowledge().therapy.pages


def lix(text: str) -> float:
    """Give Björnsson's readability index (1968): words per sentence plus percent of words of more than six letters.

    By hand: 8 words in 2 sentences, 2 of them long ("schläft", "Strahlen"): 8 / 2 + 100 * 2 / 8.

    >>> lix("Das Kind schläft. Die Strahlen tun nicht weh.")
    29.0
    """
    words = re.findall(r"[^\W\d_]+", text)
    sentences = len(re.findall(r"[.?!:](?:\s|$)", text))
    return len(words) / sentences + 100 * sum(len(word) > 6 for word in words) / len(words)


@pytest.mark.parametrize("topic", PAGES)
def test_every_page_has_german_words_of_the_same_build(topic: str) -> None:
    page, german = PAGES[topic], PAGES[topic].in_language("de")
    assert german.title != page.title
    assert len(german.paragraphs) == len(page.paragraphs)
    assert len(german.questions) == len(page.questions)
    assert german.status == "draft", "no clinician has read a translation yet"


@pytest.mark.parametrize("topic", PAGES)
def test_german_pages_read_easily(topic: str) -> None:
    """Index up to 50: what Björnsson calls middling, as in a newspaper; each sentence stays short."""
    german = PAGES[topic].in_language("de")
    text = " ".join((*german.paragraphs, *german.questions))
    assert lix(text) <= 50
    assert max(len(sentence.split()) for sentence in re.split(r"(?<=[.?!:])\s", text)) <= 25


@pytest.mark.parametrize("topic", PAGES)
def test_german_pages_give_no_figures_or_doses(topic: str) -> None:
    assert not re.search(r"\d+ ?%|mg|µg|Gy\b", " ".join(PAGES[topic].in_language("de").paragraphs))


def test_a_language_that_nobody_translated_into_is_answered_in_english() -> None:
    assert PAGES["relapse"].in_language("fr") is PAGES["relapse"]


@pytest.mark.parametrize("topic", PAGES)
def test_a_page_is_general_names_its_sources_and_says_that_the_translation_is_a_draft(
    client: TestClient, topic: str
) -> None:
    english = client.get(f"/families/{topic}", headers={"accept-language": "en"}).text
    german = client.get(f"/families/{topic}", headers={"accept-language": "de"}).text
    assert "It is not about one child and gives no advice." in english
    assert 'class="draft"' not in english
    assert "Sie handelt nicht von einem bestimmten Kind und gibt keinen Rat." in german
    assert "Noch hat sie keine Ärztin und kein Arzt gelesen." in german
    for key in PAGES[topic].sources:
        assert f"/knowledge/sources/{key}" in english
        assert f"/knowledge/sources/{key}" in german


def test_the_list_holds_every_topic(client: TestClient) -> None:
    page = client.get("/families").text
    assert all(f'href="/families/{topic}"' in page for topic in PAGES)
    assert client.get("/families/nothing").status_code == 404
