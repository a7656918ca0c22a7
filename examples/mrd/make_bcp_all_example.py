"""Write bcp_all_example.fcs: a SYNTHETIC tube, no patient's cells, to show declared gates at work.

    python examples/mrd/make_bcp_all_example.py

Every population is a cloud of made-up size and brightness; the seed is fixed. 5,000 events: 4,600 nucleated
cells (2,200 T, 1,600 myeloid, 735 B, 40 blasts with CD19, 25 without), 300 red cells, 100 doublets.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

CHANNELS = ("SYTO", "CD3/CD7", "CD19", "CD22", "CD24", "HLA-DR", "CD10", "CD38", "CD45")
DETECTORS = ("V450-A", "V605-A", "B515-A", "B695-A", "G560-A", "G610-A", "G780-A", "R660-A", "R780-A")
DIM, LOW, MEDIUM, BRIGHT = 40.0, 700.0, 6_000.0, 40_000.0  # brightness in the cytometer's linear units
POPULATIONS = {  # name: (events, brightness in the order of CHANNELS)
    "T cells": (2200, (BRIGHT, BRIGHT, DIM, DIM, DIM, DIM, DIM, LOW, BRIGHT)),
    "myeloid cells": (1600, (BRIGHT, DIM, DIM, DIM, MEDIUM, LOW, DIM, MEDIUM, MEDIUM)),
    "B cells": (735, (BRIGHT, DIM, MEDIUM, MEDIUM, MEDIUM, MEDIUM, LOW, MEDIUM, BRIGHT)),
    "blasts with CD19": (40, (BRIGHT, DIM, MEDIUM, MEDIUM, MEDIUM, MEDIUM, BRIGHT, LOW, LOW)),
    "blasts without CD19": (25, (BRIGHT, DIM, DIM, MEDIUM, MEDIUM, MEDIUM, BRIGHT, LOW, LOW)),
    "red cells": (300, (DIM, DIM, DIM, DIM, DIM, DIM, DIM, DIM, DIM)),
    "doublets": (100, (BRIGHT, BRIGHT, DIM, DIM, DIM, DIM, DIM, LOW, BRIGHT)),
}
SPILL = 0.02  # each dye shines with 2 % into the next detector


def events(rng: np.random.Generator) -> np.ndarray:
    """Draw all events (events × channels: FSC-A, FSC-H, then the dyes), with spectral overlap."""
    parts = []
    for name, (count, brightness) in POPULATIONS.items():
        area = rng.normal(90_000, 8_000, count) * (1.9 if name == "doublets" else 1.0)
        height = area * (0.55 if name == "doublets" else 0.92) * rng.normal(1.0, 0.01, count)
        dyes = np.array(brightness) * np.exp(rng.normal(0, 0.12, (count, len(brightness))))
        dyes += rng.normal(0, 12, dyes.shape)
        parts.append(np.column_stack([area, height, dyes @ spillover()]))
    together = np.concatenate(parts)
    return together[rng.permutation(len(together))]


def spillover() -> np.ndarray:
    """Give the overlap matrix: rows dyes, columns detectors."""
    return np.eye(len(CHANNELS)) + SPILL * np.eye(len(CHANNELS), k=1)


def write_fcs(path: Path, values: np.ndarray) -> None:
    """Write FCS 3.1 with 32-bit floating point numbers."""
    names = ["FSC-A", "FSC-H", *DETECTORS]
    markers = ["", "", *CHANNELS]
    matrix = ",".join([str(len(DETECTORS)), *DETECTORS, *(f"{value:g}" for value in spillover().ravel())])
    data = values.astype("<f4").tobytes()
    begin = 4096
    text = {
        "$BEGINANALYSIS": "0", "$ENDANALYSIS": "0", "$BEGINSTEXT": "0", "$ENDSTEXT": "0",
        "$BEGINDATA": str(begin), "$ENDDATA": str(begin + len(data) - 1), "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "F", "$MODE": "L", "$NEXTDATA": "0", "$PAR": str(len(names)), "$TOT": str(len(values)),
        "$SPILLOVER": matrix, "$COM": "synthetic, no patient",
    }  # fmt: skip
    for number, (name, marker) in enumerate(zip(names, markers, strict=True), start=1):
        text |= {f"$P{number}N": name, f"$P{number}B": "32", f"$P{number}E": "0,0", f"$P{number}R": "262144"}
        if marker:
            text[f"$P{number}S"] = marker
    segment = "|" + "".join(f"{key}|{value}|" for key, value in text.items())
    header = "FCS3.1    " + "".join(
        f"{place:>8}" for place in (58, 57 + len(segment), begin, begin + len(data) - 1, 0, 0)
    )
    path.write_bytes((header + segment).encode().ljust(begin) + data)


if __name__ == "__main__":
    write_fcs(Path(__file__).with_name("bcp_all_example.fcs"), events(np.random.default_rng(20)))
