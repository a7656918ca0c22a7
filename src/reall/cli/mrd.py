"""`reall mrd`: one subcommand per method, imported only when it is called."""

from __future__ import annotations

import importlib

import click

# subcommand: (module under reall.cli, one line for --help)
_METHODS = {
    "rqpcr": ("mrd_rqpcr", "Ig/TCR RQ-PCR: standard curve, control gene, level, class."),
    "ddpcr": ("mrd_ddpcr", "Digital PCR: droplet counts to level and interval."),
    "ngs": ("mrd_ngs", "Sequencing: clonotypes over time, spike-ins, growing clones."),
    "flow": ("mrd_flow", "Flow cytometry: gates and counts to level, LOD and LOQ."),
    "course": ("mrd_course", "One patient over time: reduction, doubling time, decision points, markers."),
    "design": ("mrd_design", "Before the sample: cells needed, reach of the DNA, choice of targets."),
}


class _LazyMethods(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_METHODS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _METHODS:
            return None
        module = importlib.import_module(f"reall.cli.{_METHODS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _METHODS.items()])


@click.group(cls=_LazyMethods)
def command() -> None:
    """Quantify MRD from raw laboratory data; every level is an interval, negative never means zero."""
