"""A writer of FCS files with chosen faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

FcsWriter = Callable[..., Path]


@pytest.fixture
def write_fcs(tmp_path: Path) -> FcsWriter:
    """Give a function that writes a small FCS file; its keyword arguments put the faults in."""

    def write(
        values: Sequence[Sequence[float]],
        *,
        names: Sequence[str] = ("FSC-A", "CD19"),
        version: str = "FCS3.1",
        keywords: dict[str, str] | None = None,
        header_data: tuple[int, int] | None = None,
        cut: int = 0,
        dtype: str = "<f4",
        name: str = "tube.fcs",
    ) -> Path:
        data = np.asarray(values).astype(dtype).tobytes()
        begin = 2048
        bits = str(8 * np.dtype(dtype).itemsize)
        text = {"$BEGINDATA": str(begin), "$ENDDATA": str(begin + len(data) - 1), "$MODE": "L", "$NEXTDATA": "0"}
        text |= {"$DATATYPE": {"f": "F", "u": "I"}[np.dtype(dtype).kind], "$PAR": str(len(names))}
        text |= {"$BYTEORD": "4,3,2,1" if dtype[0] == ">" else "1,2,3,4", "$TOT": str(len(values))}
        for number, channel in enumerate(names, start=1):
            text |= {f"$P{number}N": channel, f"$P{number}B": bits, f"$P{number}E": "0,0", f"$P{number}R": "262144"}
        text |= keywords or {}
        segment = "|" + "".join(f"{key}|{value}|" for key, value in text.items() if value is not None)
        first, last = header_data or (begin, begin + len(data) - 1)
        header = f"{version}    " + "".join(f"{place:>8}" for place in (58, 57 + len(segment), first, last, 0, 0))
        content = (header + segment).encode().ljust(begin) + data
        path = tmp_path / name
        path.write_bytes(content[: len(content) - cut])
        return path

    return write
