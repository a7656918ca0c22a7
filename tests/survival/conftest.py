"""Shared by the tests of survival and comparison."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reall.library.knowledge import Knowledge, open_knowledge

SHARED = Path(os.environ.get("REALL_SHARED", Path(__file__).parents[2].parent / "shared")) / "data"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Open the packaged knowledge once."""
    return open_knowledge()


def _shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{parts[0]} is not beside the project")
    return path


@pytest.fixture(scope="session")
def target_file() -> Path:
    """The clinical table of TARGET ALL Phase II."""
    return _shared("target_all", "all_phase2_target_2018_pub_clinical_data.tsv")


@pytest.fixture(scope="session")
def ebmt_folder() -> Path:
    """The folder of EBMT ALL and Kersey 1987."""
    return _shared("ebmt_all")
