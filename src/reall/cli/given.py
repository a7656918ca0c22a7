"""Files named on the command line; `-` is standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from reall.api.inputs import File

STDIN = "-"


def case_given(name: str) -> str | File:
    """Give a case file by its name; standard input is read."""
    return File("standard input", sys.stdin.buffer.read()) if name == STDIN else name


def data_given(path: Path) -> Path | File:
    """Give a file of laboratory data; the kind of standard input is told from its first bytes."""
    if str(path) != STDIN:
        return path
    content = sys.stdin.buffer.read()
    return File(f"standard-input{_ending(content)}", content)


def _ending(content: bytes) -> str:
    first_line = content[:4096].partition(b"\n")[0]
    if content.startswith(b"FCS"):
        return ".fcs"
    if content.lstrip()[:1] == b"{":
        return ".vidjil"
    if content.startswith(b"PK") or b"<" in content[:5]:
        return ".rdml"
    return ".tsv" if b"junction" in first_line else ".csv"
