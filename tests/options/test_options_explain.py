"""Pages for families: general, in plain words. Grades by two published scores that need no dictionary."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from reall.cli.explain import command
from reall.library.knowledge import open_knowledge

PAGES = open_knowledge().therapy.pages
TOPICS = {"relapse", "sites", "reinduction", "cns_therapy", "transplant", "targeted_therapy", "immunotherapy",
          "radiation", "trials"}  # fmt: skip


def grades(text: str) -> tuple[float, float]:
    """Give the US school grade by Coleman and Liau (1975) and by the automated readability index (Smith 1967)."""
    sentences = len(re.findall(r"[.?!](?:\s|$)", text))
    words = re.findall(r"[A-Za-z0-9'-]+", text)
    letters = sum(len(re.sub(r"[^A-Za-z0-9]", "", word)) for word in words)
    per_word, sentences_per_word = letters / len(words), sentences / len(words)
    coleman_liau = 5.88 * per_word - 29.6 * sentences_per_word - 15.8
    readability_index = 4.71 * per_word + 0.5 / sentences_per_word - 21.43
    return coleman_liau, readability_index


def test_every_topic_of_the_issue_has_a_page():
    assert set(PAGES) == TOPICS


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_page_reads_at_grade_6_to_8(topic):
    page = PAGES[topic]
    text = " ".join((*page.paragraphs, *page.questions))
    mean = sum(grades(text)) / 2
    assert 5.5 <= mean < 8.5, grades(text)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_page_is_general_and_gives_no_figures_or_doses(topic):
    text = " ".join(PAGES[topic].paragraphs)
    assert not re.search(r"\d+ ?%|mg|µg|Gy\b", text)
    assert PAGES[topic].questions


def test_the_scores_agree_with_worked_examples():
    """Coleman and Liau's own worked passage is not at hand; checked by hand on one sentence.

    "The cat sat on the mat." has 6 words, 17 letters, 1 sentence: 5.88 x 17/6 - 29.6/6 - 15.8 = -4.07;
    4.71 x 17/6 + 3 - 21.43 = -5.085.
    """
    assert grades("The cat sat on the mat.") == (pytest.approx(-4.0733, abs=1e-3), pytest.approx(-5.085, abs=1e-3))


def test_explain_finds_a_page_by_another_word_and_lists_topics():
    run = CliRunner()
    assert "stem cell transplant" in run.invoke(command, ["HSCT"]).output.lower()
    listed = run.invoke(command, []).output
    assert all(topic in listed for topic in TOPICS)


def test_an_unknown_topic_is_answered_with_the_nearest():
    result = CliRunner().invoke(command, ["tranplant"])
    assert "transplant" in str(result.exception)


def test_the_printed_pages_hold_every_topic_once_and_ask_nothing_of_the_network(tmp_path):
    page = tmp_path / "family.html"
    assert CliRunner().invoke(command, ["--html", str(page)]).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<article") == len(TOPICS)
    assert text.count("gives no advice") == len(TOPICS)
    assert "src=" not in text
    assert "<script" not in text
