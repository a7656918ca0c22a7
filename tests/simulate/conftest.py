"""Shared by the tests of simulated and de-identified registries."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from reall.cohort.simulate.run import simulated_batches
from reall.library.knowledge import Knowledge, open_knowledge
from reall.library.simulation import load_presets


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Open the packaged knowledge once."""
    return open_knowledge()


@pytest.fixture(scope="session")
def simulated(knowledge: Knowledge) -> pa.Table:
    """Draw about 250,000 rows with nothing missing."""
    batches = simulated_batches(knowledge, seed=1, missing=load_presets()["none"])
    return pa.Table.from_batches(list(itertools.islice(batches, 6)))
