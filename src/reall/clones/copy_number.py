"""From copy number and purity to the chance that a read from a cell with the variant shows it.

With purity p (share of leukaemic cells), C copies in leukaemic and N copies in normal cells, of which m
copies carry the variant in each mutated cell, a share f of the leukaemic cells being mutated, the expected
share of variant reads is

    f * p * m / (p * C + (1 - p) * N)

so the variant read probability that belongs to f is p * m / (p * C + (1 - p) * N). With two copies
everywhere, one of them mutated, and pure cells this is 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sex(StrEnum):
    """Chromosomal sex, which sets the copies of X and Y in normal cells."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Copies of a position in one sample. `mutated` is `None` where it was not given."""

    tumour: int
    normal: int
    mutated: int | None = None

    @property
    def lost(self) -> bool:
        """Say whether copy number can hide the variant: no copy left, or none of them mutated."""
        return self.tumour == 0 or self.mutated == 0


def normal_copies(chromosome: str | None, sex: Sex) -> int | None:
    """Give the copies of a chromosome in normal cells; `None` where it depends on a sex that is unknown.

    The pseudo-autosomal regions are not told apart: variants there are treated as X or Y.

    >>> normal_copies("10", Sex.UNKNOWN), normal_copies("X", Sex.MALE), normal_copies("X", Sex.UNKNOWN)
    (2, 1, None)
    """
    name = (chromosome or "").removeprefix("chr").upper()
    if name not in {"X", "Y"}:
        return 2
    if sex is Sex.UNKNOWN:
        return None
    if name == "X":
        return 1 if sex is Sex.MALE else 2
    return 1 if sex is Sex.MALE else 0


def variant_read_probability(copies: Copies, purity: float | None) -> float:
    """Give the variant read probability for `copies` in a sample of `purity`.

    Where purity is unknown, cells are taken as pure, so that the fraction found is one of all cells, not of
    leukaemic cells. Where the mutated copies are unknown, one is assumed. The result is 0 for a lost variant.
    """
    share = 1.0 if purity is None else purity
    if copies.lost:
        return 0.0
    mutated = 1 if copies.mutated is None else copies.mutated
    return share * mutated / (share * copies.tumour + (1 - share) * copies.normal)
