"""`reall mrd flow`: gate an FCS file as declared, or take counts, and give the level with its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reall.api.mrd_flow import CELLS, counts_in, read_flow
from reall.base.errors import WrongUsage
from reall.cli.given import data_given
from reall.cli.mrd_output import FILE, Output, emit, output_options, rule_options, sample_options
from reall.mrd.flow.fcs import TRUST, FcsFile
from reall.mrd.flow.gates import GatingScheme


class _Counts(click.ParamType[tuple[int, int]]):
    """Two whole numbers, `target,total`."""

    name = "target,total"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the two numbers."""
        if isinstance(value, tuple):
            return value
        try:
            return counts_in(value)
        except WrongUsage as error:
            self.fail(error.what, param, ctx)


@click.command()
@click.argument("file", required=False, type=FILE)
@click.option("--gates", type=FILE, help="Gates as YAML (reall.gates/1) or Gating-ML 2.0.")
@click.option("--counts", type=_Counts(), help="Leukaemic events and cells counted, instead of a file.")
@click.option("--cells-counted", type=click.Choice(list(CELLS)), help="What the cells of --counts are.")
@click.option("--data-set", type=int, help="Which data set, when the file holds several (from 1).")
@click.option("--trust-offsets", type=click.Choice(TRUST), help="Which to believe when they disagree.")
@click.option("--plot", type=FILE, help="Write the gates as a picture (PNG, SVG, PDF).")
@sample_options
@rule_options
@output_options
def command(
    file: Path | None, *, plot: Path | None, as_json: bool, html_file: Path | None, pdf_file: Path | None, **said: Any
) -> None:
    """Count the events of FILE in the gates of --gates, or take --counts, and give the level.

    The program draws no gates and finds no blasts: it applies the gates of the laboratory, event for event.
    """
    output: Output = {"as_json": as_json, "html_file": html_file, "pdf_file": pdf_file}
    given = None if file is None else data_given(file)
    with read_flow(given, **said) as reading:
        content, tube, scheme = reading.result.to_json(), reading.tube, reading.scheme
        if tube is None or scheme is None:
            emit(content, **output)
            return
        if plot:
            from reall.plots.gates import save_gates  # noqa: PLC0415 - matplotlib is slow to import

            save_gates(tube, scheme, plot)
        table = _gates_in_words(content["gates"])
        emit(content, **output, pictures=lambda: [_picture(tube, scheme)], table=table)


def _picture(tube: FcsFile, scheme: GatingScheme) -> str:
    from reall.plots.mrd_pictures import picture_of_gates  # noqa: PLC0415 - matplotlib is slow to import

    return picture_of_gates(tube, scheme).svg


def _gates_in_words(gates: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"{'gate':<40} {'events':>9}   of parent"]
    depth: dict[str | None, int] = {None: 0}
    for gate in gates:
        depth[gate["name"]] = depth[gate["parent"]] + 1
        name = "  " * (depth[gate["name"]] - 1) + gate["name"]
        share = gate["fraction_of_parent"]
        lines.append(f"{name:<40} {gate['events']:>9}   {'-' if share is None else format(share, '.3%')}")
    return "\n".join(lines)
