"""A group of commands that imports a command only when it is called, so that `--help` stays fast."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Lists every command without importing any of them.

    `commands_of` names, for each command, its module (which holds it as `command`; a name without a dot lies under
    `reall.cli`) and its one line in `--help`.
    """

    def __init__(self, *args: Any, commands_of: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self._commands_of = commands_of

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the names in the order of the table."""
        return list(self._commands_of)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command; None for a name that is not in the table."""
        if cmd_name not in self._commands_of:
            return None
        name = self._commands_of[cmd_name][0]
        module = importlib.import_module(name if "." in name else f"reall.cli.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the names and their lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._commands_of.items()])
