"""Share of a mutational signature, such as SBS87 of thiopurines, in trinucleotide counts.

The reference spectra are not part of ReALL; the user supplies them (a table with one column per signature, as
COSMIC gives it). The counts are one multinomial draw from a mixture of the spectra; shares are found by
maximum likelihood, their intervals by profile likelihood, so that few mutations give a wide interval instead
of a confident number.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reall.base.errors import UnusableLaboratoryData
from reall.clones.model import CellFraction as Share

Floats = NDArray[np.float64]

THIOPURINE_SIGNATURE = "SBS87"
_CHI2_95 = 3.841458820694124  # 95 % point of chi-square with one degree of freedom
CONTEXTS = tuple(
    f"{before}[{change}]{after}"
    for change in ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
    for before in "ACGT"
    for after in "ACGT"
)


@dataclass(frozen=True, kw_only=True)
class SignatureFit:
    """Shares of the reference signatures in one set of mutations.

    `shares` maps each signature to its share; they sum to 1. `share` is that of the signature of interest with its
    95 % interval. `cosine` compares the counts with the fitted mixture. `without` is the p-value of the likelihood
    ratio test against leaving the signature of interest out.
    """

    mutations: int
    signature: str
    shares: dict[str, float]
    share: Share
    cosine: float
    without: float


def read_spectra(path: Path) -> dict[str, Floats]:
    """Read signatures or counts: a column `Type` (`A[C>A]A`), then one column per signature or sample."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise _unusable(path, 1, "The file cannot be read as text.") from None
    table = list(csv.DictReader(lines, delimiter="\t" if lines and "\t" in lines[0] else ","))
    if not table or "Type" not in table[0]:
        raise _unusable(path, 1, "No column `Type` with contexts such as A[C>A]A was found.")
    columns = [name for name in table[0] if name and name != "Type"]
    spectra = {name: np.zeros(len(CONTEXTS)) for name in columns}
    seen: set[str] = set()
    for line, row in enumerate(table, start=2):
        context = row["Type"]
        if context not in CONTEXTS or context in seen:
            raise _unusable(path, line, f"{context!r} is not one of the 96 contexts, or comes twice.")
        seen.add(context)
        for name in columns:
            try:
                value = float(row[name])
            except (TypeError, ValueError):
                value = -1.0
            if not 0 <= value < float("inf"):
                raise _unusable(path, line, f"Column {name} holds no number of at least 0.")
            spectra[name][CONTEXTS.index(context)] = value
    if len(seen) != len(CONTEXTS):
        raise _unusable(path, len(table) + 1, f"{len(CONTEXTS) - len(seen)} of the 96 contexts are missing.")
    return spectra


def fit_signatures(
    counts: Floats, reference: Mapping[str, Floats], *, signature: str = THIOPURINE_SIGNATURE
) -> SignatureFit:
    """Fit `counts` (96,) as a mixture of `reference` and give each share with its interval."""
    if signature not in reference:
        raise UnusableLaboratoryData(
            f"The reference has no signature {signature}.",
            where="signature reference",
            next="Give a reference table with that column, or name another signature.",
        )
    if counts.sum() <= 0:
        raise UnusableLaboratoryData("There is no mutation to fit.", where="trinucleotide counts")
    names = list(reference)
    spectra = np.stack([reference[name] / reference[name].sum() for name in names])
    best = _mixture(counts, spectra)
    left = [index for index, name in enumerate(names) if name != signature]
    without = 1.0
    if left:
        drop = _log_likelihood(counts, spectra, best) - _log_likelihood(
            counts, spectra[left], _mixture(counts, spectra[left])
        )
        without = 0.5 * math.erfc(math.sqrt(drop)) if drop > 0 else 1.0  # half, as a share of 0 is the boundary
    model = best @ spectra
    cosine = float(counts @ model / (np.linalg.norm(counts) * np.linalg.norm(model)))
    return SignatureFit(
        mutations=int(counts.sum()),
        signature=signature,
        shares={name: float(weight) for name, weight in zip(names, best, strict=True)},
        share=_interval(counts, spectra, best, names.index(signature)),
        cosine=cosine,
        without=without,
    )


def _mixture(counts: Floats, spectra: Floats, *, held: tuple[int, float] | None = None) -> Floats:
    """Maximise the multinomial likelihood by expectation maximisation, with one share held where asked."""
    weights = np.full(len(spectra), 1 / len(spectra))
    for _ in range(5000):
        if held is not None:
            weights = _with_share(weights, *held)
        mixed = np.maximum(weights @ spectra, 1e-12)
        renewed = weights * (spectra @ (counts / mixed)) / counts.sum()
        renewed /= renewed.sum()
        if held is not None:
            renewed = _with_share(renewed, *held)
        if np.abs(renewed - weights).max() < 1e-7:
            return np.asarray(renewed, dtype=np.float64)
        weights = renewed
    return weights


def _with_share(weights: Floats, index: int, share: float) -> Floats:
    others = np.delete(weights, index)
    total = others.sum()
    others = others / total * (1 - share) if total > 0 else np.full(len(others), (1 - share) / max(1, len(others)))
    return np.asarray(np.insert(others, index, share), dtype=np.float64)


def _log_likelihood(counts: Floats, spectra: Floats, weights: Floats) -> float:
    return float(counts @ np.log(np.maximum(weights @ spectra, 1e-12)))


def _interval(counts: Floats, spectra: Floats, best: Floats, index: int) -> Share:
    """Profile the likelihood over one share: the interval holds what a 5 % likelihood-ratio test keeps."""
    estimate = float(best[index])
    if len(spectra) == 1:
        return Share(1.0, 1.0, 1.0)
    floor = _log_likelihood(counts, spectra, best) - _CHI2_95 / 2

    def above(share: float) -> float:
        held = _mixture(counts, spectra, held=(index, share))
        return float(_log_likelihood(counts, spectra, held) - floor)

    low = 0.0 if estimate < 1e-6 or above(0.0) >= 0 else _crossing(above, 0.0, estimate)
    high = 1.0 if estimate > 1 - 1e-6 or above(1.0) >= 0 else _crossing(above, 1.0, estimate)
    return Share(estimate, min(low, estimate), max(high, estimate))


def _crossing(above: Callable[[float], float], outside: float, inside: float) -> float:
    """Find by halving where `above` falls below 0 between a share that is kept and one that is not."""
    while abs(inside - outside) > 1e-4:
        middle = (inside + outside) / 2
        if above(middle) >= 0:
            inside = middle
        else:
            outside = middle
    return inside


def _unusable(path: Path, line: int, what: str) -> UnusableLaboratoryData:
    return UnusableLaboratoryData(
        what,
        where=f"{path.name}, line {line}",
        why="A signature share needs the count of each of the 96 trinucleotide contexts.",
        next="Give a tab or comma separated table with the column Type and 96 rows.",
    )
