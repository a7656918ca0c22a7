"""General pages for families as one self-contained HTML page, in large plain type, ready to print."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reall.library.knowledge import Knowledge
from reall.library.therapy import GENERAL
from reall.library.therapy_rows import FamilyPage

_TEMPLATES = Path(__file__).parent / "templates"


def family_page(pages: Sequence[FamilyPage], knowledge: Knowledge) -> str:
    """Give one page with the given topics, each starting on a new sheet when printed."""
    style = (_TEMPLATES / "family.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    sources = dict.fromkeys(key for page in pages for key in page.sources)
    return environment.get_template("family.html.j2").render(
        pages=pages,
        general=GENERAL,
        sources=[str(knowledge.sources[key]) for key in sources],
        knowledge=knowledge,
        style=Markup(style),  # our own file; the page's policy allows exactly this text
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
