"""Shared by the tests of the registry room."""

from __future__ import annotations

import pytest

from reall.library.knowledge import Knowledge, open_knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """Open the packaged knowledge once."""
    return open_knowledge()
