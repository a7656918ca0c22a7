"""What the tests of the laboratory, knowledge and family pages share."""

from __future__ import annotations

from pathlib import Path

from reall.service.pages.knowledge_entries import SECTIONS
from reall.service.pages.laboratory_forms import FORMS

EXAMPLES = Path(__file__).parents[2] / "examples"

ONE_OF_EACH = (
    "systems/ukall_r3", "definitions/site_class", "transplant/intreall_hr", "facts/lineage",
    "facts/months_from_diagnosis", "facts/diagnosis_date", "options/blinatumomab", "agents/blinatumomab",
    "regimens/cog_aall0433", "trials/intreall_sr_2010", "sources/pdq_2025",
)  # fmt: skip
"""One entry of every kind that has a page of its own."""


LIKE_ANOTHER = ("facts", "agents", "regimens", "trials", "evidence", "conflicts", "sources", "resistance")
"""Lists that are made the same way as another list, which stands for them."""


def every_page() -> list[str]:
    """Give the address of every kind of page that can be opened by its address."""
    lists = [f"/knowledge/{section}" for section in SECTIONS if section not in LIKE_ANOTHER]
    return [
        "/", "/board", "/laboratory", *(f"/laboratory/{form}" for form in FORMS), "/knowledge", "/knowledge?q=late",
        "/knowledge/compare", *lists, *(f"/knowledge/{entry}" for entry in ONE_OF_EACH), "/families",
        "/families/transplant",
    ]  # fmt: skip
