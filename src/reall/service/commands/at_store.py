"""What the verbs on the store share: where it is, and who acts."""

from __future__ import annotations

import getpass

import click

ADDRESS_VARIABLE = "REALL_DATABASE_URL"
at_store = click.option(
    "--store",
    "url",
    metavar="URL",
    required=True,
    envvar=ADDRESS_VARIABLE,
    show_envvar=True,
    help="A file, sqlite:///FILE or postgresql+pg8000://USER@HOST/DATABASE.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "fault"), counted(2, "fault")
    ('1 fault', '2 faults')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def acting_user() -> str:
    """Name who runs the command, as the audit log takes it: `os:` and the account of this computer."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"os:{name.encode('ascii', 'replace').decode().replace(' ', '_')}"
