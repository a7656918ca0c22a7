"""`reall mrd`: one subcommand per method, imported only when it is called."""

from __future__ import annotations

import click

from reall.cli.lazy import LazyGroup

# subcommand: (module under reall.cli, one line for --help)
_METHODS = {
    "rqpcr": ("mrd_rqpcr", "Ig/TCR RQ-PCR: standard curve, control gene, level, class."),
    "ddpcr": ("mrd_ddpcr", "Digital PCR: droplet counts to level and interval."),
    "ngs": ("mrd_ngs", "Sequencing: clonotypes over time, spike-ins, growing clones."),
    "flow": ("mrd_flow", "Flow cytometry: gates and counts to level, LOD and LOQ."),
    "course": ("mrd_course", "One patient over time: reduction, doubling time, decision points, markers."),
    "design": ("mrd_design", "Before the sample: cells needed, reach of the DNA, choice of targets."),
}


@click.group(cls=LazyGroup, commands_of=_METHODS)
def command() -> None:
    """Quantify MRD from raw laboratory data; every level is an interval, negative never means zero."""
