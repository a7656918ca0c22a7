"""What the MRD subcommands share: options about the sample, and JSON, text, HTML and PDF output."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import click

from reall.api.parameters import results_of
from reall.cli.number import Number
from reall.mrd.result import Purpose
from reall.report.to_json import dumps

FILE = click.Path(path_type=Path, dir_okay=False)
_SAMPLE_OPTIONS = (
    click.option("--timepoint", help="Time point of the protocol, e.g. end_of_reinduction_block1."),
    click.option("--tissue", help="marrow, blood, csf …"),
    click.option("--day", type=Number(), help="Day of the sample, counted from one day of your choice."),
)
_RULE_OPTIONS = (
    click.option("--rules", help="Rule set: a YAML file signed by your laboratory, or draft. Without: no call."),
    click.option("--purpose", type=click.Choice([str(each) for each in Purpose]), help="What the result decides."),
)
_OUTPUT_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Write JSON of schema reall.mrd/1."),
    click.option("--html", "html_file", type=FILE, help="Write the laboratory page as HTML."),
    click.option("--pdf", "pdf_file", type=FILE, help="Write the laboratory page as PDF."),
)


def sample_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add --timepoint, --tissue, --day."""
    return functools.reduce(lambda f, option: option(f), reversed(_SAMPLE_OPTIONS), function)


def rule_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add --rules and --purpose."""
    return functools.reduce(lambda f, option: option(f), reversed(_RULE_OPTIONS), function)


def output_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add --json, --html, --pdf."""
    return functools.reduce(lambda f, option: option(f), reversed(_OUTPUT_OPTIONS), function)


class Output(TypedDict):
    """Where a result goes."""

    as_json: bool
    html_file: Path | None
    pdf_file: Path | None


def emit(
    content: dict[str, Any],
    *,
    as_json: bool,
    html_file: Path | None,
    pdf_file: Path | None,
    pictures: Callable[[], Sequence[str]] | None = None,
    table: str = "",
) -> None:
    """Write pages where asked for, then JSON or a few lines of text to stdout.

    `pictures` draws what a method adds to the page of its first result; `table` stands above the text.
    """
    results = results_of(content)
    if html_file or pdf_file:
        _write_pages(results, html_file, pdf_file, pictures() if pictures else ())
    if as_json:
        click.echo(dumps(content))
    elif not (html_file or pdf_file):
        if table:
            click.echo(f"{table}\n")
        for result in results:
            click.echo(_lines(result))


def _write_pages(
    results: Sequence[Mapping[str, Any]], html_file: Path | None, pdf_file: Path | None, added: Sequence[str]
) -> None:
    from reall.plots.mrd_pictures import pictures_of_result  # noqa: PLC0415 - matplotlib is slow to import
    from reall.report.mrd_page import html_to_pdf, mrd_page  # noqa: PLC0415 - templates load only for pages

    drawn = [[drawing.svg for drawing in pictures_of_result(result)] for result in results]
    drawn[0] = [*added, *drawn[0]]
    html = mrd_page(results, drawn)
    if html_file:
        html_file.write_text(html, encoding="utf-8")
        click.echo(f"Wrote {html_file}", err=True)
    if pdf_file:
        pdf_file.write_bytes(html_to_pdf(html))
        click.echo(f"Wrote {pdf_file}", err=True)


def _lines(result: Mapping[str, Any]) -> str:
    from reall.report.mrd_words import result_in_words  # noqa: PLC0415

    name = " ".join(str(part) for part in (result.get("sample"), result.get("target")) if part)
    lines = [
        f"{result['method']}{' ' + name if name else ''}: {result['class']}",
        f"  {result_in_words(result)}",
    ]
    if result.get("curve"):
        curve = result["curve"]
        lines.append(f"  curve: slope {curve['slope']:.3f}, R² {curve['r_squared']:.4f}")
    if result.get("ruleset"):
        lines.append(f"  rule set: {result['ruleset']} ({result['knowledge_status']})")
    lines += [f"  {f['severity']}: {f['text']} [{f['rule']}]" for f in result.get("findings", [])]
    return "\n".join(lines)
