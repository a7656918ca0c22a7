"""The `reall` command. Verbs are imported only when they are called, so that `--help` stays fast."""

from __future__ import annotations

import importlib
import json
import sys

import click

from reall import __version__
from reall.base.errors import ReallError

# verb: (module under reall.cli, one line for --help)
_VERBS = {
    "assess": ("assess", "Assess one child: kind of relapse, group under every published system, what is missing."),
    "options": ("options", "List what can be given, what forbids it, and which missing fact decides."),
    "cohort": ("cohort", "Answer the systems for a whole registry."),
    "explain": ("explain", "Explain a general topic to families in plain words."),
    "mrd": ("mrd", "Quantify MRD from raw RQ-PCR, digital PCR, NGS and flow data."),
    "knowledge": ("knowledge", "Check, show, cite and compare what was taken from papers."),
    "clones": ("clones", "Tell where a relapse came from: subclones, tree, clone of origin."),
}


class _LazyGroup(click.Group):
    """Lists every verb without importing any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"reall.cli.{_VERBS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in _VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
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
