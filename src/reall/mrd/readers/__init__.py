"""Readers of raw laboratory files. Each refuses what it cannot read whole."""

from __future__ import annotations

from pathlib import Path

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Plate
from reall.mrd.readers.qpcr_table import read_qpcr_table
from reall.mrd.readers.rdml import read_rdml

__all__ = ["read_plate"]

_PROJECTS = {".eds", ".sds", ".ixo", ".pcrd", ".rex", ".lc96p"}
_RDML = {".rdml", ".rdm", ".xml"}


def read_plate(path: str | Path) -> Plate:
    """Read a qPCR plate, whatever of the known formats it is in: RDML 1.0-1.4, instrument text or Excel, CSV.

    Raises:
        UnusableLaboratoryData: the file cannot be read whole.
    """
    path = Path(path)
    if path.suffix.lower() in _RDML:
        return read_rdml(path)
    if path.suffix.lower() in _PROJECTS:
        raise UnusableLaboratoryData(
            f"{path.suffix} is the project file of an instrument's software, which does not hold its results as text.",
            where=str(path),
            why="Its Cq depend on settings that only that software applies.",
            next="Open it there and export RDML, or the results as text or Excel.",
        )
    return read_qpcr_table(path)
