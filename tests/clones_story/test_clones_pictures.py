"""Every picture takes an Axes and gives it back, says what it shows in words, and shows what is not sure."""

import numpy as np
import pytest
from clones_made_story import FRACTIONS, PARENTS, example_story
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reall.base.written import percent
from reall.plots import clone_fish
from reall.plots.clone_fish import describe_fish, draw_fish
from reall.plots.clone_fractions import describe_cell_fractions, draw_cell_fractions
from reall.plots.clone_matrix import describe_mutation_matrix, draw_mutation_matrix
from reall.plots.clone_origin import describe_origin, draw_origin
from reall.plots.clone_style import columns_in_time, parent_probability
from reall.plots.clone_tree import describe_tree, draw_tree

PICTURES = [
    (draw_tree, describe_tree),
    (draw_fish, describe_fish),
    (draw_cell_fractions, describe_cell_fractions),
    (draw_mutation_matrix, describe_mutation_matrix),
    (draw_origin, describe_origin),
]


@pytest.mark.parametrize(("draw", "describe"), PICTURES)
@pytest.mark.parametrize("remission", [False, True])
def test_a_picture_fills_the_axes_it_is_given_and_has_words(draw, describe, remission):
    story = example_story(remission=remission)
    ax = Figure().subplots()
    assert isinstance(draw(ax, story), Axes)
    assert ax.has_data() or ax.patches
    ax.get_figure().canvas.draw()
    assert len(describe(story)) > 40


def written(ax):
    texts = [text.get_text() for text in ax.texts] + [ax.get_title(), ax.get_title("left"), ax.get_xlabel()]
    return " ".join(texts)


def test_the_tree_shows_the_probability_of_each_branch_and_the_other_parent():
    ax = draw_tree(Figure().subplots(), example_story())
    assert "70 %" in written(ax)
    assert "cluster 5 descends from cluster 3 (70 %), or from cluster 2 30 %" in describe_tree(example_story())
    assert "NT5C2" in written(ax)


def test_the_fish_declares_its_interpolation_and_the_remission_nobody_sequenced():
    ax = draw_fish(Figure().subplots(), example_story())
    assert clone_fish.DECLARED in written(ax)
    assert "not sequenced" in ax.get_xticklabels()[1].get_text()
    assert "not sequenced" in describe_fish(example_story())
    assert "not sequenced" not in describe_fish(example_story(remission=True))


def test_bands_of_the_fish_stay_inside_their_parent_and_add_up():
    story = example_story()
    moments = clone_fish._moments(story)
    grid = np.linspace(0, len(moments) - 1, 60 * (len(moments) - 1) + 1)
    bands = clone_fish._bands(PARENTS, clone_fish._fractions(FRACTIONS, PARENTS, moments, grid))
    for child, parent in enumerate(PARENTS, start=1):
        if parent:
            assert (bands[child][0] >= bands[parent][0] - 1e-9).all()
            assert (bands[child][1] <= bands[parent][1] + 1e-9).all()
    at_diagnosis = 60
    low, high = bands[4]
    # measured 45 % of cells, 96 % of which are leukaemic: 0.45 / 0.96 of the leukaemia
    assert high[at_diagnosis] - low[at_diagnosis] == pytest.approx(0.45 / 0.96)


def test_samples_come_in_time_and_xenografts_last():
    story = example_story(remission=True)
    names = [story.reads.samples[c].name for c in columns_in_time(story, xenografts=True)]
    assert names == ["D", "CR", "R1", "Relapse Xeno 1"]


def test_a_position_without_reads_is_marked_not_shaded():
    ax = draw_mutation_matrix(Figure().subplots(), example_story())
    crosses, dots = ax.collections
    np.testing.assert_array_equal(crosses.get_offsets(), [[0, 2]])  # the third variant of the trunk, at diagnosis
    assert len(dots.get_offsets()) == 15  # 3 variants each: clusters 3 and 5 at D, 4 at R1, 4 and 5 in the xenograft


def test_branch_probabilities_sum_to_one_for_each_cluster():
    np.testing.assert_allclose(parent_probability(example_story())[:, 1:].sum(axis=0), 1.0)


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "0 %"), (0.0004, "< 0.1 %"), (0.012, "1.2 %"), (0.492, "49 %"), (1, "100 %")]
)
def test_a_percent_is_written_as_far_as_it_is_known(fraction, text):
    assert percent(fraction) == text
