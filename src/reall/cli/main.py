"""The `reall` command. Verbs are imported only when they are called, so that `--help` stays fast."""

from __future__ import annotations

import json
import sys

import click

from reall import __version__
from reall.base.errors import ReallError
from reall.cli.lazy import LazyGroup

# verb: (module, one line for --help)
_VERBS = {
    "assess": ("assess", "Assess one child: kind of relapse, group under every published system, what is missing."),
    "options": ("options", "List what can be given, what forbids it, and which missing fact decides."),
    "cohort": ("cohort", "Answer the systems for a whole registry."),
    "explain": ("explain", "Explain a general topic to families in plain words."),
    "mrd": ("mrd", "Quantify MRD from raw RQ-PCR, digital PCR, NGS and flow data."),
    "knowledge": ("knowledge", "Check, show, cite and compare what was taken from papers."),
    "clones": ("clones", "Tell where a relapse came from: subclones, tree, clone of origin."),
    "convert": ("convert", "Turn FHIR or a Phenopacket into a case, and a case or its assessment into FHIR."),
    "mcp": ("reall.service.commands.mcp", "Answer an assistant (Model Context Protocol), read-only."),
    "store": ("reall.service.commands.store", "Back up, restore, migrate and check what the service keeps."),
    "audit": ("reall.service.commands.audit", "Read the audit log, and prove that nothing in it was changed."),
    "serve": ("reall.service.commands.serve", "Serve the pages and the REST interface."),
}


@click.group(cls=LazyGroup, commands_of=_VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reall")
def reall() -> None:
    """Answer questions about relapsed or refractory childhood ALL: cited, with every unknown admitted.

    For research, education and professionals who can review the basis of each answer. Not a medical device.
    """


def main() -> None:
    """Run the command line; errors of ReALL end with their own exit code, never with a traceback."""
    try:
        reall.main(standalone_mode=True)
    except ReallError as error:
        if "--json" in sys.argv:
            click.echo(json.dumps({"error": error.to_json()}), err=True)
        else:
            click.echo(f"Error: {error}", err=True)
        sys.exit(int(error.exit_code))
