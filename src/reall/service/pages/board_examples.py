"""The worked examples that the board page can load."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]
_PLACES = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples" / "cases")
"""In an installed package, and in a checkout."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One example: its name, what its comment says of it, and the case file."""

    name: str
    words: str
    text: str


@functools.cache
def examples() -> dict[str, Example]:
    """Read the examples once; none where they are not installed."""
    folder = next((place for place in _PLACES if place.is_dir()), None)
    files = sorted(folder.iterdir()) if folder else []
    found = (_example(path) for path in files if path.suffix in {".yaml", ".json"})
    return {example.name: example for example in found}


def _example(path: Path) -> Example:
    text = path.read_text(encoding="utf-8")
    comments = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
    return Example(name=path.stem, words=" ".join(comments[1:]), text=text)
