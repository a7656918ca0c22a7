"""A data-quality report in words and as `reall.quality/1`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reall import __version__
from reall.cohort.quality.verdict import CheckResult, QualityReport
from reall.library.quality import SEVERITIES

SCHEMA = "reall.quality/1"
_SHOWN = 8
COLUMNS = (
    "check",
    "severity",
    "status",
    "rows",
    "judged",
    "first_rows",
    "details",
    "title",
    "why",
    "next",
    "source",
    "at",
)


def quality_json(report: QualityReport) -> dict[str, Any]:
    """Give the whole report as plain data."""
    return {
        "schema": SCHEMA,
        "table": report.table,
        "form": report.form,
        "reall_version": __version__,
        "knowledge_version": report.knowledge_version,
        "rows": report.rows,
        "found": {severity: report.count(severity) for severity in SEVERITIES},
        "checks": [_result_json(result) for result in report.results],
        "notes": list(report.notes),
    }


def _result_json(result: CheckResult) -> dict[str, Any]:
    check = result.check
    return {
        "check": check.id,
        "title": check.title,
        "severity": check.severity,
        "status": result.status,
        "rows": result.rows,
        "judged": result.judged,
        "first_rows": list(result.first_rows),
        "details": list(result.details),
        "why": check.why,
        "next": check.next,
        "source": check.citation.source if check.citation else None,
        "at": check.citation.at if check.citation else None,
        "knowledge_status": check.citation.status if check.citation else None,
    }


def quality_table(report: QualityReport) -> Iterator[tuple[object, ...]]:
    """Give one line per check, with a header, for a spreadsheet."""
    yield COLUMNS
    for result in report.results:
        entry = _result_json(result)
        yield tuple(
            "; ".join(map(str, entry[name])) if isinstance(entry[name], list) else entry[name] for name in COLUMNS
        )


def quality_lines(report: QualityReport) -> Iterator[str]:
    """Say what was found, the gravest first, and what could not be judged."""
    clean = sum(result.status == "clean" for result in report.results)
    unjudged = sum(result.status == "not judged" for result in report.results)
    yield f"{report.table}: {report.rows:,} rows, {len(report.results)} checks. No row is changed or left out."
    yield f"Knowledge {report.knowledge_version}. Not a medical device."
    for severity in SEVERITIES:
        found = [result for result in report.found if result.check.severity == severity]
        if found:
            yield f"\n{severity.capitalize()}s ({len(found)}):"
            for result in found:
                yield from _lines(result)
    yield f"\n{clean} checks found nothing; {unjudged} could not be judged: the table lacks what they need."
    if report.notes:
        yield "\nNotes:"
        yield from (f"  {note}" for note in report.notes)


def _lines(result: CheckResult) -> Iterator[str]:
    check = result.check
    rows = f"{result.rows:,} of {result.judged:,} rows" if result.rows else "whole column"
    draft = " (draft)" if check.citation and check.citation.status == "draft" else ""
    yield f"  {check.id}{draft}: {check.title}. {rows}{_quoted(result)}"
    yield from (f"      {detail}" for detail in result.details)
    yield f"      {check.why} {check.next}"


def _quoted(result: CheckResult) -> str:
    if not result.rows:
        return ""
    more = ", ..." if result.rows > _SHOWN else ""
    return f": {', '.join(str(row) for row in result.first_rows[:_SHOWN])}{more}"
