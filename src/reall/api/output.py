"""Answers as bytes: the one form in which every door hands them over."""

from __future__ import annotations

from typing import Any

from reall.report.to_json import dumps


def written(answer: Any) -> bytes:
    """Give an answer as the bytes that every door writes: UTF-8, two spaces, one newline at the end.

    >>> written({"lineage": "B"})
    b'{\\n  "lineage": "B"\\n}\\n'
    """
    return dumps(answer).encode() + b"\n"
