"""`reall cohort`: one subcommand per question to a registry, imported only when it is called."""

from __future__ import annotations

import click

from reall.cli.lazy import LazyGroup

# subcommand: (module under reall.cli, one line for --help)
_VERBS = {
    "assign": ("cohort_assign", "Answer every published system for every row of a table."),
    "compare": ("cohort_compare", "A registry beside published figures, and the systems beside each other."),
    "deidentify": ("cohort_deidentify", "Write a table without identifiers, rare combinations suppressed."),
    "map": ("cohort_map", "Draft or check how a table's own columns and codes become facts."),
    "quality": ("cohort_quality", "Check a table for what cannot be true of a relapsed leukaemia."),
    "report": ("cohort_report", "One page about a registry, small counts hidden, as HTML or PDF."),
    "schema": ("cohort_schema", "List the columns that a registry table may have."),
    "simulate": ("cohort_simulate", "Write a simulated registry, marked as such in every row."),
    "survival": ("cohort_survival", "Survival after relapse, by any group or fact."),
}


@click.group(cls=LazyGroup, commands_of=_VERBS)
def command() -> None:
    """Answer questions about a whole registry, by the same rules as for one child."""
