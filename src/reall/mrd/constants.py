"""Physical constants of the MRD laboratory, opened from `knowledge/mrd/constants.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

PG_PER_NG = 1000.0
COPIES_PER_GENOME = 2.0  # a single-copy gene stands on both chromosomes of a pair


@lru_cache(maxsize=1)
def _content() -> Mapping[str, Any]:
    text = (resources.files("reall") / "knowledge" / "mrd" / "constants.yaml").read_text(encoding="utf-8")
    content: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return content


def genome_mass_pg() -> float:
    """The mass of one diploid human genome in picograms."""
    return float(_content()["genome_mass_pg"]["value"])


def droplet_volumes_nl() -> dict[str, float]:
    """Droplet volume in nanolitres by instrument."""
    return {name: float(row["value"]) for name, row in _content()["droplet_volume_nl"].items()}


def genomes_from_ng(nanograms: float, *, pg_per_genome: float | None = None) -> float:
    """Genome equivalents in an amount of DNA.

    >>> round(genomes_from_ng(600))
    92879
    """
    return nanograms * PG_PER_NG / (pg_per_genome or genome_mass_pg())
