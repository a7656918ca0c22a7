"""`reall cohort report TABLE`: one page about a registry, as HTML or PDF, with small counts hidden."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reall.cli.cohort_shared import FILE, Numbers, check_output, progress_of, report_problems, table_options
from reall.exchange.addresses import Place

if TYPE_CHECKING:
    from reall.report.registry_page import RegistryReport

_BY = ("cog_epidemiology_time", "site_class", "lineage")
_MIN_CELL = 5


@click.command("report")
@table_options
@click.option(
    "--by", multiple=True, metavar="NAME", help="A chapter per name; time, site, lineage and all systems otherwise."
)
@click.option(
    "--system", "systems", multiple=True, metavar="ID", help="Compare these systems; all risk groups otherwise."
)
@click.option("--endpoint", type=click.Choice(["OS", "EFS", "DFS"]), default="OS", show_default=True)
@click.option(
    "--at", type=Numbers(above_zero=True), default="1,3,5", show_default=True, help="Years at which survival is given."
)
@click.option(
    "--min-cell",
    type=click.IntRange(min=1),
    default=_MIN_CELL,
    show_default=True,
    help="Hide counts below; 1 hides nothing (not for sharing).",
)
@click.option("--out", required=True, type=FILE, help="Write .html or .pdf.")
def command(  # noqa: PLR0917 - click passes the options by name
    table: Place,
    form: str | None,
    mapping: Path | None,
    assume: tuple[str, ...],
    keep: bool,
    by: tuple[str, ...],
    systems: tuple[str, ...],
    endpoint: str,
    at: tuple[float, ...],
    min_cell: int,
    out: Path,
) -> None:
    """Write a report about TABLE: survival by stratum, published figures beside it, agreement of systems.

    For sharing: counts below --min-cell are hidden, and others with them, so that they cannot be worked out.
    """
    from reall.cohort.compare.run import compare, systems_named  # noqa: PLC0415 - numpy, scipy and pyarrow
    from reall.cohort.quality.run import check_file  # noqa: PLC0415
    from reall.cohort.survival.reading import Opening, Table  # noqa: PLC0415
    from reall.cohort.survival.run import Question, gatherer  # noqa: PLC0415
    from reall.library.knowledge import open_knowledge  # noqa: PLC0415
    from reall.report.registry_page import Finding, prepare, registry_page  # noqa: PLC0415

    check_output(out, (".html", ".pdf"), table)
    knowledge = open_knowledge()
    named = systems_named(systems, knowledge)
    opened = Table(table, knowledge, Opening(form=form or "", assume=assume, keep=keep, mapping=mapping))
    questions = [gatherer(Question(endpoint=endpoint, by=(name,), at=at), opened) for name in by or (*_BY, *named)]
    with progress_of(table, "Reading") as progress:
        comparison, reading = compare(opened, named, endpoint, also=questions, progress=progress)
    report = prepare(comparison, [q.result(knowledge, reading.caveats) for q in questions], reading, min_cell)
    with progress_of(table, "Checking") as progress:
        quality = check_file(table, knowledge, form=form or "", mapping=mapping, progress=progress)
    findings = [
        Finding(severity=found.check.severity, title=found.check.title, rows=found.rows)
        for found in quality.found
        if found.rows
    ]
    html = registry_page(report, *_pictures(report), findings)
    if out.suffix.lower() == ".pdf":
        from reall.report.assessment_page import as_pdf  # noqa: PLC0415 - loads system libraries

        out.write_bytes(as_pdf(html, tagged=True))
    else:
        out.write_text(html, encoding="utf-8")
    click.echo(f"Wrote {out}", err=True)
    if min_cell == 1:
        report_problems(reading)


def _pictures(report: RegistryReport) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw the chapters, and the comparisons that may be shared."""
    from reall.cli import cohort_pictures as pictures  # noqa: PLC0415 - matplotlib is slow to import
    from reall.plots.svg import inline_svg  # noqa: PLC0415

    remarks = [f"Assumed: {text}" for text in report.reading.assumptions]

    def svg(drawn: pictures.Drawn | None) -> str:
        return inline_svg(drawn.title, drawn.draw, inches=drawn.inches) if drawn else ""

    if report.limit <= 1:
        chapters = [svg(pictures.curves(shared.survival, remarks)) for shared in report.shared]
    else:
        chapters = [svg(pictures.shared_curves(shared, remarks)) for shared in report.shared]
    seen = report.may_be_drawn()
    said = [*report.reading.caveats, *remarks]
    others = [
        ("Differences from published figures", svg(pictures.forest(seen, said, sizes=report.limit <= 1))),
        ("Own against published figures", svg(pictures.calibration(seen, said))),
        ("How systems group the same children", svg(pictures.alluvial(seen, said, report.limit))),
    ]
    return chapters, others if seen.published.beside else others[2:]
