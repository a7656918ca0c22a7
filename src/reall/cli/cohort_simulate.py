"""`reall cohort simulate`: a registry that no child is behind, to try everything with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from reall.base.errors import WrongUsage
from reall.cohort.simulate.run import PRESET, Simulated, simulate_file
from reall.exchange.registries import SIMULATED_CAVEAT
from reall.library.knowledge import open_knowledge
from reall.library.simulation import load_presets, read_missing
from reall.report.to_json import dumps

SCHEMA = "reall.simulated/1"


@click.command("simulate")
@click.option("--n", "rows", type=click.IntRange(min=1), required=True, help="How many rows (one per relapse).")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same rows.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="A .parquet or .csv file.")
@click.option(
    "--missing",
    default=PRESET,
    show_default=True,
    metavar="PRESET|FILE",
    help="What is missing: none, registry, sparse, or a file of your own.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what was written as JSON.")
def command(rows: int, seed: int, out: Path, missing: str, as_json: bool) -> None:
    """Write a simulated registry of relapses, first and second ones linked, with outcomes.

    Its margins are published ones (Rheingold 2024 and others), everything else is declared as an assumption
    (docs/decisions/simulation.md). Every row says `simulated: yes`, and every result made of the table says so again.
    """
    if out.exists():
        raise WrongUsage(f"{out.name!r} is there already", where="--out", next="Choose another name, or remove it.")
    presets = load_presets()
    declared = presets[missing] if missing in presets else read_missing(Path(missing))
    knowledge = open_knowledge()
    with click.progressbar(length=rows, label="Simulating", file=sys.stderr, show_pos=False) as bar:
        done = simulate_file(
            out,
            knowledge,
            rows=rows,
            seed=seed,
            missing=declared,
            progress=lambda written, _: bar.update(written - bar.pos),
        )
    if as_json:
        click.echo(dumps(_as_json(done)))
    else:
        _print(done)


def _as_json(done: Simulated) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "simulated": True,
        "out": str(done.out),
        "rows": done.rows,
        "children": done.children,
        "seed": done.seed,
        "missing": done.missing.name,
        "empty_cells": done.left_out,
        "knowledge_version": done.knowledge_version,
        "caveats": [SIMULATED_CAVEAT],
    }


def _print(done: Simulated) -> None:
    click.echo(f"{done.rows:,} rows of {done.children:,} simulated children, seed {done.seed}: {done.out}")
    click.echo(f"Missing as declared in {done.missing.name!r}. {done.missing.words}")
    click.echo(f"{SIMULATED_CAVEAT}.")
    click.echo("Model, sources and assumptions: docs/decisions/simulation.md")
