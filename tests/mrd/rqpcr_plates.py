"""Plates written by hand from a true line, so that every expected level can be worked out on paper.

Target: Cq = 20 - 3.4 * log10(fraction). ALB: Cq = 38 - 3.4 * log10(genomes). Replicates lie 0.1 cycles apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from reall.mrd.plate import Plate, Role, Well

CURVE_GENOMES = 100_000
OFFSETS = (-0.1, 0.0, 0.1)


def target_cq(fraction: float, genomes: float = CURVE_GENOMES) -> float:
    return 20 - 3.4 * math.log10(fraction * genomes / CURVE_GENOMES)


def albumin_cq(genomes: float) -> float:
    return 38 - 3.4 * math.log10(genomes)


def wells(sample: str, target: str, role: Role, cqs: Sequence[float | None], **more: object) -> list[Well]:
    return [
        Well(position=f"{sample}-{target}-{index}", sample=sample, target=target, role=role, cq=cq, **more)  # type: ignore[arg-type]
        for index, cq in enumerate(cqs)
    ]


def around(cq: float) -> list[float]:
    return [cq + offset for offset in OFFSETS]


def plate(
    *,
    sample_cqs: Sequence[float | None] = (),
    level: float | None = None,
    genomes: float = CURVE_GENOMES,
    background: Sequence[float | None] = (None,) * 6,
    water: Sequence[float | None] = (None, None),
    target: str = "IGH",
    lowest: int = 5,
) -> Plate:
    """A full plate: dilutions 1e-1 to 1e-`lowest`, ALB curve, background, water and one follow-up sample."""
    parts: list[Well] = []
    for power in range(1, lowest + 1):
        fraction = 10.0**-power
        parts += wells(
            f"dx 1e-{power}",
            target,
            Role.STANDARD,
            around(target_cq(fraction)),
            quantity=fraction,
            unit="fraction",
        )
    for amount in (1e5, 1e4, 1e3, 1e2):
        parts += wells(
            f"gDNA {amount:g}",
            "ALB",
            Role.STANDARD,
            around(albumin_cq(amount)),
            quantity=amount,
            unit="genomes",
        )
    cqs = around(target_cq(level, genomes)) if level is not None else sample_cqs
    parts += wells("FU", target, Role.SAMPLE, cqs)
    parts += wells("FU", "ALB", Role.SAMPLE, around(albumin_cq(genomes)))
    parts += wells("MNC", target, Role.BACKGROUND, background)
    parts += wells("water", target, Role.NO_TEMPLATE, water)
    return Plate(source="made by hand", wells=tuple(parts))
