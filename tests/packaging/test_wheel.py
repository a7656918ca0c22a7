"""The built wheel works outside the checkout: the knowledge ships inside the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASE = "facts: {relapse_number: 1, lineage: T, site_class: isolated_marrow, months_from_diagnosis: 30}\n"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("reall-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _reall(site: Path, elsewhere: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site), "REALL_CACHE_DIR": str(elsewhere / "cache")}
    program = "import reall, sys; from reall.cli.main import main; print(reall.__file__, file=sys.stderr); main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=elsewhere, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert str(site) in done.stderr, "the checkout was imported instead of the wheel"
    return done.stdout


def test_the_wheel_assesses_a_child_outside_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    """T-lineage marrow relapse is S4 at any time (Hunger and Raetz 2020; the split from S3 is a draft)."""
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    answer = json.loads(_reall(unpacked, tmp_path, "assess", "case.yaml", "--json"))
    assert answer["systems"]["all_rez_bfm_s"]["value"] == "S4"
    assert answer["systems"]["all_rez_bfm_s"]["knowledge_status"] == "draft"


def test_the_wheel_holds_every_file_of_the_knowledge_and_the_pages(unpacked: Path) -> None:
    package = ROOT / "src" / "reall"
    kept = {".yaml", ".json", ".csv", ".md", ".j2", ".css", ".py"}
    expected = {p.relative_to(package) for p in package.rglob("*") if p.suffix in kept or p.name == "VERSION"}
    assert not {p for p in expected if not (unpacked / "reall" / p).exists()}
