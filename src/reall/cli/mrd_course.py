"""`reall mrd course`: the results of one patient over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reall.api.mrd_course import course, day_in
from reall.cli.given import data_given
from reall.cli.mrd_output import FILE
from reall.report.to_json import dumps


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--markers", "markers_file", type=FILE, help="CSV: marker, kind, diagnosis, relapse (yes/no).")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--svg", "svg_file", type=FILE, help="Write the picture as SVG.")
@click.option("--html", "html_file", type=FILE, help="Write a page with picture and table.")
@click.option("--pdf", "pdf_file", type=FILE, help="Write the page as PDF.")
def command(
    files: Sequence[str],
    *,
    markers_file: Path | None,
    as_json: bool,
    svg_file: Path | None,
    html_file: Path | None,
    pdf_file: Path | None,
) -> None:
    """Follow MRD through result FILES written with --json; FILE@DAY gives or corrects the day.

    Methods stand side by side and are never converted into each other.
    """
    split = [_split(name) for name in files]
    content = course([data_given(path) for path, _ in split], days=[day for _, day in split], markers=markers_file)
    if svg_file or html_file or pdf_file:
        _draw(content, svg_file, html_file, pdf_file)
    if as_json:
        click.echo(dumps(content))
    elif not (svg_file or html_file or pdf_file):
        click.echo("\n".join(_lines(content)))


def _split(name: str) -> tuple[Path, str]:
    path, at, day = name.rpartition("@")
    if not at or Path(name).exists():
        return Path(name), ""
    day_in(day, where=name)
    return Path(path), day


def _draw(content: Mapping[str, Any], svg_file: Path | None, html_file: Path | None, pdf_file: Path | None) -> None:
    from reall.plots.mrd_pictures import picture_of_course  # noqa: PLC0415 - matplotlib is slow to import
    from reall.report.mrd_page import html_to_pdf, mrd_course_page  # noqa: PLC0415

    picture = picture_of_course(content).svg
    if svg_file:
        svg_file.write_text(picture, encoding="utf-8")
    if html_file or pdf_file:
        html = mrd_course_page(content, picture)
        if html_file:
            html_file.write_text(html, encoding="utf-8")
        if pdf_file:
            pdf_file.write_bytes(html_to_pdf(html))
    for written in filter(None, (svg_file, html_file, pdf_file)):
        click.echo(f"Wrote {written}", err=True)


def _lines(content: Mapping[str, Any]) -> list[str]:
    from reall.report.mrd_words import change_in_words, measurement_in_words  # noqa: PLC0415

    lines = []
    for series in content["series"]:
        lines.append(f"{series['method']}, {series['tissue']}")
        lines += [f"  day {m['day']:g}: {measurement_in_words(m)}" for m in series["measurements"]]
        lines += [f"  {change_in_words(change)}" for change in series["changes"]]
        lines += [
            f"  {point['decision_point']}, {point['cut_off_fraction']:g}: {point['answer']} ({point['why']})"
            for point in series["decision_points"]
        ]
    for marker in content.get("markers", {}).get("markers", []):
        lines.append(f"marker {marker['marker']} ({marker['kind']}): {marker['fate']}")
    return lines + [f"{finding['severity']}: {finding['text']}" for finding in content["findings"]]
