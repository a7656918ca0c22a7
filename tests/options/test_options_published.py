"""Published outcomes beside the options: each figure alone, with n, years, interval, era and clock."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from reall.library.knowledge import PublishedOutcome
from reall.plots.published import draw_published, picture
from reall.report.published import outcome_words
from reall.rules.table import Citation


def row(**more: object) -> PublishedOutcome:
    """A made-up figure; each test changes what it is about."""
    known: dict[str, object] = {
        "id": "x", "citation": Citation(source="s", at="p"), "cohort": "cohort", "era": "1990-1999",
        "clock_start": "first relapse", "stratum": "stratum", "arm": "", "applies_when": "", "system": "", "n": 40,
        "endpoint": "EFS", "years": 5.0, "estimate_pct": 50.0, "se_pct": None, "ci_low_pct": 40.0, "ci_high_pct": 60.0,
        "ci_level_pct": 95.0, "note": "",
    }  # fmt: skip
    return PublishedOutcome(**{**known, **more})  # type: ignore[arg-type]


def test_a_figure_is_said_with_everything_that_was_printed():
    words = outcome_words(row())
    for part in (
        "EFS at 5 years 50 %",
        "40",
        "95 % interval",
        "stratum",
        "cohort",
        "1990-1999",
        "clock from first relapse",
    ):
        assert part in words


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        ({}, [40.0, 60.0]),  # as printed
        ({"ci_low_pct": None, "ci_high_pct": None, "se_pct": 5.0}, [40.2, 59.8]),  # 50 ± 1.96 x 5
        (
            {"ci_low_pct": None, "ci_high_pct": None, "se_pct": 30.0, "estimate_pct": 90.0},
            [31.2, 100.0],
        ),  # kept within 100
        ({"ci_low_pct": None, "ci_high_pct": None}, None),  # nothing printed: a hollow point, no line
    ],
)
def test_the_line_is_the_printed_uncertainty(more, ends):
    ax = Figure().add_subplot()
    draw_published(ax, [row(**more)])
    lines = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2]
    assert [list(map(float, line)) for line in lines] == ([pytest.approx(ends)] if ends else [])
    assert ax.lines[-1].get_markerfacecolor() == ("black" if ends else "white")


def test_the_picture_stands_inside_the_page_and_nothing_is_drawn_of_nothing():
    assert picture([row()]).startswith("data:image/svg+xml;base64,")
    assert picture([]) == ""
    assert picture([row(estimate_pct=None)]) == ""
