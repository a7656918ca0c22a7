"""`reall mrd flow`: gate an FCS file as declared, or take counts, and give the level with its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reall.base.errors import WrongUsage
from reall.cli.mrd_input import opened
from reall.cli.mrd_output import FILE, chosen_purpose, document, emit, output_options, rule_options, sample_options, svg
from reall.mrd.flow.fcs import TRUST, FcsFile, read_fcs
from reall.mrd.flow.gates import GatingScheme
from reall.mrd.flow.gating import apply_gates
from reall.mrd.flow.level import Counts, SampleLabel, level_from_counts, level_from_gates
from reall.mrd.flow.read_gates import read_gates
from reall.mrd.result import MrdResult
from reall.mrd.ruleset import RuleSet, load_ruleset

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


@click.command()
@click.argument("file", required=False, type=FILE)
@click.option("--gates", type=FILE, help="Gates as YAML (reall.gates/1) or Gating-ML 2.0.")
@click.option("--counts", type=_Counts(), help="Leukaemic events and cells counted, instead of a file.")
@click.option("--cells-counted", type=click.Choice(list(_CELLS)), help="What the cells of --counts are.")
@click.option("--data-set", type=int, help="Which data set, when the file holds several (from 1).")
@click.option("--trust-offsets", type=click.Choice(TRUST), help="Which to believe when they disagree.")
@click.option("--plot", type=FILE, help="Write the gates as a picture (PNG, SVG, PDF).")
@sample_options
@rule_options
@output_options
def command(file: Path | None, *, rules: str | None, purpose: str | None, **options: Any) -> None:
    """Count the events of FILE in the gates of --gates, or take --counts, and give the level.

    The program draws no gates and finds no blasts: it applies the gates of the laboratory, event for event.
    """
    counts, gates = options["counts"], options["gates"]
    if (counts is None) == (file is None):
        raise WrongUsage(
            "Give either FILE with --gates, or --counts target,total.",
            why="A level comes from one source.",
            next="For example: reall mrd flow --counts 25,1000000 --cells-counted nucleated.",
        )
    ruleset = load_ruleset(rules)
    label = SampleLabel(
        sample=file.name if file else None,
        timepoint=options["timepoint"],
        tissue=options["tissue"],
        day=options["day"],
        purpose=chosen_purpose(purpose),
    )
    output = {key: options[key] for key in ("as_json", "html_file", "pdf_file")}
    if file is None:
        result = _from_counts(counts, options["cells_counted"], ruleset, label).to_json()
        emit([result], document([result]), **output)
        return
    if gates is None:
        raise WrongUsage(
            "A file needs --gates.",
            why="The program does not gate by itself.",
            next="Start from examples/mrd/bcp_all_gates.yaml and draw the gates of your laboratory.",
        )
    with opened(file) as path:
        tube = read_fcs(path, data_set=options["data_set"], trust=options["trust_offsets"])
        scheme = read_gates(gates)
        result = _from_gates(tube, scheme, ruleset, label, options["data_set"] or 1).to_json()
        if options["plot"]:
            from reall.plots.gates import save_gates  # noqa: PLC0415 - matplotlib is slow to import

            save_gates(tube, scheme, options["plot"])
        table = _gates_in_words(result["gates"])
        emit([result], document([result]), **output, pictures=lambda: [_picture(tube, scheme)], table=table)


def _from_gates(
    tube: FcsFile, scheme: GatingScheme, ruleset: RuleSet | None, label: SampleLabel, data_set: int
) -> MrdResult:
    result = level_from_gates(tube, scheme, apply_gates(tube, scheme), ruleset, label=label)
    extra = {"data_set": data_set, "fcs_version": tube.version}
    return replace(result, details={**result.details, **extra})


def _from_counts(
    counts: tuple[int, int], cells_counted: str | None, ruleset: RuleSet | None, label: SampleLabel
) -> MrdResult:
    said = _CELLS[cells_counted] if cells_counted else None
    return level_from_counts(Counts(target_events=counts[0], cells=counts[1], cells_counted=said), ruleset, label=label)


def _picture(tube: FcsFile, scheme: GatingScheme) -> str:
    from reall.plots.gates import draw_target_gates  # noqa: PLC0415 - matplotlib is slow to import

    return svg(lambda axes: draw_target_gates(axes.figure, tube, scheme), height=2.6)


def _gates_in_words(gates: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"{'gate':<40} {'events':>9}   of parent"]
    depth: dict[str | None, int] = {None: 0}
    for gate in gates:
        depth[gate["name"]] = depth[gate["parent"]] + 1
        name = "  " * (depth[gate["name"]] - 1) + gate["name"]
        share = gate["fraction_of_parent"]
        lines.append(f"{name:<40} {gate['events']:>9}   {'-' if share is None else format(share, '.3%')}")
    return "\n".join(lines)
