"""The examples as the tests use them, and what a run of the command gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
EXAMPLE_FILES = sorted(EXAMPLES.iterdir())

NOTHING_KNOWN = "facts: {}\n"


@dataclass(frozen=True)
class Ran:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str
