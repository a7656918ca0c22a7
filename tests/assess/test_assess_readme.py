"""What the README shows is what the program does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from assess_examples import EXAMPLES, Ran

Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    shlex.split(line.split("#")[0])[1:]
    for language, block in BLOCKS
    if language == "sh"
    for line in block.splitlines()
    if line.startswith("reall assess")
]


def test_the_case_is_the_one_in_the_examples() -> None:
    assert next(block for language, block in BLOCKS if language == "yaml") == (EXAMPLES / "ten-lines.yaml").read_text()


def test_the_screen_is_what_the_program_prints(reall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the first line, which names the version of the knowledge."""
    monkeypatch.chdir(ROOT)
    shown = next(block for language, block in BLOCKS if language == "" and "RELAPSE" in block)
    printed = reall("assess", "examples/cases/ten-lines.yaml").out
    assert shown.splitlines()[1:] == printed.splitlines()[1:]


def test_the_error_is_what_the_program_says(reall: Run) -> None:
    assert reall("assess", "-", stdin=b"facts: {linage: B}\n").err.strip() in README


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_works(arguments: list[str], reall: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    files = [str(f) for a in arguments for f in sorted(Path().glob(a))] if any("*" in a for a in arguments) else []
    given = [f for a in arguments for f in (files if "*" in a else [a])]
    assert reall(*given).code == 0


def test_every_page_that_is_linked_exists() -> None:
    for page in ("README.md", "ARCHITECTURE.md", "examples/README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"
