"""Assessments as one self-contained HTML page, and the same page as PDF.

The page asks for nothing outside itself and allows no script. Its first printed page is one A4 sheet for the tumour
board; explanation, published outcomes and bibliography follow. Text from cases is untrusted and always escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reall import __version__
from reall.base.errors import WrongUsage
from reall.library.knowledge import Knowledge, PublishedOutcome
from reall.report.outcomes import few, size_words, source_words, uncertainty_words
from reall.report.to_json import sources_used
from reall.report.view import DISCLAIMER, View, view
from reall.report.words import known_words, label, number
from reall.stratify.assess import Assessment

_TEMPLATES = Path(__file__).parent / "templates"
BOARD_OUTCOMES, BOARD_QUESTIONS, BOARD_NOTES = 4, 5, 3
"""How much of each list fits on the board's sheet; what does not is counted there and follows below."""
BOARD_CELL = 120
"""Characters of a cell on the board's sheet."""


@dataclass(frozen=True, kw_only=True)
class OutcomeLine:
    """One published figure, each cell as printed; empty where the source prints nothing."""

    stratum: str
    endpoint: str
    years: str
    estimate: str
    uncertainty: str
    size: str
    study: str
    cohort: str
    clock: str
    source: str
    key: str
    at: str
    note: str
    draft: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """One child's part of the page."""

    view: View
    facts: tuple[tuple[str, str], ...]
    samples: tuple[tuple[str, str, str, str, str], ...]
    exposures: tuple[tuple[str, str], ...]
    sources: Mapping[str, str]
    board_outcomes: tuple[OutcomeLine, ...]
    outcomes: tuple[OutcomeLine, ...]
    board_notes: tuple[str, ...]
    notes_count: int
    knowledge_version: str
    knowledge_fingerprint: str


def report(assessment: Assessment) -> Report:
    """Put an assessment into the parts that the page lays out."""
    knowledge = assessment.knowledge
    v = view(assessment)
    certain = [note.words for note in v.remarks if note.certain]
    return Report(
        view=v,
        facts=tuple(_facts(assessment)),
        samples=tuple(_samples(assessment)),
        exposures=tuple((e.agent, f"{e.cumulative_mg_m2:g} mg/m²") for e in assessment.case.exposures),
        sources=sources_used(assessment),
        board_outcomes=tuple(_outcome(row, knowledge) for row in few(v.outcomes, BOARD_OUTCOMES)),
        outcomes=tuple(_outcome(row, knowledge) for row in v.outcomes),
        board_notes=tuple(certain[:BOARD_NOTES]),
        notes_count=len(v.remarks),
        knowledge_version=knowledge.version,
        knowledge_fingerprint=knowledge.fingerprint,
    )


def _facts(assessment: Assessment) -> list[tuple[str, str]]:
    knowledge = assessment.knowledge
    statable = knowledge.vocabulary.statable
    return [
        (label(name, knowledge), known_words(assessment.case.known[name], fact))
        for name, fact in statable.items()
        if name in assessment.case.known
    ]


def _samples(assessment: Assessment) -> list[tuple[str, str, str, str, str]]:
    level = assessment.knowledge.vocabulary.facts["marrow_mrd_at_relapse_fraction"]
    return [
        (
            sample.decides_at.words if sample.decides_at else sample.timepoint or "not stated",
            sample.method or "not stated",
            sample.tissue or "not stated",
            known_words(sample.level, level),
            number(sample.sensitivity_fraction, "fraction of cells") if sample.sensitivity_fraction else "not stated",
        )
        for sample in assessment.case.mrd
    ]


def _outcome(row: PublishedOutcome, knowledge: Knowledge) -> OutcomeLine:
    return OutcomeLine(
        stratum=", ".join(part for part in (row.stratum, row.arm) if part),
        endpoint=row.endpoint,
        years=f"{row.years:g}" if row.years is not None else "",
        estimate=f"{row.estimate_pct:g} %" if row.estimate_pct is not None else "",
        uncertainty=uncertainty_words(row),
        size=size_words(row).removeprefix("n "),
        study=row.cohort,
        cohort=", ".join(part for part in (row.cohort, row.era) if part),
        clock=row.clock_start,
        source=source_words(row.citation.source, knowledge),
        key=row.citation.source,
        at=row.citation.at,
        note=row.note,
        draft=row.citation.status == "draft",
    )


def _policy() -> str:
    """Give the content security policy of the page: its very style and nothing else, no script, no request, no form."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _style() -> str:
    return (_TEMPLATES / "assessment.css").read_text(encoding="utf-8")


def page(reports: Sequence[Report], *, audit_head: str = "") -> str:
    """Write one HTML document for one child or several; each child starts on a new printed page.

    `audit_head` is the newest entry of the audit log of the store that the cases are kept in, printed on each sheet.
    """
    sources: dict[str, str] = {}
    for each in reports:
        sources.update(each.sources)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clip"] = clip
    return environment.get_template("assessment.html.j2").render(
        reports=reports,
        sources=sources,
        numbers={key: i for i, key in enumerate(sources, start=1)},
        style=Markup(_style()),
        policy=_policy(),
        audit_head=audit_head,
        disclaimer=DISCLAIMER,
        reall_version=__version__,
        questions=BOARD_QUESTIONS,
        cell=BOARD_CELL,
    )


def clip(text: str, room: int) -> str:
    """Shorten a text for the board's sheet, at a word.

    >>> clip("very early marrow relapse", 12)
    'very early …'
    """
    return text if len(text) <= room else text[:room].rsplit(" ", 1)[0] + " …"


def as_pdf(html: str, *, tagged: bool = False) -> bytes:
    """Print the page; `tagged` makes it PDF/UA-1, with headings, tables and pictures marked for screen readers.

    Raises `WrongUsage` where Pango, which draws the letters, is not installed.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - loads system libraries that a page does not need
    except OSError as error:
        raise WrongUsage(
            "a PDF cannot be made on this machine",
            why=f"A system library is missing: {str(error).splitlines()[0]}",
            next="Install the Debian packages libpango-1.0-0 and libpangoft2-1.0-0, or print the --html page.",
        ) from None
    variant = "pdf/ua-1" if tagged else None
    pdf: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf(pdf_variant=variant)
    return pdf


def _refuse(url: str, *_: object, **__: object) -> dict[str, object]:
    """Let nothing be fetched while printing."""
    raise ValueError(f"the page asks for {url}")
