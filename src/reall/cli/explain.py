"""`reall explain TOPIC`: a general page in plain words, for families."""

from __future__ import annotations

import textwrap

import click

from reall.base.errors import WrongUsage
from reall.facts.vocabulary import nearest
from reall.library.knowledge import open_knowledge
from reall.library.therapy import Therapy
from reall.library.therapy_rows import FamilyPage

WIDTH = 80
GENERAL = "This page is general. It is not about one child and gives no advice. Please ask your care team."


@click.command("explain")
@click.argument("topic", required=False)
def command(topic: str | None) -> None:
    """Explain TOPIC to a family in plain words; without TOPIC, list the topics."""
    therapy = open_knowledge().therapy
    if topic is None:
        for page in therapy.pages.values():
            click.echo(f"{page.id:<18}{page.title}")
        return
    click.echo(page_text(find_page(topic, therapy)), nl=False)


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
