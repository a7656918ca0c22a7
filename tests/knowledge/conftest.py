"""A small copy of the real knowledge, to be harmed by tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reall.library.compile import load_sources
from reall.library.files import PACKAGED

KEPT_SYSTEMS = ("sj18_time", "mrc_time_30", "intreall_2010")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the definitions and three systems; sources that only the rest uses are listed as not used."""
    root = tmp_path / "knowledge"
    for part in ("definitions", "vocabulary", "sources", "schema"):
        shutil.copytree(PACKAGED / part, root / part)
    for system in KEPT_SYSTEMS:
        shutil.copytree(PACKAGED / "systems" / system, root / "systems" / system)
    outcomes = Path("outcomes") / "published_outcomes.csv"
    (root / "outcomes").mkdir()
    header = (PACKAGED / outcomes).read_text(encoding="utf-8").splitlines()[0]
    (root / outcomes).write_text(header + "\n", encoding="utf-8")
    (root / "sources" / "not_used.md").write_text("\n".join(load_sources(root)), encoding="utf-8")
    shutil.copy(PACKAGED / "VERSION", root / "VERSION")
    return root
