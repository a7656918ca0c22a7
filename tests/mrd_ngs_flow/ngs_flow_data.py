"""Where the tests find real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("REALL_SHARED", ROOT.parent / "shared")) / "data"


def shared(path: str) -> Path:
    """Give a file of the shared data, or skip the test."""
    if not (SHARED / path).exists():
        pytest.skip(f"real data {path} is not here (set REALL_SHARED)")
    return SHARED / path
