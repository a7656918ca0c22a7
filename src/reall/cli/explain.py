"""`reall explain TOPIC`: a general page in plain words, for families."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from reall.base.errors import WrongUsage
from reall.facts.vocabulary import nearest
from reall.library.knowledge import open_knowledge
from reall.library.therapy import GENERAL, Therapy
from reall.library.therapy_rows import FamilyPage

WIDTH = 80


@click.command("explain")
@click.argument("topic", required=False)
@click.option("--html", "html_file", metavar="FILE", help="Write a page to print; without TOPIC all topics.")
def command(topic: str | None, html_file: str | None) -> None:
    """Explain TOPIC to a family in plain words; without TOPIC, list the topics."""
    knowledge = open_knowledge()
    therapy = knowledge.therapy
    chosen = list(therapy.pages.values()) if topic is None else [find_page(topic, therapy)]
    if html_file is not None:
        from reall.report.family_page import family_page  # noqa: PLC0415 - Jinja only where a page is asked for

        Path(html_file).write_text(family_page(chosen, knowledge), encoding="utf-8")
        click.echo(f"Wrote {html_file}", err=True)
    elif topic is None:
        for page in chosen:
            click.echo(f"{page.id:<18}{page.title}")
    else:
        click.echo(page_text(chosen[0]), nl=False)


def find_page(topic: str, therapy: Therapy) -> FamilyPage:
    """Find a page by its id or another word for it. Raises `WrongUsage` with the nearest known topic."""
    wanted = topic.strip().lower().replace(" ", "_")
    names = {name.lower().replace(" ", "_"): page for page in therapy.pages.values() for name in (page.id, *page.also)}
    if wanted not in names:
        raise WrongUsage(
            f"there is no page about {topic!r}",
            next=nearest(wanted, names) or f"Topics are {', '.join(therapy.pages)}.",
        )
    return names[wanted]


def page_text(page: FamilyPage) -> str:
    """Lay a page out for a terminal."""
    parts = [page.title, "=" * len(page.title), ""]
    for paragraph in page.paragraphs:
        parts += [*textwrap.wrap(paragraph, WIDTH), ""]
    parts += ["Questions you may want to ask:"]
    parts += [line for question in page.questions for line in textwrap.wrap(f"- {question}", WIDTH)]
    return "\n".join([*parts, "", *textwrap.wrap(GENERAL, WIDTH)]) + "\n"
