"""Files of the MRD subcommands; `-` reads standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def opened(file: Path) -> Iterator[Path]:
    """Give a readable path; standard input is kept in a file for as long as it is read."""
    if str(file) != "-":
        yield file
        return
    content = sys.stdin.buffer.read()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"standard-input{_ending(content)}"
        path.write_bytes(content)
        yield path


def _ending(content: bytes) -> str:
    """Tell the kind of a file from its first bytes, for readers that go by the ending of the name."""
    first_line = content[:4096].partition(b"\n")[0]
    if content.startswith(b"FCS"):
        return ".fcs"
    if content.lstrip()[:1] == b"{":
        return ".vidjil"
    if content.startswith(b"PK") or b"<" in content[:5]:
        return ".rdml"
    return ".tsv" if b"junction" in first_line else ".csv"
