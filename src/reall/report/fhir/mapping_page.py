"""The reference page of the mapping between FHIR records and the facts of a case, written from `knowledge/fhir`."""

from __future__ import annotations

from collections.abc import Iterator

from reall.exchange.fhir.mapping import CodeMap, CodeRow
from reall.exchange.fhir.record import READ_KINDS
from reall.library.fhir import codes_of
from reall.library.knowledge import Knowledge
from reall.report.markdown import MADE, as_table, page

_KINDS = {
    "condition": "Conditions",
    "morphology": "Morphology (mCODE histology extension)",
    "observation": "Observations",
    "procedure": "Procedures",
    "answer": "Answers",
}
_READS = {
    "above_zero": "yes above 0, no at 0",
    "report": "given in words, which are not read",
    "variant": "a variant, see Fusions",
    "risk": "no fact; checked against the facts",
    "disease_status": "no fact; a trend",
    "not_used": "no fact",
    "relapse": "relapse_number >= 1",
    "remission": "no fact; does not say complete",
    "yes": "yes",
    "no": "no",
}


_INTRODUCTION = """\
Read are resources of type {kinds}; everything else in a record is listed and not used. A result without a focus belongs
to a relapse within {days} days of it. A row marked draft has a code that was not looked up in its code system. See
[how to exchange FHIR](../how-to/fhir.md).
"""


def mapping_page(knowledge: Knowledge) -> str:
    """Describe which code says which fact, with source and status."""
    codes = codes_of(knowledge)
    parts = [
        MADE,
        "# FHIR: which code says which fact\n",
        _INTRODUCTION.format(kinds=", ".join(READ_KINDS), days=codes.window_days),
    ]
    for kind, title in _KINDS.items():
        rows = [_row(row) for row in codes.rows if row.kind == kind]
        head = ("code", "means", "says", "units", "sample", "source", "status")
        parts += [f"## {title}\n", as_table(head, rows)]
    parts += ["## Fusions\n", as_table(("genes", "name in `genetics`", "source", "status"), _fusions(codes))]
    parts += ["## Medicines that were given\n", as_table(("agent", "says", "codes"), _medicines(codes))]
    parts += ["## Reasons of absence\n", as_table(("code", "words"), ((c, w) for c, (_, w) in codes.absent.items()))]
    columns = ("finding", "severity", "element", "words", "source", "status")
    rules = [(f"`{r.id}`", r.severity, f"`{r.element}`", r.words, f"{r.source}, {r.at}", r.status) for r in codes.rules]
    parts += ["## What makes a resource doubtful by itself\n", as_table(columns, rules)]
    own = ((f"`{one.id}`", one.url) for one in codes.systems)
    parts += ["## Code systems\n", as_table(("name here", "address"), own)]
    return page(parts)


def _row(row: CodeRow) -> tuple[str, ...]:
    said = [f"`{fact}` = {_plain(value)}" for fact, value in (row.says or {}).items()]
    said += [f"`{row.fact}`"] if row.fact else []
    said += [_READS[row.reads]] if row.reads in _READS else []
    said += ["before this relapse only"] if row.before_relapse else []
    said += ["the leukaemia"] if row.leukaemia else []
    units = ", ".join(f"{unit} × {factor:g}" for unit, factor in (row.units or {}).items())
    code = f"`{row.system} {row.code}{'…' if row.prefix else ''}`"
    return code, row.words, "; ".join(said), units, row.specimen, f"{row.source}, {row.at}", row.status


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _fusions(codes: CodeMap) -> Iterator[tuple[str, ...]]:
    for one in codes.fusions:
        genes = " and ".join(f"{symbol} ({id_})" for symbol, id_ in zip(one.symbols, one.genes, strict=True))
        yield genes, one.name, f"{one.source}, {one.at}", one.status


def _medicines(codes: CodeMap) -> Iterator[tuple[str, ...]]:
    for one in codes.medicines:
        if one.fact:
            when = ", before this relapse only" if one.before_relapse else ""
            own = [key for key in one.codes if codes.medicine_of.get(key) == one]
            yield one.agent, f"`{one.fact}`{when}", ", ".join(f"`{system} {code}`" for system, code in own)
