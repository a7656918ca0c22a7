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
    suffix = ".rdml" if content.startswith(b"PK") or b"<" in content[:5] else ".csv"
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"standard-input{suffix}"
        path.write_bytes(content)
        yield path
