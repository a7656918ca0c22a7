"""Knowledge pages: every fact, rule, cut-off, option and source, with status, conflicts and version."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from reall.library.files import PACKAGED
from reall.library.knowledge import Knowledge
from reall.library.uses import Use, uses_of
from reall.service.access.gate import require
from reall.service.access.operations import Operation
from reall.service.pages import knowledge_view as view
from reall.service.pages.knowledge_entries import SECTIONS, Entry, entries, search
from reall.service.pages.rendering import render
from reall.service.parts import PartsOf

router = APIRouter(prefix="/knowledge", dependencies=[require(Operation.READ_KNOWLEDGE)], include_in_schema=False)


@router.get("")
def overview(request: Request, parts: PartsOf, q: str = "") -> HTMLResponse:
    """Show what there is, or what was searched for."""
    everything = list(entries(parts.knowledge))
    found = _by_section(search(q, everything)) if q.strip() else {}
    return render(
        request,
        "knowledge.html.j2",
        knowledge=parts.knowledge,
        sections=SECTIONS,
        counts=Counter(entry.section for entry in everything),
        drafts=Counter(entry.section for entry in everything if entry.status == "draft"),
        asked=q.strip(),
        found=found,
    )


@router.get("/{section}")
def section_list(request: Request, parts: PartsOf, section: str) -> HTMLResponse:
    """List the entries of a section."""
    if section not in SECTIONS:
        raise HTTPException(404)
    listed = [entry for entry in entries(parts.knowledge) if entry.section == section]
    return render(
        request, "knowledge_list.html.j2", section=section, title=SECTIONS[section], listed=listed,
        knowledge=parts.knowledge, departures=view.departures(section),
    )  # fmt: skip


@router.get("/{section}/{id_}")
def entry_page(request: Request, parts: PartsOf, section: str, id_: str) -> HTMLResponse:
    """Show one entry in full."""
    template, find = _PAGES.get(section, ("", _nothing))
    shown = find(id_, parts.knowledge)
    if shown is None:
        raise HTTPException(404)
    return render(
        request, template, section=section, section_title=SECTIONS[section], knowledge=parts.knowledge, id=id_, **shown
    )


def _by_section(found: list[Entry]) -> dict[str, list[Entry]]:
    return {section: own for section in SECTIONS if (own := [e for e in found if e.section == section])}


def _nothing(id_: str, knowledge: Knowledge) -> None:
    """Stand in for a section that there is not, or whose entries have no page of their own."""


def _source(id_: str, knowledge: Knowledge) -> dict[str, Any] | None:
    source = knowledge.sources.get(id_)
    return None if source is None else {"source": source, "uses": _uses(id_)}


@functools.lru_cache(maxsize=512)
def _uses(source: str) -> tuple[Use, ...]:
    """Find what rests on a source once; the files that name it are read for that."""
    return tuple(uses_of(PACKAGED, source))


def _of(kind: str) -> Callable[[str, Knowledge], dict[str, Any] | None]:
    """Look up an entry of the therapy knowledge, such as a drug."""

    def find(id_: str, knowledge: Knowledge) -> dict[str, Any] | None:
        found = getattr(knowledge.therapy, f"{kind}s").get(id_)
        return None if found is None else {kind: found, "therapy": knowledge.therapy}

    return find


_PAGES: dict[str, tuple[str, Callable[[str, Knowledge], dict[str, Any] | None]]] = {
    "systems": ("knowledge_system.html.j2", view.system),
    "definitions": ("knowledge_system.html.j2", view.system),
    "transplant": ("knowledge_system.html.j2", view.transplant),
    "facts": ("knowledge_fact.html.j2", view.fact),
    "options": ("knowledge_option.html.j2", _of("option")),
    "agents": ("knowledge_agent.html.j2", _of("agent")),
    "regimens": ("knowledge_regimen.html.j2", _of("regimen")),
    "trials": ("knowledge_trial.html.j2", _of("trial")),
    "sources": ("knowledge_source.html.j2", _source),
}
