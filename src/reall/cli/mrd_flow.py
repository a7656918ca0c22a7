"""`reall mrd flow`: gate an FCS file as declared, or take counts, and give the level with its limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

_CELLS = {"nucleated": "nucleated cells", "mononuclear": "mononuclear cells"}


class _Counts(click.ParamType[tuple[int, int]]):
    """Two whole numbers, `target,total`."""

    name = "target,total"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the two numbers."""
        if isinstance(value, tuple):
            return value
        parts = value.split(",")
        if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):  # noqa: PLR2004 - a pair
            self.fail(f"{value!r} is not two whole numbers as in 25,1000000", param, ctx)
        return int(parts[0]), int(parts[1])


@click.command("flow")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--gates", type=click.Path(path_type=Path), help="Gates as YAML (reall.gates/1) or Gating-ML 2.0.")
@click.option("--counts", type=_Counts(), help="Leukaemic events and cells counted, instead of a file.")
@click.option("--cells-counted", type=click.Choice(list(_CELLS)), help="What the cells of --counts are.")
@click.option("--rules", help="Rule set: a signed YAML file, or the word draft. Without it no call is made.")
@click.option("--data-set", type=int, help="Which data set, when the file holds several (from 1).")
@click.option("--trust-offsets", type=click.Choice(["header", "text"]), help="Which to believe when they disagree.")
@click.option("--timepoint", help="Protocol time point, as in the case file.")
@click.option("--tissue", help="marrow, blood, …")
@click.option("--purpose", type=click.Choice(["therapy_reduction", "therapy_intensification"]))
@click.option("--plot", type=click.Path(path_type=Path), help="Write the gates as a picture (PNG, SVG, PDF).")
@click.option("--json", "as_json", is_flag=True, help="Write reall.mrd/1 to stdout.")
def command(
    *,
    file: Path | None,
    gates: Path | None,
    counts: tuple[int, int] | None,
    cells_counted: str | None,
    rules: str | None,
    data_set: int | None,
    trust_offsets: str | None,
    timepoint: str | None,
    tissue: str | None,
    purpose: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Count the events of FILE in the gates of --gates, or take --counts, and give the level.

    The program draws no gates and finds no blasts: it applies the gates of the laboratory, event for event.
    """
    from reall.base.errors import WrongUsage  # noqa: PLC0415 - lazy, so that --help stays fast
    from reall.mrd.flow.fcs import read_fcs  # noqa: PLC0415
    from reall.mrd.flow.gating import apply_gates  # noqa: PLC0415
    from reall.mrd.flow.level import Counts, SampleLabel, level_from_counts, level_from_gates  # noqa: PLC0415
    from reall.mrd.flow.read_gates import read_gates  # noqa: PLC0415
    from reall.mrd.result import Purpose  # noqa: PLC0415
    from reall.mrd.ruleset import load_ruleset  # noqa: PLC0415

    if (counts is None) == (file is None):
        raise WrongUsage(
            "Give either FILE with --gates, or --counts target,total.",
            why="A level comes from one source.",
            next="For example: reall mrd flow --counts 25,1000000 --cells-counted nucleated.",
        )
    ruleset = load_ruleset(rules)
    label = SampleLabel(
        sample=file.name if file else None,
        timepoint=timepoint,
        tissue=tissue,
        purpose=Purpose(purpose) if purpose else None,
    )
    if counts is not None:
        said = _CELLS[cells_counted] if cells_counted else None
        result = level_from_counts(
            Counts(target_events=counts[0], cells=counts[1], cells_counted=said), ruleset, label=label
        )
    else:
        assert file is not None
        if gates is None:
            raise WrongUsage(
                "A file needs --gates.",
                why="The program does not gate by itself.",
                next="Start from examples/mrd/bcp_all_gates.yaml and draw the gates of your laboratory.",
            )
        opened, scheme = read_fcs(file, data_set=data_set, trust=trust_offsets), read_gates(gates)
        result = level_from_gates(opened, scheme, apply_gates(opened, scheme), ruleset, label=label)
        if plot is not None:
            from reall.plots.gates import save_gates  # noqa: PLC0415

            save_gates(opened, scheme, plot)
        result = replace(result, details={**result.details, "data_set": data_set or 1, "fcs_version": opened.version})
    click.echo(json.dumps(result.to_json(), indent=2) if as_json else _in_words(result.to_json()))


def _in_words(result: dict[str, object]) -> str:
    """Write the result as a few lines, the level first."""
    from reall.cli.mrd_words import findings_in_words, level_in_words  # noqa: PLC0415

    lines = [level_in_words(result)]
    gates = result.get("gates")
    if isinstance(gates, list):
        lines += ["", f"{'gate':<40} {'events':>9}   of parent"]
        depth: dict[str | None, int] = {None: 0}
        for gate in gates:
            depth[gate["name"]] = depth[gate["parent"]] + 1
            name = "  " * (depth[gate["name"]] - 1) + gate["name"]
            share = gate["fraction_of_parent"]
            lines.append(f"{name:<40} {gate['events']:>9}   {'-' if share is None else format(share, '.3%')}")
    return "\n".join([*lines, *findings_in_words(result)])
