"""What the pictures of a clonal story share: colours, order in time, probabilities of branches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reall.clones.model import Role, Sample, Story, Tree

# Okabe and Ito's set can be told apart with any colour vision; from the ninth cluster on the lighter set
# follows, and every picture also writes the number of the cluster.
_DARK = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B", "#7F7F7F")
_LIGHT = ("#7FB8D8", "#EAAE7F", "#7FCEB9", "#E5BCD3", "#F2CF7F", "#AAD9F4", "#C5AAA5", "#BFBFBF")
_DEEP = ("#003A5C", "#6B2F00", "#00503A", "#6B2F55", "#735000", "#1B567A", "#46261F", "#3F3F3F")

_ORDER = {Role.DIAGNOSIS: 0, Role.REMISSION: 1, Role.RELAPSE: 2, Role.OTHER: 3, Role.XENOGRAFT: 4}


def colour_of(cluster: int) -> str:
    """Give the colour of a cluster, the same in every picture; cluster 0, the normal cells, is grey."""
    if cluster == 0:
        return "#999999"
    palette = (*_DARK, *_LIGHT, *_DEEP)
    return palette[(cluster - 1) % len(palette)]


def columns_in_time(story: Story, *, xenografts: bool = False) -> tuple[int, ...]:
    """List the columns of the samples in time: by day where every one has a day, else by role and number."""
    samples = story.reads.samples
    chosen = [column for column, sample in enumerate(samples) if xenografts or sample.role is not Role.XENOGRAFT]
    if all(samples[column].day is not None for column in chosen):
        return tuple(sorted(chosen, key=lambda column: (samples[column].day or 0.0, column)))
    return tuple(sorted(chosen, key=lambda column: _rank(samples[column], column)))


def _rank(sample: Sample, column: int) -> tuple[int, int, int]:
    grown_from = _ORDER[sample.grown_from] if sample.grown_from is not None else 0
    return (_ORDER[sample.role] * 10 + grown_from, sample.number, column)


def best_tree(story: Story) -> Tree:
    """Give the most probable tree."""
    return story.posterior.trees[0]


def parent_probability(story: Story) -> NDArray[np.float64]:
    """Give (K + 1, K + 1): the probability that the row's cluster is the parent of the column's.

    Summed over the trees listed in the story, so it is a lower bound where the list was cut.
    """
    size = len(story.clusters) + 1
    probability = np.zeros((size, size))
    for tree in story.posterior.trees:
        for child, parent in enumerate(tree.parents, start=1):
            probability[parent, child] += tree.probability
    return probability


def genes_of(story: Story, cluster: int) -> tuple[str, ...]:
    """Name the resistance genes hit in a cluster, once each."""
    return tuple(dict.fromkeys(hit.gene for hit in story.resistance if hit.cluster == cluster))
