"""Undo spectral overlap: which part of a detector's signal belongs to its own dye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reall.base.errors import UnusableLaboratoryData

Floats = npt.NDArray[np.float64]

_KEYWORDS = ("spillover", "spill", "comp")  # $SPILLOVER is the standard's name, the others are older


@dataclass(frozen=True, kw_only=True)
class Compensation:
    """A square spillover matrix: row = dye, column = detector, the diagonal 1.

    `unmixing` is its inverse; compensated values are `raw @ unmixing`.
    """

    detectors: tuple[str, ...]
    unmixing: Floats

    @classmethod
    def from_spill(cls, detectors: Sequence[str], spill: Sequence[Sequence[float]], *, where: str) -> Compensation:
        """Invert a spillover matrix.

        Raises:
            UnusableLaboratoryData: the matrix is not square, has the wrong size, or cannot be inverted.
        """
        matrix = np.asarray(spill, dtype=np.float64)
        size = len(detectors)
        if matrix.shape != (size, size) or len(set(detectors)) != size:
            raise UnusableLaboratoryData(
                f"The spillover matrix has shape {matrix.shape} for {size} detectors.",
                where=where,
                why="Each detector needs exactly one row and one column.",
                next="Export the compensation matrix again.",
            )
        if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < size:
            raise UnusableLaboratoryData(
                "The spillover matrix cannot be inverted.",
                where=where,
                why="Two dyes that look alike in all detectors cannot be told apart.",
                next="Check the single stainings from which the matrix was computed.",
            )
        return cls(detectors=tuple(detectors), unmixing=np.linalg.inv(matrix).astype(np.float64))


def from_keywords(keywords: Mapping[str, str], *, where: str) -> Compensation | None:
    """Read the matrix that the cytometer stored in the file; None when there is none.

    Raises:
        UnusableLaboratoryData: the keyword is there but cannot be read.
    """
    text = next((keywords[name] for name in _KEYWORDS if keywords.get(name, "").strip()), None)
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    try:
        size = int(parts[0])
        detectors = parts[1 : size + 1]
        values = [float(part) for part in parts[size + 1 :]]
        rows = [values[row * size : (row + 1) * size] for row in range(size)]
        complete = len(values) == size * size
    except ValueError:
        complete = False
    if not complete:
        raise UnusableLaboratoryData(
            "The stored spillover matrix is not a number n, n detectors and n × n values.",
            where=where,
            why="A matrix that is read wrongly moves every compensated population.",
            next="Give the matrix in the gate file, or say compensation: none.",
        )
    return Compensation.from_spill(detectors, rows, where=where)
