"""Before the sample is taken: how many cells are needed, and what an amount of DNA can show."""

from __future__ import annotations

from typing import Any

from reall.mrd.constants import genome_mass_pg, genomes_from_ng
from reall.mrd.intervals import MASS, cells_for_detection, detection_limit
from reall.mrd.result import significant


def cells_needed(level_fraction: float, *, events: int = 1, probability: float = MASS) -> dict[str, Any]:
    """The cells to look at so that at least `events` leukaemic cells are among them with this probability.

    Counts are Poisson; losses in preparation and amplification come on top.
    """
    cells = cells_for_detection(level_fraction, events=events, probability=probability)
    mass = genome_mass_pg()
    return {
        "level_fraction": level_fraction,
        "events": events,
        "probability": probability,
        "cells": cells,
        "dna_ng": significant(cells * mass / 1000, 4),
        "pg_per_genome": mass,
        "coefficient_of_variation": significant(events**-0.5, 3),
    }


def reach_of_dna(
    nanograms_per_well: float,
    *,
    wells: int = 1,
    events: int = 1,
    probability: float = MASS,
    pg_per_genome: float | None = None,
) -> dict[str, Any]:
    """The lowest level that an amount of DNA shows with this probability, if the assay loses nothing."""
    cells = genomes_from_ng(nanograms_per_well, pg_per_genome=pg_per_genome) * wells
    return {
        "ng_per_well": nanograms_per_well,
        "wells": wells,
        "cells": round(cells),
        "events": events,
        "probability": probability,
        "detection_limit_fraction": significant(detection_limit(cells, events=events, probability=probability), 4),
        "pg_per_genome": pg_per_genome or genome_mass_pg(),
    }
