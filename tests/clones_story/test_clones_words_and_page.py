"""The story in lines and as a page that stands alone."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from clones_made_story import example_story

from reall.clones.model import Call, Finding
from reall.plots.clone_pictures import clone_pictures
from reall.report.clones_page import clones_page
from reall.report.clones_words import one_line, story_lines


def test_the_story_answers_in_about_a_dozen_lines():
    text = story_lines(example_story(), "made")
    assert 8 <= len(text) <= 14
    story = "\n".join(text)
    for said in (
        "Origin of R1: minor subclone at diagnosis",
        "93 %",
        "cluster 2, in 8 % of cells (95 % interval 5 % to 11 %",
        "cluster 3 was below 0.4 % of cells at D",
        "lost 4; gained 3, 5; stayed 1, 2",
        "D shows clones from 1.2 % of cells",
        "NT5C2 in cluster 3, first seen R1: mercaptopurine",
        "epigenetic",
        "not a medical device",
    ):
        assert said in story, said


def test_an_undecided_origin_is_said_to_be_undecided():
    story = example_story()
    origin = replace(story.origins[0], call=Call.UNDECIDED, reason="no answer reaches 80%")
    text = "\n".join(story_lines(replace(story, origins=(origin,)), "made"))
    assert "Origin of R1: undecided, as no answer reaches 80%. Probabilities: minor" in text
    assert "R1: undecided (minor subclone at diagnosis 93 %)" in one_line(replace(story, origins=(origin,)), "made")


def test_findings_and_the_lack_of_a_pair_are_told():
    story = example_story()
    story = replace(story, origins=(), findings=(Finding("x", "warning", "Depth is low."),))
    text = "\n".join(story_lines(story, "made"))
    assert "Warning: Depth is low." in text
    assert "no pair of a diagnosis and a relapse sample" in text


class _Ids(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.tags, self.labels = [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "svg":
            self.labels.append(found.get("aria-label"))


def test_the_page_stands_alone_and_is_accessible():
    page = clones_page(example_story(), "made", pictures=clone_pictures(example_story()))
    again = clones_page(example_story(), "made", pictures=clone_pictures(example_story()))
    assert page == again  # same story, same page
    seen = _Ids()
    seen.feed(page)
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.labels == [
        "Where the relapse came from",
        "Tree of clones",
        "Clones over time",
        "Cell fractions",
        "Mutations in every sample",
    ]
    assert not re.search(r"""(?:src|href)=["']https?:""", page)
    assert "@media print" in page
    assert "prefers-color-scheme: dark" in page
    assert '<html lang="en">' in page
    for label in ("svg", "table", "main", "details"):
        assert label in seen.tags


def test_a_name_cannot_smuggle_markup_into_the_page():
    assert "<script>" not in clones_page(example_story(), "<script>alert(1)</script>")
