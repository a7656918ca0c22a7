"""`reall cohort`: one subcommand per question to a registry, imported only when it is called."""

from __future__ import annotations

import importlib

import click

# subcommand: (module under reall.cli, one line for --help)
_VERBS = {
    "assign": ("cohort_assign", "Answer every published system for every row of a table."),
}


class _LazyVerbs(click.Group):
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


@click.group(cls=_LazyVerbs)
def command() -> None:
    """Answer questions about a whole registry, by the same rules as for one child."""
