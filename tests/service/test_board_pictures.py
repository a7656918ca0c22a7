"""The board's plain pictures: what they draw, said in words, and what they leave out."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from reall.plots.icon_array import Share, icon_array
from reall.plots.mrd_samples import CutOff, Level, mrd_samples
from reall.plots.published_curve import Figure, published_curve
from reall.plots.svg import inline_svg
from reall.plots.timeline import Moment, Stretch, timeline

SVG = "{http://www.w3.org/2000/svg}"


def _children(svg: str, kind: str) -> int:
    """Count the heads drawn in one colour; each child's outline begins with one `M`."""
    paths = [path for path in ET.fromstring(svg).iter(f"{SVG}path") if path.get("class") == kind]
    return sum(path.get("d", "").count("M") for path in paths)


@pytest.mark.parametrize(
    ("share", "full", "in_part"),
    [(0.0, 0, 0), (0.4, 0, 1), (1.0, 1, 0), (62.5, 62, 1), (99.9, 99, 1), (100.0, 100, 0)],
)
def test_as_many_children_are_filled_as_the_figure_says(share: float, full: int, in_part: int) -> None:
    svg = icon_array(Share(words="x", of_100=share))
    assert _children(svg, "mark") == full
    assert _children(svg, "pale") == 100 - full
    assert sum(1 for _ in ET.fromstring(svg).iter(f"{SVG}rect")) == in_part


def test_the_printed_interval_marks_the_children_it_leaves_open() -> None:
    """48.2 to 74 touches the 49th to the 74th child."""
    svg = icon_array(Share(words="x", of_100=62.0, low=48.2, high=74.0))
    assert sum(1 for _ in ET.fromstring(svg).iter(f"{SVG}rect")) == 74 - 48
    assert _children(svg, "mark") == 48
    assert _children(svg, "band") == 62 - 48


def test_a_level_above_a_cut_off_stands_above_its_line() -> None:
    svg = ET.fromstring(
        mrd_samples([Level(words=("a",), low=1e-3, high=1e-3, point=1e-3)], [CutOff(fraction=1e-4, words="c")])
    )
    (dot,) = svg.iter(f"{SVG}circle")
    (cut,) = (line for line in svg.iter(f"{SVG}line") if line.get("class") == "cut")
    assert float(dot.get("cy", "")) < float(cut.get("y1", ""))


def test_below_detection_is_a_span_with_an_arrow_and_never_a_point() -> None:
    svg = ET.fromstring(mrd_samples([Level(words=("a",), low=0, high=1e-4, sensitivity=1e-4)], []))
    assert list(svg.iter(f"{SVG}circle")) == []
    assert len(list(svg.iter(f"{SVG}path"))) == 1


def test_nothing_known_is_no_picture() -> None:
    assert mrd_samples([], [CutOff(fraction=1e-4, words="c")]) == ""
    assert timeline([], []) == ""
    assert published_curve([]) == ""


def test_words_on_the_line_of_time_do_not_overlap() -> None:
    moments = [Moment(words=f"event number {i}", at=i / 10) for i in range(6)]
    svg = ET.fromstring(timeline([Stretch(words="therapy", begin=0, end=24)], moments))
    rows = [t.get("y") for t in svg.iter(f"{SVG}text") if (t.text or "").startswith("event")]
    assert len(set(rows)) == len(rows)


def test_pictures_say_in_words_what_they_show_and_take_any_text() -> None:
    nasty = "<b>&\"'"
    for svg in (
        timeline([], [Moment(words=nasty, at=1)]),
        mrd_samples([Level(words=(nasty,), low=0, high=1)], []),
        published_curve([Figure(number=1, words=nasty, years=5, percent=50)]),
        icon_array(Share(words=nasty, of_100=50)),
    ):
        assert nasty in ET.fromstring(svg).get("aria-label", "")
        assert "<b>" not in svg


def test_drawn_pictures_carry_attributes_in_place_of_styles() -> None:
    """A page under the service's policy shows no inline style."""
    svg = inline_svg("a line", lambda ax: (ax.plot([0, 1], [0, 1], label="x"), ax.legend(), ax)[-1], inches=(3, 2))
    assert "style" not in svg
    assert re.search(r'stroke="#\w{6}"', svg)
    assert re.search(r'font-size="\d', svg)
