"""`reall mrd design`: what to plan before the sample is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from reall.cli.mrd_output import FILE
from reall.cli.number import ABOVE_ZERO, Number
from reall.mrd.design import cells_needed, reach_of_dna
from reall.mrd.markers import advice_on_choice, order_targets, read_markers

_SHARE = Number(min=0, min_open=True, max=1, max_open=True)


@click.group()
def command() -> None:
    """Plan: cells for a level, level for an amount of DNA, choice of targets."""


@command.command()
@click.option("--level", type=Number(min=0, min_open=True, max=1), required=True, help="e.g. 1e-5")
@click.option("--events", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--probability", type=_SHARE, default=0.95, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def cells(level: float, *, events: int, probability: float, as_json: bool) -> None:
    """How many cells to look at for at least EVENTS leukaemic cells."""
    plan = cells_needed(level, events=events, probability=probability)
    words = f"{plan['cells']:,} cells ({plan['dna_ng']:,g} ng DNA) hold at least {events} leukaemic cell(s)"
    _write(plan, f"{words} at {level:g} with probability {probability:g}; losses come on top.", as_json)


@command.command()
@click.option("--ng", type=ABOVE_ZERO, required=True, help="Nanograms of DNA per well.")
@click.option("--wells", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--events", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--probability", type=_SHARE, default=0.95, show_default=True)
@click.option("--pg-per-genome", type=ABOVE_ZERO)
@click.option("--json", "as_json", is_flag=True)
def dna(ng: float, *, wells: int, events: int, probability: float, pg_per_genome: float | None, as_json: bool) -> None:
    """Which level an amount of DNA can show at best."""
    plan = reach_of_dna(ng, wells=wells, events=events, probability=probability, pg_per_genome=pg_per_genome)
    words = f"{plan['cells']:,} cells show levels from {plan['detection_limit_fraction']:.2g} at best"
    _write(plan, f"{words} (one genome = {plan['pg_per_genome']} pg).", as_json)


@command.command()
@click.argument("file", type=FILE)
@click.option("--sensitivity", type=_SHARE, help="Sensitivity that a target must reach.")
@click.option("--json", "as_json", is_flag=True)
def targets(file: Path, *, sensitivity: float | None, as_json: bool) -> None:
    """Order candidate targets in FILE (CSV: marker, kind, monoclonal, sensitivity) by published stability."""
    markers = read_markers(file)
    ordered = order_targets(markers, needed_sensitivity=sensitivity)
    advice = advice_on_choice(markers)
    lines = [f"{place}. {row['marker']}: {'; '.join(row['because'])}" for place, row in enumerate(ordered, start=1)]
    _write({"targets": ordered, "advice": advice}, "\n".join([*lines, *advice]), as_json)


def _write(plan: Mapping[str, Any], words: str, as_json: bool) -> None:
    click.echo(json.dumps(plan, ensure_ascii=False, indent=2, allow_nan=False) if as_json else words)
