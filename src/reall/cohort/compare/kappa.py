"""Cohen's kappa with its interval, by statsmodels."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import numpy as np

from reall.cohort.survival.counts import Ints
from reall.cohort.survival.kaplan_meier import Interval, standard_errors


@dataclass(frozen=True, kw_only=True)
class Kappa:
    """Agreement beyond chance, its interval, the share of children on whom both agree, and their number."""

    kappa: float
    interval: Interval
    agreed: float
    n: int


def cohen(table: Ints) -> Kappa | None:
    """Work kappa out; None where there is nobody, or one system puts all children into one group (no chance left)."""
    n = int(table.sum())
    if not n or (table.sum(axis=0) == n).any() or (table.sum(axis=1) == n).any():
        return None
    if np.trace(table) == n:  # its variance is 0, which statsmodels misses by rounding
        return Kappa(kappa=1.0, interval=(1.0, 1.0), agreed=1.0, n=n)
    found = importlib.import_module("statsmodels.stats.inter_rater").cohens_kappa(table)
    spread = standard_errors() * float(found.std_kappa)
    kappa = float(found.kappa)
    return Kappa(
        kappa=kappa,
        interval=(max(-1.0, kappa - spread), min(1.0, kappa + spread)),
        agreed=float(np.trace(table)) / n,
        n=n,
    )
