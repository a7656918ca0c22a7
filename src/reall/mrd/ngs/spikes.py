"""From reads to copies with standards of known amount in the tube (spike-ins).

Copies are proportional to reads: copies = slope × reads, least squares through the origin, per primer family
where its standards carry a line, otherwise over all families. Method: Vidjil's spike normalisation (doi
10.1111/bjh.16571; knowledge row `vidjil_spike_normalization`). Its further step to "normalised reads", with
its fixed number of cells, is kept apart in `vidjil_normalised_reads` for comparison only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reall.mrd.intervals import MASS
from reall.mrd.ngs.repertoire import Clonotype, Repertoire, SpikeIn
from reall.mrd.ngs.settings import Settings

ALL_FAMILIES = "all families"
_LOCUS_LETTERS = 3  # IGH and IGH+ are one locus

# Vidjil names V genes as IMGT does, its standards by primer family (Vidjil, tools/spike-normalization.py).
_PRIMER_FAMILY: Mapping[str, str] = (
    {f"IGHV{number}": f"VH{number}" for number in range(1, 8)}
    | {f"IGKV{number}": f"VK{number}" for number in range(1, 4)}
    | {f"IGLV{number}": f"VL{number}" for number in range(1, 3)}
    | {f"TRDV{number}": f"VD{number}" for number in range(1, 4)}
    | {f"TRGV{number}": "VGf1" for number in range(1, 9)}
    | {f"TRGV{number}": f"VG{number}" for number in range(9, 12)}
    | {"TRDD2": "DD2"}
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """Copies per read with its 95 % interval. `r_squared` is None when all points agree in one coordinate."""

    copies_per_read: float
    interval: tuple[float, float]
    r_squared: float | None
    points: int


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """The lines of one sample, and the families that fell back to the line over all families, with why."""

    universal: Line
    by_family: Mapping[str, Line]
    fallbacks: Mapping[str, str]

    def line_for(self, clonotype: Clonotype) -> tuple[str, Line]:
        """Give the line that stands for a clonotype, and the name of its family."""
        family = _PRIMER_FAMILY.get(clonotype.v_family, clonotype.v_family)
        if family in self.by_family:
            return family, self.by_family[family]
        return ALL_FAMILIES, self.universal


def normalise(repertoire: Repertoire, sample: int, settings: Settings) -> Normalisation | None:
    """Fit the standards of one sample; None when it holds too few of their reads (a diagnostic sample)."""
    reads = _reads_of_standards(repertoire, sample)
    if not repertoire.spike_ins:
        return None
    amounts = _by_copies(repertoire.spike_ins, reads)
    averages = {copies: float(np.mean(counts)) for copies, counts in amounts.items()}
    if max(averages.values()) < settings["spike_reads_min"]:
        return None
    universal = _fit(averages)
    lines, fallbacks = {}, {}
    for family in sorted({spike.family for spike in repertoire.spike_ins}):
        members = [spike for spike in repertoire.spike_ins if spike.family == family]
        totals = {copies: float(sum(counts)) for copies, counts in _by_copies(members, reads).items()}
        line = _fit(totals) if max(totals.values()) > 0 else None
        reason = _too_poor(line, totals, settings)
        if line is None or reason:
            fallbacks[family] = reason
        else:
            lines[family] = line
    return Normalisation(universal=universal, by_family=lines, fallbacks=fallbacks)


def _too_poor(line: Line | None, totals: Mapping[float, float], settings: Settings) -> str:
    """Say why a family's own line is not used; empty when it is."""
    if len(totals) < settings["spike_points_min"]:
        return f"{len(totals)} amount(s)"
    if line is None or max(totals.values()) < settings["spike_reads_min"]:
        return f"{max(totals.values()):g} reads at most"
    if line.r_squared is None or line.r_squared <= settings["spike_r_squared_min"]:
        return "r² not determined" if line.r_squared is None else f"r² {line.r_squared:.3f}"
    return ""


def _reads_of_standards(repertoire: Repertoire, sample: int) -> dict[str, int]:
    reads: dict[str, int] = defaultdict(int)
    for clonotype in repertoire.clonotypes:
        if clonotype.spike_in is not None:
            reads[clonotype.spike_in] += clonotype.reads[sample]
    return reads


def _by_copies(spikes: Sequence[SpikeIn], reads: Mapping[str, int]) -> dict[float, list[int]]:
    """One point per amount: standards of the same amount are taken together; not found counts as 0 reads."""
    grouped: dict[float, list[int]] = defaultdict(list)
    for spike in spikes:
        grouped[spike.copies].append(reads.get(spike.name, 0))
    return grouped


def _fit(reads_by_copies: Mapping[float, float]) -> Line:
    copies, reads = np.array(list(reads_by_copies)), np.array(list(reads_by_copies.values()))
    square = float(reads @ reads)
    slope = float(copies @ reads) / square
    freedom = len(reads) - 1
    if freedom > 0:
        spread = float(np.sum((copies - slope * reads) ** 2)) / freedom
        half = float(stats.t.ppf((1 + MASS) / 2, freedom)) * (spread / square) ** 0.5
    else:
        half = float("inf")
    varies = len(reads) > 1 and np.ptp(copies) > 0 and np.ptp(reads) > 0
    return Line(
        copies_per_read=slope,
        interval=(max(0.0, slope - half), slope + half),
        r_squared=float(np.corrcoef(copies, reads)[0, 1] ** 2) if varies else None,
        points=len(reads),
    )


def prevalent_locus(repertoire: Repertoire, sample: int) -> tuple[str, int]:
    """Give the locus with the most reads (complete and incomplete rearrangements together) and its reads."""
    reads: dict[str, int] = defaultdict(int)
    for locus, count in repertoire.samples[sample].reads_by_locus.items():
        reads[locus[:_LOCUS_LETTERS]] += count
    return max(reads.items(), key=lambda item: item[1])


def vidjil_normalised_reads(repertoire: Repertoire, sample: int, settings: Settings) -> dict[str, float]:
    """Give Vidjil's `normalized_reads` by clonotype id, for the prevalent locus only; {} in a diagnostic sample.

    reads × copies per read × reads of the locus / 100,000 cells, for comparison with Vidjil's own output. The
    100,000 cells are Vidjil's constant and enter no result of this program.
    """
    fitted = normalise(repertoire, sample, settings)
    if fitted is None:
        return {}
    locus, reads = prevalent_locus(repertoire, sample)
    return {
        one.id: one.reads[sample] * fitted.line_for(one)[1].copies_per_read * reads / settings["vidjil_cells"]
        for one in repertoire.clonotypes
        if one.locus[:_LOCUS_LETTERS] == locus
    }
