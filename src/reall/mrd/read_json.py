"""JSON as laboratory programs write it: read whole and strictly, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reall.base.errors import UnusableLaboratoryData


def load_json(path: Path, *, next_step: str) -> Any:
    """Read one JSON document of any size.

    Raises:
        UnusableLaboratoryData: the file cannot be opened, is not UTF-8 or not JSON (truncated), holds NaN or
            Infinity, or is nested too deeply; `next_step` says what to do then.
    """

    def refuse(token: str) -> float:
        raise ValueError(f"{token} is not a number")

    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableLaboratoryData(
            f"The file cannot be read as JSON ({error}).",
            where=str(path),
            why="It may be truncated; a part of the numbers would pass for all of them.",
            next=next_step,
        ) from error
